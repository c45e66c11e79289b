"""A sender of webhooks as a process, to be killed: `python -m tests.webhook_sender DATABASE --ahead SECONDS`.

`--ahead` sets its clock forward, so that leases and retries of a process before it are due.
"""

from __future__ import annotations

import argparse
import logging
import time
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import structlog

from feedback import clock
from feedback.providers.webhook_http import WebhookHttp
from feedback.services.context import Context
from feedback.services.webhooks import spreading
from feedback.services.webhooks.lanes import WebhookLanes
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.portions import Portions
from tests.factories_surveys import NPS, shelf


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("--ahead", type=float, default=0.0)
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    database = Database(chosen.database)
    context = Context(Settings(instance=Path()), shelf(NPS), {})

    def now() -> datetime:
        return clock.now() + timedelta(seconds=chosen.ahead)

    http = WebhookHttp(allowed=[ip_network("127.0.0.0/8")], allow_http=True, timeout=5.0)
    lanes = WebhookLanes(database, http, now)
    print("ready", flush=True)  # noqa: T201 - its parent waits for this
    while True:
        spreading.spread_all(Portions(database, resting=0.0), context, now())
        lanes.start_due(now())
        time.sleep(0.05)


if __name__ == "__main__":
    main()
