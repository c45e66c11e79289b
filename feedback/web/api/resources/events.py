"""The API's routes for events, one in a request or many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.errors import FeedbackError, NotFound
from feedback.services.customers import Stored
from feedback.services.journey import enrolments
from feedback.services.staff.api_keys import Scope
from feedback.store.models import Contact, Enrolment, JourneyEvent
from feedback.store.portions import SHORT_REST, TOGETHER, Portions
from feedback.store.prepared import PreparedStatement
from feedback.web.api import document, problems
from feedback.web.api.answers import answer, stored_answer, written
from feedback.web.api.gate import Gate
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import (
    EnrolmentOut,
    EventIn,
    EventKey,
    EventOut,
    EventsIn,
    EventsOut,
)

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    """Add the routes to the API's blueprint; `gate` has checked the caller, and counts what a batch holds."""
    _events(api, runtime)
    _event_batches(api, runtime, gate)


def _events(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post("/events", summary="Record an event of a contact", responses=document.stored(EventOut))
    @needs(Scope.EVENTS_WRITE)
    def post_event(body: EventIn) -> Response:
        now = clock.now()

        def store(session: Session) -> Response:
            event = _told(body, now)
            stored = enrolments.record_event(session, event, runtime, now)
            known = None if stored.is_new else _event(session, body.key)
            outcome = Stored(stored.id, "created" if stored.is_new else "unchanged")
            return stored_answer(known or _created(event, stored, now), outcome)

        return written(runtime, store)

    @api.get("/events/<path:key>", summary="An event", responses={200: EventOut})
    @needs(Scope.EVENTS_WRITE)
    def get_event(path: EventKey) -> Response:
        with runtime.database.reading() as session:
            return stored_answer(_event(session, path.key))


def _event_batches(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.post("/events/batch", summary="Record many events", responses={200: EventsOut})
    @needs(Scope.EVENTS_WRITE)
    def post_events(body: EventsIn) -> Response:
        """In portions, so that a large batch keeps nobody waiting. If the process is killed in between, the caller
        sends the batch again: what is stored already is known by its key."""
        gate.count_batch(len(body.events))
        now = clock.now()
        results: list[enrolments.Result] = []
        Portions(runtime.database, resting=SHORT_REST).each(
            [_told(each, now) for each in body.events],
            lambda session, some: enrolments.record_events(session, some, runtime, now),
            results.extend,
            least=TOGETHER,
        )
        return answer({"results": list(_results(body.events, results))})


def _told(event: EventIn, now: datetime) -> enrolments.Event:
    properties = _without_nulls(event.properties)
    occurred_at = (event.occurred_at or now).astimezone(UTC)
    return enrolments.Event(event.key, event.name, event.contact, occurred_at, properties)


def _created(event: enrolments.Event, stored: enrolments.Recorded, now: datetime) -> EventOut:
    """What `_event` would read of an event that has just been stored."""
    return EventOut(
        key=event.key,
        name=event.name,
        contact=event.contact,
        occurred_at=event.occurred_at,
        received_at=now,
        properties=dict(event.properties),
        enrolments=[EnrolmentOut.model_validate(dict(each)) for each in stored.enrolments],
    )


def _results(events: Sequence[EventIn], results: Sequence[enrolments.Result]) -> Iterator[dict[str, Any]]:
    """The fields of an EventResult for each event; a key that comes twice is new only once."""
    seen: set[str] = set()
    for event, result in zip(events, results, strict=True):
        if isinstance(result, FeedbackError):
            yield {"key": event.key, "status": problems.status_of(result), "detail": str(result)}
        else:
            is_new = result.is_new and event.key not in seen
            yield {"key": event.key, "status": 201 if is_new else 200, "detail": None}
        seen.add(event.key)


def _without_nulls(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value is not None}


_EVENT = PreparedStatement(
    select(
        JourneyEvent.id,
        JourneyEvent.key,
        JourneyEvent.name,
        JourneyEvent.occurred_at,
        JourneyEvent.received_at,
        JourneyEvent.properties,
        Contact.external_id,
    )
    .join(Contact, Contact.id == JourneyEvent.contact_id)
    .where(JourneyEvent.key == bindparam("key"))
)
_ENROLMENTS = PreparedStatement(
    select(*Enrolment.__table__.columns)
    .where(Enrolment.event_id == bindparam("event"))
    .order_by(Enrolment.id)
)


def _event(session: Session, key: str) -> EventOut:
    connection = session.connection()
    row = _EVENT.one_or_none(connection, {"key": key})
    if row is None:
        raise NotFound("Event not found.")
    enrolments = _ENROLMENTS.rows(connection, {"event": row.id})
    return EventOut(
        key=row.key,
        name=row.name,
        contact=row.external_id,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        properties=row.properties,
        enrolments=[EnrolmentOut.model_validate(each, from_attributes=True) for each in enrolments],
    )
