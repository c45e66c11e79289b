"""Reports to a service elsewhere that the worker lives, so that somebody is called when it no longer does.

A machine that is gone cannot send a mail about it. A dead man's switch, such as Healthchecks, expects a call each
minute and alerts when it stays away.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from feedback.providers.webhook_http import WebhookHttp
from feedback.settings.table import WorkerSettings

log = structlog.get_logger()

TIMEOUT = 5.0
"""Seconds for a whole call. It is a job of its own, so it delays no other one, but it must end before the next."""
FAILING = timedelta(minutes=15)
"""If a job has failed for so long, no life is reported: the service then alerts, as it should."""
_ANYWHERE = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
"""The operator names the address in the settings, so it may also be inside the own network."""


def report_life(settings: WorkerSettings, failing: Mapping[str, Mapping[str, Any]], now: datetime) -> bool:
    """POST to `worker.heartbeat_url`, if there is one and no job has failed for long. Returns whether it was accepted.

    `failing` are the jobs of this worker that fail, with the time `since` when. A service that cannot be reached is
    logged and is no failure of the worker: the service itself notices that the call stays away.
    """
    url = settings.heartbeat_url.reveal()
    if not url or any(datetime.fromisoformat(each["since"]) < now - FAILING for each in failing.values()):
        return False
    http = WebhookHttp(allowed=_ANYWHERE, allow_http=True, timeout=TIMEOUT)
    answer = http.post(url, b"", {"User-Agent": "feedback"})
    accepted = answer.status is not None and 200 <= answer.status < 300
    if not accepted:
        log.warning("worker.heartbeat_not_accepted", code=answer.code)  # the address is a secret
    return accepted
