"""What `feedback doctor` says about webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from feedback.services.webhooks import endpoints
from feedback.settings import Problem
from feedback.store.models import WebhookEndpoint

FAILING = timedelta(hours=1)


def problems(session: Session, now: datetime) -> list[Problem]:
    """Problem F126 for each disabled endpoint, F127 for each that has only failed for an hour."""
    return [found for each in endpoints.everything(session) for found in _about(each, now)]


def _about(endpoint: WebhookEndpoint, now: datetime) -> Iterator[Problem]:
    name, reason = endpoint.name, endpoint.disabled_for
    if endpoint.disabled_at is not None:
        said = f"The webhook {name!r} is disabled since {endpoint.disabled_at:%Y-%m-%d %H:%M} UTC ({reason})."
        yield Problem("F126", said, "Repair its receiver, then resume it on the page Webhooks.")
    elif (
        endpoint.failing_since is not None
        and endpoint.failing_since < now - FAILING
        and endpoint.paused_at is None
    ):
        said = f"The webhook {name!r} has failed since {endpoint.failing_since:%Y-%m-%d %H:%M} UTC."
        yield Problem(
            "F127", said, "Its log on the page Webhooks shows the answers of the receiver.", "warning"
        )
