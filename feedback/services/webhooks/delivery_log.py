"""The result of each delivery, and sending it again: one, or all of a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.orm import Session, selectinload

from feedback.core.lifecycle import WebhookState
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.services.webhooks.endpoints import SUBJECT, find
from feedback.services.webhooks.spreading import wants
from feedback.store.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from feedback.store.portions import Portions

KEPT_FOR = timedelta(days=30)
"""How long events, their bodies and their deliveries are kept."""
PAGE = 50


@dataclass(frozen=True, slots=True)
class WebhookRange:
    """The events of a replay: from `since` to before `until`; `missed` are only those that were never delivered."""

    since: datetime
    until: datetime
    missed: bool = True


def page(
    session: Session,
    endpoint_id: int,
    *,
    state: str | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Sequence[WebhookDelivery]:
    """Deliveries of an endpoint with their events, the latest first; `before` is the last id of the page before."""
    wanted = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if state:
        wanted = wanted.where(WebhookDelivery.state == state)
    if before is not None:
        wanted = wanted.where(WebhookDelivery.id < before)
    return session.scalars(
        wanted.options(selectinload(WebhookDelivery.event)).order_by(WebhookDelivery.id.desc()).limit(limit)
    ).all()


def one(session: Session, endpoint_id: int, delivery_id: int) -> WebhookDelivery:
    """A delivery with its event and its attempts. Raises NotFound."""
    wanted = select(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id, WebhookDelivery.endpoint_id == endpoint_id
    )
    related = selectinload(WebhookDelivery.event), selectinload(WebhookDelivery.log)
    found = session.scalar(wanted.options(*related))
    if found is None:
        raise NotFound("There is no such delivery. They are kept for 30 days.")
    return found


def redeliver(session: Session, endpoint_id: int, delivery_id: int, *, by: int | None, now: datetime) -> None:
    """Send one delivery again, at once and with the same `webhook-id`.

    Raises NotFound, and Conflict if its body was emptied.
    """
    delivery = one(session, endpoint_id, delivery_id)
    if delivery.event.body is None:
        raise Conflict("This event was emptied, because the person in it was erased.")
    session.execute(update(WebhookDelivery).where(WebhookDelivery.id == delivery.id).values(_afresh(now)))
    audit.record(session, "redelivered", SUBJECT, endpoint_id, by=by, now=now, delivery=delivery_id)


def replay(
    portions: Portions, endpoint_id: int, wanted: WebhookRange, *, by: int | None, now: datetime
) -> int:
    """Send the events of a time again, in portions. Returns their number.

    Also those from before the endpoint wanted them, if they are stored. Raises Rejected for a time that is empty.
    """
    if wanted.until <= wanted.since:
        raise Rejected("Choose an end that is after the beginning.")
    with portions.database.reading() as session:
        find(session, endpoint_id)
        ids = session.scalars(_of_range(wanted, now).with_only_columns(WebhookEvent.id)).all()
    again = 0

    def some(session: Session, part: Sequence[int]) -> int:
        return _replay_some(session, endpoint_id, part, wanted, now)

    def add(number: int) -> None:
        nonlocal again
        again += number

    portions.each(ids, some, add, least=20)
    with portions.database.writing() as session:
        audit.record(session, "replayed", SUBJECT, endpoint_id, by=by, now=now, events=again)
    return again


def _of_range(wanted: WebhookRange, now: datetime) -> Select[WebhookEvent]:
    since = max(wanted.since, now - KEPT_FOR)
    return (
        select(WebhookEvent)
        .where(WebhookEvent.spread_at.is_not(None), WebhookEvent.body.is_not(None))
        .where(WebhookEvent.at >= since, WebhookEvent.at < wanted.until)
        .order_by(WebhookEvent.id)
    )


def _replay_some(
    session: Session, endpoint_id: int, ids: Sequence[int], wanted: WebhookRange, now: datetime
) -> int:
    endpoint = find(session, endpoint_id)
    events = session.scalars(
        select(WebhookEvent).where(WebhookEvent.id.in_(ids), WebhookEvent.body.is_not(None))
    ).all()
    known: Mapping[int, WebhookDelivery] = {
        each.event_id: each
        for each in session.scalars(
            select(WebhookDelivery).where(
                WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.event_id.in_(ids)
            )
        )
    }
    again = [each.id for each in known.values() if _is_to_go(each, wanted)]
    new = [each for each in events if each.id not in known and wants(endpoint, each)]
    if again:
        session.execute(update(WebhookDelivery).where(WebhookDelivery.id.in_(again)).values(_afresh(now)))
    if new:
        session.execute(insert(WebhookDelivery), [_delivery(each, endpoint_id, now) for each in new])
    return len(again) + len(new)


def _is_to_go(delivery: WebhookDelivery, wanted: WebhookRange) -> bool:
    if delivery.state == WebhookState.DELIVERED:
        return not wanted.missed
    return delivery.state in (WebhookState.FAILED, WebhookState.PENDING)


def _afresh(now: datetime) -> dict[str, Any]:
    return {"state": WebhookState.PENDING, "attempts": 0, "due_at": now, "finished_at": None}


def _delivery(event: WebhookEvent, endpoint_id: int, now: datetime) -> dict[str, Any]:
    return {
        "endpoint_id": endpoint_id,
        "event_id": event.id,
        "subject": event.subject,
        "subject_id": event.subject_id,
        "created_at": now,
        **_afresh(now),
    }


# --- Status --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WebhookBacklog:
    """What waits for an endpoint, and what it never took. `since` is when the oldest that waits was stored."""

    waiting: int
    failed: int
    since: datetime | None


def backlogs(session: Session) -> dict[int, WebhookBacklog]:
    """Endpoint id -> its backlog, from an index."""

    def of(state: WebhookState, what: ColumnElement[Any]) -> Any:
        matching = (WebhookDelivery.endpoint_id == WebhookEndpoint.id, WebhookDelivery.state == state)
        return select(what).where(*matching).correlate(WebhookEndpoint).scalar_subquery()

    rows = session.execute(
        select(
            WebhookEndpoint.id,
            of(WebhookState.PENDING, func.count()),
            of(WebhookState.FAILED, func.count()),
            of(WebhookState.PENDING, func.min(WebhookDelivery.created_at)),
        ).order_by(WebhookEndpoint.id)
    )
    return {row[0]: WebhookBacklog(row[1], row[2], row[3]) for row in rows}


def purge(session: Session, now: datetime, limit: int) -> int:
    """Delete at most `limit` events that are older than `KEPT_FOR`, with their deliveries. Returns their number."""
    old = select(WebhookEvent.id).where(WebhookEvent.spread_at.is_not(None), WebhookEvent.at < now - KEPT_FOR)
    ids = session.scalars(old.order_by(WebhookEvent.at).limit(limit)).all()
    if ids:
        session.execute(delete(WebhookEvent).where(WebhookEvent.id.in_(ids)))
    return len(ids)
