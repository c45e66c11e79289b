"""Enrolment: contacts enter stages of the journey by events, dates and cadences, and the policy decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, String, bindparam, cast, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from feedback.core import reserved
from feedback.core.contact.policy import Decision, Intended, Send, Skip, places_of_day
from feedback.core.lifecycle import EnrolmentState
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services.contact import eligibility
from feedback.store.database import add_once
from feedback.store.models import Account, Bookmark, Contact, ContactAlias, Enrolment, JourneyEvent
from feedback.store.portions import TOGETHER, Portions
from feedback.store.prepared import PreparedStatement

if TYPE_CHECKING:
    from feedback.core.journey import Stage
    from feedback.services.context import Context
    from feedback.settings import Settings

_CONTACT: Any = Contact.__table__
_EVENT: Any = JourneyEvent.__table__
_ENROLMENT: Any = Enrolment.__table__
_ALIAS: Any = ContactAlias.__table__
_BY_ALIAS = PreparedStatement(
    select(_ALIAS.c.external_id, _CONTACT.c.external_id.label("contact"))
    .join(_CONTACT, _CONTACT.c.id == _ALIAS.c.contact_id)
    .where(_ALIAS.c.external_id.in_(bindparam("keys", expanding=True)))
)
_STORED_EVENTS = PreparedStatement(
    select(_EVENT.c.key, _EVENT.c.id, _EVENT.c.name, _EVENT.c.contact_id).where(
        _EVENT.c.key.in_(bindparam("keys", expanding=True))
    )
)
_ENROLLED = PreparedStatement(
    select(_ENROLMENT.c.contact_id, _ENROLMENT.c.stage, _ENROLMENT.c.occurrence).where(
        _ENROLMENT.c.contact_id.in_(bindparam("contacts", expanding=True)),
        _ENROLMENT.c.stage.in_(bindparam("stages", expanding=True)),
        _ENROLMENT.c.occurrence.in_(bindparam("occasions", expanding=True)),
    )
)
_INSERT_ENROLMENT = insert(_ENROLMENT)
_INSERT_ONE_ENROLMENT = PreparedStatement(_INSERT_ENROLMENT)
_INSERT_EVENT: Mapping[str, Any] = {
    name: dialect.insert(_EVENT)
    .on_conflict_do_nothing(index_elements=["key"])
    .returning(_EVENT.c.id, _EVENT.c.key)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
_INSERT_ONE_EVENT = {name: PreparedStatement(statement) for name, statement in _INSERT_EVENT.items()}

CATCH_UP = timedelta(days=7)
"""After downtime, recurring surveys of at most this many past days are still planned."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a contact. `key` is the sender's idempotency key."""

    key: str
    name: str
    contact: str  # external id
    occurred_at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a survey is due for: an event, a date of the account, a turn of a cadence. The same `key` comes once."""

    key: str
    due_at: datetime
    event_id: int | None = None
    wave_id: int | None = None  # of a campaign


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored event. `is_new` is False if it had been reported before. `enrolments` are the columns of what has just
    been decided because of it."""

    id: int
    key: str
    is_new: bool
    enrolments: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class StageEntry:
    """A contact that enters a stage."""

    contact_id: int
    stage: Stage
    occasion: Occasion


Result = Recorded | NotFound | Rejected | Conflict


def record_event(
    session: Session, event: Event, context: Context, now: datetime, source: str = "api"
) -> Recorded:
    """Store an event, once per key, and enrol its contact in every stage that the event enters.

    Raises NotFound for an unknown contact, Rejected for a time in the future and for keys and names that are the
    program's own (unless `source` is), Conflict if the key was used for another event.
    """
    (result,) = record_events(session, [event], context, now, source)
    if isinstance(result, Recorded):
        return result
    raise result


def of_event(session: Session, event_id: int) -> Sequence[Enrolment]:
    """What was decided because of an event, one for each stage that it enters."""
    return session.scalars(
        select(Enrolment).where(Enrolment.event_id == event_id).order_by(Enrolment.id)
    ).all()


def record_events(
    session: Session, events: Sequence[Event], context: Context, now: datetime, source: str = "api"
) -> list[Result]:
    """`record_event` for many at once: the result of each, or the refusal that it would raise.

    The number of statements does not depend on the number of events.
    """
    session.flush()  # only statements about ORM objects do that by themselves
    stored = _stored(session, events)
    contacts = {each.contact for each in events}
    people = {each.external_id: each for each in eligibility.lock_named(session, contacts)}
    people |= _merged(session, contacts - people.keys())
    fresh: dict[str, Event] = {}
    refused: dict[int, Result] = {}
    for number, event in enumerate(events):
        person = people.get(event.contact)
        if source != reserved.SOURCE and (refusal := reserved.refusal_of_event(event.key, event.name)):
            refused[number] = Rejected(refusal)
        elif event.key in stored:
            continue
        elif person is None or person.erased_at:
            refused[number] = NotFound(
                f"There is no contact {event.contact!r}; import or post the contact first."
            )
        elif event.occurred_at > now + timedelta(minutes=5):
            refused[number] = Rejected(
                "Check the clock and the time zone of the sender: an event cannot be in the future."
            )
        else:
            fresh.setdefault(event.key, event)
    new = _insert_events(session, fresh, people, now, source)
    entered = list(_entered(fresh.values(), new, people, context))
    people_of, entries = [each for each, _ in entered], [each for _, each in entered]
    decided: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in _store(session, people_of, entries, context.settings, now):
        decided[row["event_id"]].append(row)
    if missing := [each for each in fresh.values() if each.key not in new]:  # another request was faster
        stored |= _stored(session, missing)
    known = stored | {
        key: (row_id, fresh[key].name, people[fresh[key].contact].id) for key, row_id in new.items()
    }
    return [
        refused.get(number) or _result(event, people.get(event.contact), known, new, decided)
        for number, event in enumerate(events)
    ]


def _result(
    event: Event,
    person: eligibility.Candidate | None,
    known: Mapping[str, tuple[int, str, int]],
    new: Mapping[str, int],
    decided: Mapping[int, Sequence[Mapping[str, Any]]],
) -> Result:
    row_id, name, contact = known[event.key]
    if (name, contact) != (event.name, person.id if person else None):
        return Conflict("Use another key: this one was used for an event with another name or contact.")
    if event.key not in new:
        return Recorded(row_id, event.key, is_new=False)
    return Recorded(row_id, event.key, is_new=True, enrolments=decided.get(row_id, ()))


def _merged(session: Session, names: Collection[str]) -> dict[str, eligibility.Candidate]:
    """External id of a contact that was merged -> the contact that it was merged into, locked."""
    if not names:
        return {}
    rows = _BY_ALIAS.rows(session.connection(), {"keys": sorted(names)})
    found = eligibility.lock_named(session, {each.contact for each in rows}) if rows else ()
    people = {each.external_id: each for each in found}
    return {each.external_id: people[each.contact] for each in rows if each.contact in people}


def _stored(session: Session, events: Iterable[Event]) -> dict[str, tuple[int, str, int]]:
    """Key -> (id, name, id of the contact) of the events that are stored already."""
    rows = _STORED_EVENTS.rows(session.connection(), {"keys": [each.key for each in events]})
    return {key: (row_id, name, contact) for key, row_id, name, contact in rows}


def _insert_events(
    session: Session, events: Mapping[str, Event], people: Mapping[str, Any], now: datetime, source: str
) -> dict[str, int]:
    """Key -> id of the events that were stored; not of those that another node has just stored."""
    rows = [
        {
            "key": event.key,
            "name": event.name,
            "contact_id": people[event.contact].id,
            "occurred_at": event.occurred_at,
            "received_at": now,
            "source": source,
            "properties": dict(event.properties),
        }
        for event in events.values()
    ]
    if not rows:
        return {}
    connection = session.connection()
    database = connection.dialect.name
    if len(rows) == 1:
        return {key: row_id for row_id, key in _INSERT_ONE_EVENT[database].rows(connection, rows[0])}
    return {key: row_id for row_id, key in connection.execute(_INSERT_EVENT[database], rows)}


def _entered(
    events: Iterable[Event],
    ids: Mapping[str, int],
    people: Mapping[str, eligibility.Candidate],
    context: Context,
) -> Iterator[tuple[eligibility.Candidate, StageEntry]]:
    for event in events:
        for stage in context.library.journey.for_event(event.name) if event.key in ids else ():
            delay = stage.delay.timedelta if stage.delay else timedelta()
            row_id = ids[event.key]
            occasion = Occasion(f"event:{row_id}", event.occurred_at + delay, row_id)
            yield people[event.contact], StageEntry(people[event.contact].id, stage, occasion)


def enrol_all(session: Session, entries: Sequence[StageEntry], settings: Settings, now: datetime) -> int:
    """What `enrol_each` does. Returns the number of new enrolments."""
    return len(enrol_each(session, entries, settings, now))


def enrol_each(
    session: Session,
    entries: Sequence[StageEntry],
    settings: Settings,
    now: datetime,
    busy: Mapping[int, Skip] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Decide on surveys and store the decisions, also if they are "no". Idempotent per contact, stage and occasion.

    `busy` holds the contacts that are not to be asked whatever the policy says. Locks the contacts; otherwise two
    simultaneous decisions could both be "yes". Returns the columns of the new enrolments.
    """
    people = {each.id: each for each in eligibility.lock_people(session, {e.contact_id for e in entries})}
    wanted = {
        "contacts": list(people),
        "stages": list({each.stage.key for each in entries}),
        "occasions": list({each.occasion.key for each in entries}),
    }
    known = {tuple(row) for row in _ENROLLED.rows(session.connection(), wanted)}
    fresh = [
        each
        for each in entries
        if each.contact_id in people
        and not people[each.contact_id].erased_at
        and (each.contact_id, each.stage.key, each.occasion.key) not in known
    ]
    return _store(session, [people[each.contact_id] for each in fresh], fresh, settings, now, busy)


def _store(
    session: Session,
    people: Sequence[eligibility.Candidate],
    entries: Sequence[StageEntry],
    settings: Settings,
    now: datetime,
    busy: Mapping[int, Skip] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Decide on the entries of these contacts, which are locked, and insert the enrolments. Returns their columns."""
    if not entries:
        return []
    rules = eligibility.policy(settings)
    selective = any(each.stage.only_if for each in entries)
    together = list({each.id: each for each in people}.values())
    known = eligibility.know(session, together, rules, now, selective=selective)
    rows = [
        _enrolment(known, person, entry, now, busy.get(person.id))
        for person, entry in zip(people, entries, strict=True)
    ]
    if len(rows) == 1:
        _INSERT_ONE_ENROLMENT.run(session.connection(), rows[0])
    else:
        session.connection().execute(_INSERT_ENROLMENT, rows)
    return rows


def _enrolment(
    known: eligibility.Known,
    person: eligibility.Candidate,
    entry: StageEntry,
    now: datetime,
    decided: Decision | None,
) -> dict[str, Any]:
    stage, occasion = entry.stage, entry.occasion
    expires = occasion.due_at + stage.expires_after.timedelta
    intended = Intended(stage.priority, stage.channels, occasion.due_at, expires, stage.only_if)
    decision = decided or known.decide(person, intended, now)
    return {
        "contact_id": person.id,
        "event_id": occasion.event_id,
        "wave_id": occasion.wave_id,
        "stage": stage.key,
        "occurrence": occasion.key,
        "questionnaire": stage.questionnaire,
        "entered_at": now,
        "expires_at": expires,
        "created_at": now,
        "due_at": occasion.due_at,
        "state": EnrolmentState.SCHEDULED,
        "reason": None,
        "next_allowed_at": None,
        **_outcome(decision, stage, [], expires, now),
    }


def decide(
    enrolment: Enrolment,
    contact: eligibility.Candidate,
    stage: Stage,
    known: eligibility.Known,
    now: datetime,
) -> Send | None:
    """Apply the contact policy to an enrolment. Returns the Send if it may be sent, now or later.

    If the contact was surveyed too recently and the stage waits, the enrolment stays scheduled for the end of
    the gap.
    """
    intended = Intended(stage.priority, stage.channels, enrolment.due_at, enrolment.expires_at, stage.only_if)
    decision = known.decide(contact, intended, now, enrolment.id)
    outcome = _outcome(decision, stage, enrolment.explanation, enrolment.expires_at, now)
    for name, value in outcome.items():
        setattr(enrolment, name, value)
    return decision if isinstance(decision, Send) else None


def _outcome(
    decision: Decision, stage: Stage, earlier: Sequence[Any], expires: datetime, now: datetime
) -> dict[str, Any]:
    """The columns of an enrolment that a decision changes."""
    if isinstance(decision, Send):
        explanation = with_earlier(earlier, eligibility.explained(decision.reasons))
        return {"decided_at": now, "due_at": decision.at, "explanation": explanation}
    said = {"decided_at": now, "next_allowed_at": decision.next_allowed, "explanation": [_unable(decision)]}
    if stage.wait_out_rest and decision.next_allowed and decision.next_allowed < expires:
        return {**said, "due_at": decision.next_allowed}
    return {**said, "state": EnrolmentState.SKIPPED, "reason": decision.code}


def with_earlier(before: Sequence[Any], reasons: list[dict[str, Any]]) -> list[Any]:
    """Keep the reasons for an earlier postponement, which a later decision no longer contains."""
    present = {each["code"] for each in reasons}
    return [*(each for each in before if each["code"] not in present), *reasons]


def _unable(decision: Skip) -> dict[str, Any]:
    return {"code": decision.code, "params": dict(decision.params)}


@dataclass(frozen=True, slots=True)
class Due:
    """Everybody who enters a stage on one day. `bookmark` is set once they are all enrolled: (name, day)."""

    entries: Sequence[StageEntry]
    bookmark: tuple[str, date] | None = None


def plan(portions: Portions, context: Context, now: datetime) -> int:
    """Enrol everybody who is due by a date or a cadence, in portions. Returns the number of those who were due.

    A run that is killed is continued by the next one: who is enrolled is no longer due, and a day is only marked as
    planned after its last contact.
    """
    with portions.database.reading() as session:
        dues = [*due_by_date(session, context, now), *due_by_cadence(session, context, now)]
    for due in dues:
        done = portions.each(
            due.entries,
            lambda session, some: enrol_all(session, some, context.settings, now),
            least=TOGETHER,
        )
        if not done:
            break
        if due.bookmark is not None:
            with portions.database.writing() as session:
                _mark(session, *due.bookmark)
    return sum(len(due.entries) for due in dues)


def plan_dates(session: Session, context: Context, now: datetime) -> int:
    """Enrol the contacts of accounts whose date (such as a renewal) is near, in one transaction. Returns the number of
    new enrolments."""
    dues = due_by_date(session, context, now)
    return sum(enrol_all(session, due.entries, context.settings, now) for due in list(dues))


def plan_recurring(
    session: Session,
    context: Context,
    now: datetime,
    only: ColumnElement[bool] | None = None,
) -> int:
    """Enrol all contacts whose day in a cadence has come, once per day, in one transaction. Returns the number of new
    enrolments.

    Each contact has a fixed day of the cycle; the days are spread evenly over all contacts. `only` limits the
    contacts.
    """
    planned = 0
    for due in list(due_by_cadence(session, context, now, only)):
        planned += enrol_all(session, due.entries, context.settings, now)
        if due.bookmark is not None:
            _mark(session, *due.bookmark)
    return planned


def due_by_date(session: Session, context: Context, now: datetime) -> Iterator[Due]:
    """The contacts of accounts whose date (such as a renewal) is near, and who are not enrolled for it yet."""
    for stage in context.library.journey.stages:
        if stage.enter.date is None:
            continue
        first, last = entry_days(stage, now)
        entries = []
        for row in session.execute(near(stage, first, last).order_by(Contact.id)):
            enter = datetime.combine(entry_day(stage, row.day), time(), UTC)
            entries.append(
                StageEntry(row.id, stage, Occasion(f"date:{row.day.isoformat()}", max(enter, now)))
            )
        yield Due(entries)


def near(stage: Stage, first: date, last: date) -> Select[Any]:
    """(id, day) of everybody who enters a stage for a date of the account from `first` to `last`."""
    column = getattr(Account, stage.enter.date or "")
    return (
        select(Contact.id, column.label("day"))
        .join(Account, Contact.account_id == Account.id)
        .where(column.between(first, last), Contact.erased_at.is_(None))
        .where(~enrolled(stage.key, column))
    )


def due_by_cadence(
    session: Session, context: Context, now: datetime, only: ColumnElement[bool] | None = None
) -> Iterator[Due]:
    """Everybody whose day in a cadence has come, for each day that is not planned yet."""
    for stage in context.library.journey.stages:
        if stage.enter.every is None:
            continue
        cadence = max(1, stage.enter.every.timedelta.days)
        for day in _days_to_plan(session, stage, now):
            cycle = day.toordinal() // cadence
            occasion = Occasion(f"cycle:{cycle}", now)
            people = turns(cadence, day).where(~_enrolled_in(stage.key, occasion.key))
            rows = session.scalars(people if only is None else people.where(only))
            yield Due([StageEntry(contact_id, stage, occasion) for contact_id in rows], (_name(stage), day))


def entry_days(stage: Stage, now: datetime) -> tuple[date, date]:
    """(first, last) of the account dates for which the stage is entered today or was at most `expires_after` ago."""
    today = now.date()
    lasting = stage.expires_after.timedelta
    if stage.enter.before:
        before = stage.enter.before.timedelta
        return (today + max(timedelta(days=1), before - lasting)), today + before
    after = stage.enter.after.timedelta if stage.enter.after else timedelta()
    return today - after - lasting, today - after


def entry_day(stage: Stage, day: date) -> date:
    if stage.enter.before:
        return day - stage.enter.before.timedelta
    return day + (stage.enter.after.timedelta if stage.enter.after else timedelta())


def enrolled(stage: str, day: Any) -> ColumnElement[bool]:
    """A SQL condition: the row's contact has been enrolled in the stage for this date."""
    return (
        select(Enrolment.id)
        .where(
            Enrolment.contact_id == Contact.id,
            Enrolment.stage == stage,
            Enrolment.occurrence == literal("date:") + cast(day, String),
        )
        .exists()
    )


def turns(cadence: int, day: date) -> Select[int]:
    """All contacts whose recurring survey is on `day`: a range of an index."""
    first, last = places_of_day(day.toordinal() % cadence, cadence)
    return (
        select(Contact.id)
        .where(Contact.turn.between(first, last), Contact.erased_at.is_(None))
        .order_by(Contact.id)
    )


def _enrolled_in(stage: str, occurrence: str) -> ColumnElement[bool]:
    """A SQL condition: the row's contact has been enrolled in the stage on this occasion."""
    return (
        select(Enrolment.id)
        .where(
            Enrolment.contact_id == Contact.id,
            Enrolment.stage == stage,
            Enrolment.occurrence == occurrence,
        )
        .exists()
    )


def next_day_to_plan(session: Session, stage: Stage, now: datetime) -> date:
    """The first day of a cadence that is not planned yet: tomorrow, if the worker has run today."""
    return _last_planned(session.scalar(_bookmark(_name(stage))), now.date()) + timedelta(days=1)


def _days_to_plan(session: Session, stage: Stage, now: datetime) -> list[date]:
    """The days up to today that are not planned yet."""
    today = now.date()
    last = _last_planned(session.scalar(_bookmark(_name(stage))), today)
    return [last + timedelta(days=each) for each in range(1, (today - last).days + 1)]


def _mark(session: Session, name: str, day: date) -> None:
    """Note that a day is planned. A bookmark never moves back."""
    bookmark = session.scalar(_bookmark(name).with_for_update())
    if bookmark is None:
        add_once(session, Bookmark(name=name, value=day.isoformat()))
    else:
        bookmark.value = max(bookmark.value, day.isoformat())


def _name(stage: Stage) -> str:
    return f"planned:{stage.key}"


def _bookmark(name: str) -> Select[Bookmark]:
    return select(Bookmark).where(Bookmark.name == name)


def _last_planned(bookmark: Bookmark | None, today: date) -> date:
    """The last day that does not need to be planned any more."""
    if bookmark is None:
        return today - timedelta(days=1)
    return max(date.fromisoformat(bookmark.value), today - CATCH_UP)
