"""Makes bodies and deliveries of the events that were stored since the last time.

One process at a time does this, in portions and in the order of the events, so that the deliveries of one object stand
in the order of its changes. Until then nothing of an event has left, so a process that is killed loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, selectinload

from feedback.core.lifecycle import WebhookState
from feedback.core.webhook_events import WebhookFilter
from feedback.services.context import Context
from feedback.services.webhooks import bodies, signing
from feedback.services.webhooks.bodies import WebhookBody
from feedback.store.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from feedback.store.portions import Portions

_ONE_AT_A_TIME = 7236_0018  # an arbitrary key: workers take this PostgreSQL advisory lock, or leave the work
MERGED = "response.changed"
"""Of several changes of one response that were not reported yet, the last is reported: it holds them all."""
_MOST = 200
"""Events of a portion; with more of them, a body that is large would make it long."""
UNSPREAD = select(WebhookEvent).where(WebhookEvent.spread_at.is_(None)).order_by(WebhookEvent.id)


def spread_all(portions: Portions, context: Context, now: datetime) -> int:
    """Make bodies and deliveries until there is nothing left. Returns the number of events."""
    with portions.database.reading() as session:
        if session.scalar(UNSPREAD.with_only_columns(WebhookEvent.id).limit(1)) is None:
            return 0
    return portions.repeat(partial(_portion, context=context, now=now), most=_MOST)


def _portion(session: Session, limit: int, *, context: Context, now: datetime) -> int:
    return spread(session, context, now, limit)


def spread(session: Session, context: Context, now: datetime, limit: int = _MOST) -> int:
    """Make bodies and deliveries of at most `limit` events, the oldest first. Returns their number.

    0 also where another process is doing it.
    """
    if not _is_mine(session):
        return 0
    events = session.scalars(UNSPREAD.limit(limit)).all()
    endpoints = _endpoints(session)
    last = {event.subject_id: event.id for event in events if event.type == MERGED}
    told = [event for event in events if event.type != MERGED or last[event.subject_id] == event.id]
    made = bodies.made(session, [each for each in told if _is_wanted(each, endpoints)], context, now)
    rows = []
    for event in events:
        event.spread_at = now
        if (body := made.get(event.id)) is not None:
            _write(event, body)
            rows += [_delivery(event, each.id, now) for each in _for(event, endpoints)]
    session.flush()
    if rows:
        session.execute(insert(WebhookDelivery), rows)
    return len(events)


def _is_mine(session: Session) -> bool:
    """Take the lock of this work. SQLite has one writer anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_ONE_AT_A_TIME))))


def _endpoints(session: Session) -> Sequence[WebhookEndpoint]:
    """Also the paused and the disabled ones: their deliveries wait."""
    wanted = select(WebhookEndpoint).options(selectinload(WebhookEndpoint.subscriptions))
    return session.scalars(wanted.order_by(WebhookEndpoint.id)).all()


def _is_wanted(event: WebhookEvent, endpoints: Sequence[WebhookEndpoint]) -> bool:
    return any(event.type in types_of(each) for each in endpoints)


def types_of(endpoint: WebhookEndpoint) -> frozenset[str]:
    """The types of events that an endpoint wants."""
    return frozenset(each.type for each in endpoint.subscriptions)


def _for(event: WebhookEvent, endpoints: Sequence[WebhookEndpoint]) -> list[WebhookEndpoint]:
    """The endpoints that want this event, with the facts that its body has given it."""
    return [each for each in endpoints if wants(each, event)]


def wants(endpoint: WebhookEndpoint, event: WebhookEvent) -> bool:
    """Whether an event that has a body is for this endpoint."""
    filters = WebhookFilter.from_stored(endpoint.filters)
    return event.type in types_of(endpoint) and filters.passes(event.facts)


def _write(event: WebhookEvent, body: WebhookBody) -> None:
    event.uid = signing.new_id()
    event.body = bodies.written(event.type, event.at, body.data.model_dump(mode="json"))
    event.facts = dict(body.facts)


def _delivery(event: WebhookEvent, endpoint_id: int, now: datetime) -> Mapping[str, Any]:
    return {
        "endpoint_id": endpoint_id,
        "event_id": event.id,
        "subject": event.subject,
        "subject_id": event.subject_id,
        "state": WebhookState.PENDING,
        "attempts": 0,
        "created_at": now,
        "due_at": now,
    }
