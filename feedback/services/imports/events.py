"""Imports past journey events from a file; they are processed like events from the API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core import reserved
from feedback.services.context import Context
from feedback.services.imports.rows import Record, Refusal
from feedback.services.journey import enrolments
from feedback.store.models import Contact, JourneyEvent
from feedback.store.portions import TOGETHER, Portions


@dataclass(slots=True)
class Done:
    outcomes: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def key_of(record: Record) -> str:
    """The row's key, or a hash of event, contact and time, so that the same row is the same event."""
    event = record.values["event"]
    made = f"{event['name']}:{event['contact']}:{event['occurred_at'].isoformat()}"
    key: str = event.get("key") or made[:255]
    return key


def store(
    portions: Portions,
    records: list[Record],
    context: Context,
    now: datetime,
    *,
    dry_run: bool,
) -> Done:
    """Store a batch in portions; a refused row does not affect the others."""
    if dry_run:
        with portions.database.reading() as session:
            return _foresee(session, records)
    done = Done()
    portions.each(records, partial(_store, context, now), lambda result: _count(done, result), least=TOGETHER)
    return done


def _store(
    context: Context, now: datetime, session: Session, records: Sequence[Record]
) -> list[tuple[Record, enrolments.Result]]:
    told = [_event(record) for record in records]
    results = enrolments.record_events(session, told, context, now, source="import")
    return list(zip(records, results, strict=True))


def _count(done: Done, results: Iterable[tuple[Record, enrolments.Result]]) -> None:
    for record, result in results:
        if isinstance(result, enrolments.Recorded):
            done.outcomes.append("created" if result.is_new else "unchanged")
        else:
            done.refused.append(Refusal(record.line, None, str(result)))


def _foresee(session: Session, records: list[Record]) -> Done:
    known = _known(session, records)
    wanted = {record.values["event"]["contact"] for record in records}
    living = select(Contact.external_id).where(Contact.external_id.in_(wanted), Contact.erased_at.is_(None))
    people = set(session.scalars(living))
    done = Done()
    for record in records:
        contact = record.values["event"]["contact"]
        refusal = reserved.refusal_of_event(key_of(record), record.values["event"]["name"])
        if refusal:
            done.refused.append(Refusal(record.line, None, refusal))
        elif key_of(record) in known:
            done.outcomes.append("unchanged")
        elif contact in people:
            done.outcomes.append("created")
        else:
            done.refused.append(
                Refusal(record.line, None, f"There is no contact {contact!r}; import the contacts first.")
            )
    return done


def _known(session: Session, records: Iterable[Record]) -> set[str]:
    keys = [key_of(record) for record in records]
    return set(session.scalars(select(JourneyEvent.key).where(JourneyEvent.key.in_(keys))))


def _event(record: Record) -> enrolments.Event:
    event = record.values["event"]
    properties = record.properties.get("event", {})
    return enrolments.Event(key_of(record), event["name"], event["contact"], event["occurred_at"], properties)
