"""Who enters which stage of the journey, and the decision to survey them: events, dates, and cadence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, String, cast, literal, select
from sqlalchemy.orm import Session

from feedback.core.contact_policy import Send, Skip, spread
from feedback.core.journey import Stage
from feedback.errors import Conflict, NotFound, Rejected
from feedback.library import Library
from feedback.services.contact import eligibility
from feedback.settings import Settings
from feedback.store.database import add_once
from feedback.store.models import Account, Bookmark, Contact, Enrolment, JourneyEvent

log = structlog.get_logger()

CATCH_UP = timedelta(days=7)
"""After a standstill, recurring surveys of this many past days are still planned."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a contact. `key` is the sender's own: the same key is the same event."""

    key: str
    name: str
    contact: str  # external id
    occurred_at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)


def record_event(
    session: Session, event: Event, library: Library, settings: Settings, now: datetime, source: str = "api"
) -> JourneyEvent:
    """Store an event and enrol its contact wherever the journey says so; told twice, it is stored once.

    Raises NotFound for an unknown contact, Rejected for a time in the future, Conflict where the key was
    used for something else.
    """
    if (stored := _stored(session, event)) is not None:
        return stored
    found = session.scalar(select(Contact.id).where(Contact.external_id == event.contact))
    contact = eligibility.lock(session, {found})[0] if found else None
    if contact is None or contact.erased_at:
        raise NotFound(f"There is no contact {event.contact!r}; import or post the contact first.")
    if event.occurred_at > now + timedelta(minutes=5):
        raise Rejected("An event cannot lie in the future; check the clock and the time zone of the sender.")
    row = JourneyEvent(
        key=event.key,
        name=event.name,
        contact_id=contact.id,
        occurred_at=event.occurred_at,
        received_at=now,
        source=source,
        properties=dict(event.properties),
    )
    if not add_once(session, row):  # the same event arrived twice at once
        return _stored(session, event) or row
    for stage in library.journey.for_event(event.name):
        delay = stage.delay.timedelta if stage.delay else timedelta()
        enrol(
            session,
            contact,
            stage,
            f"event:{row.id}",
            event.occurred_at + delay,
            settings,
            now,
            event_id=row.id,
        )
    return row


def enrol(
    session: Session,
    contact: Contact,
    stage: Stage,
    occurrence: str,
    due_at: datetime,
    settings: Settings,
    now: datetime,
    event_id: int | None = None,
) -> Enrolment:
    """Decide on one survey and write the decision down, also when it is "no". Idempotent by `occurrence`.

    The contact's row must be locked by the caller: two decisions on one person at once would both say yes.
    """
    already = select(Enrolment).where(
        Enrolment.contact_id == contact.id, Enrolment.stage == stage.key, Enrolment.occurrence == occurrence
    )
    if (found := session.scalar(already)) is not None:
        return found
    enrolment = Enrolment(
        contact_id=contact.id,
        event_id=event_id,
        stage=stage.key,
        occurrence=occurrence,
        questionnaire=stage.questionnaire,
        entered_at=now,
        due_at=due_at,
        expires_at=due_at + stage.expires_after.timedelta,
        created_at=now,
        decided_at=now,
        state="scheduled",
        explanation=[],
    )
    decide(session, enrolment, contact, stage, settings, now)
    session.add(enrolment)
    session.flush()
    return enrolment


def decide(
    session: Session, enrolment: Enrolment, contact: Contact, stage: Stage, settings: Settings, now: datetime
) -> Send | None:
    """Apply the contact policy to an enrolment; the Send if it may go out, now or later.

    Where the stage waits out the contact's rest, the enrolment stays scheduled and is due at its end.
    """
    decision = eligibility.decide_for(
        session,
        contact,
        stage,
        earliest=enrolment.due_at,
        expires=enrolment.expires_at,
        settings=settings,
        now=now,
        enrolment_id=enrolment.id,
    )
    enrolment.decided_at = now
    if isinstance(decision, Send):
        enrolment.due_at = decision.at
        enrolment.explanation = with_earlier(enrolment.explanation, eligibility.explained(decision.reasons))
        return decision
    enrolment.next_allowed_at = decision.next_allowed
    if stage.wait_out_rest and decision.next_allowed and decision.next_allowed < enrolment.expires_at:
        enrolment.due_at = decision.next_allowed
        enrolment.explanation = [_unable(decision)]
        return None
    enrolment.state, enrolment.reason = "skipped", decision.code
    enrolment.explanation = [_unable(decision)]
    return None


def with_earlier(before: Sequence[Any], reasons: list[dict[str, Any]]) -> list[Any]:
    """A survey that was put off keeps why: when it is asked again in the morning, nothing has to be put off."""
    present = {each["code"] for each in reasons}
    return [*(each for each in before if each["code"] not in present), *reasons]


def _unable(decision: Skip) -> dict[str, Any]:
    return {"code": decision.code, "params": dict(decision.params)}


def plan_dates(session: Session, library: Library, settings: Settings, now: datetime) -> int:
    """Enrol the contacts of accounts whose date (a renewal, say) has come near; returns how many are new."""
    planned = 0
    for stage in library.journey.stages:
        if stage.enter.date is None:
            continue
        column = getattr(Account, stage.enter.date)
        first, last = entry_days(stage, now)
        rows = session.execute(
            select(Contact, column)
            .join(Account, Contact.account_id == Account.id)
            .where(column.between(first, last), Contact.erased_at.is_(None))
            .where(~enrolled(stage.key, column))
            .order_by(Contact.id)
            .with_for_update(of=Contact)
        )
        for contact, day in rows:
            enter = datetime.combine(entry_day(stage, day), time(), UTC)
            enrol(session, contact, stage, f"date:{day.isoformat()}", max(enter, now), settings, now)
            planned += 1
    return planned


def plan_recurring(
    session: Session,
    library: Library,
    settings: Settings,
    now: datetime,
    only: ColumnElement[bool] | None = None,
) -> int:
    """Enrol everybody whose day in a cadence has come, once a day; returns how many.

    Each contact has a fixed day of the cycle, spread evenly, so that no day carries the whole customer base.
    `only` narrows the contacts down.
    """
    planned = 0
    for stage in library.journey.stages:
        if stage.enter.every is None:
            continue
        cadence = max(1, stage.enter.every.timedelta.days)
        for day in _days_to_plan(session, stage, now):
            for contact_id, cycle in list(turns(session, cadence, day, only)):
                contact = eligibility.lock(session, {contact_id})[0]
                enrol(session, contact, stage, f"cycle:{cycle}", now, settings, now)
                planned += 1
    return planned


def _stored(session: Session, event: Event) -> JourneyEvent | None:
    stored = session.scalar(select(JourneyEvent).where(JourneyEvent.key == event.key))
    if stored is None:
        return None
    contact = session.scalar(select(Contact.external_id).where(Contact.id == stored.contact_id))
    if (stored.name, contact) != (event.name, event.contact):
        raise Conflict("This key was used before, for an event of another name or contact; use another key.")
    return stored


def entry_days(stage: Stage, now: datetime) -> tuple[date, date]:
    """The dates of accounts that are in their stage today, and have not been for longer than its survey lasts."""
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
    """Whether the contact of the row has been enrolled for this very date."""
    return (
        select(Enrolment.id)
        .where(
            Enrolment.contact_id == Contact.id,
            Enrolment.stage == stage,
            Enrolment.occurrence == literal("date:") + cast(day, String),
        )
        .exists()
    )


def turns(
    session: Session, cadence: int, day: date, only: ColumnElement[bool] | None = None
) -> Iterator[tuple[int, int]]:
    """(contact, number of the cycle) of everybody whose turn is on `day`."""
    number = day.toordinal()
    everybody = (
        select(Contact.id, Contact.external_id).where(Contact.erased_at.is_(None)).order_by(Contact.id)
    )
    rows = session.execute(everybody if only is None else everybody.where(only))
    for contact_id, external_id in rows:
        if number % cadence == spread(external_id, cadence):
            yield contact_id, number // cadence


def next_day_to_plan(session: Session, stage: Stage, now: datetime) -> date:
    """The first day of a cadence that the worker has not planned yet: tomorrow, if it has run today."""
    return _last_planned(session.scalar(_bookmark(stage)), now.date()) + timedelta(days=1)


def _days_to_plan(session: Session, stage: Stage, now: datetime) -> list[date]:
    """The days that were not planned yet, up to today; the bookmark moves with them."""
    bookmark = session.scalar(_bookmark(stage).with_for_update())
    today = now.date()
    last = _last_planned(bookmark, today)
    if bookmark is None:
        session.add(Bookmark(name=f"planned:{stage.key}", value=today.isoformat()))
    else:
        bookmark.value = max(today, last).isoformat()
    return [last + timedelta(days=each) for each in range(1, (today - last).days + 1)]


def _bookmark(stage: Stage) -> Select[Bookmark]:
    return select(Bookmark).where(Bookmark.name == f"planned:{stage.key}")


def _last_planned(bookmark: Bookmark | None, today: date) -> date:
    """The last day whose turns need not be planned any more."""
    if bookmark is None:
        return today - timedelta(days=1)
    return max(date.fromisoformat(bookmark.value), today - CATCH_UP)
