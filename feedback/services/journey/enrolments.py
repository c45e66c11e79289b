"""Enrolment: contacts enter stages of the journey by events, dates and cadences, and the policy decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import ColumnElement, Select, String, cast, literal, select
from sqlalchemy.orm import Session

from feedback.core.contact.policy import Intended, Send, Skip, spread
from feedback.core.lifecycle import EnrolmentState
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services.contact import eligibility
from feedback.store.database import add_once
from feedback.store.models import Account, Bookmark, Contact, Enrolment, JourneyEvent

if TYPE_CHECKING:
    from feedback.core.journey import Stage
    from feedback.services.context import Context
    from feedback.settings import Settings

log = structlog.get_logger()

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


def record_event(
    session: Session, event: Event, context: Context, now: datetime, source: str = "api"
) -> JourneyEvent:
    """Store an event, once per key, and enrol its contact in every stage that the event enters.

    Raises NotFound for an unknown contact, Rejected for a time in the future, Conflict if the key was used
    for another event.
    """
    if (stored := _stored(session, event)) is not None:
        return stored
    found = session.scalar(select(Contact.id).where(Contact.external_id == event.contact))
    contact = eligibility.lock(session, {found})[0] if found else None
    if contact is None or contact.erased_at:
        raise NotFound(f"There is no contact {event.contact!r}; import or post the contact first.")
    if event.occurred_at > now + timedelta(minutes=5):
        raise Rejected("Check the clock and the time zone of the sender: an event cannot be in the future.")
    row = JourneyEvent(
        key=event.key,
        name=event.name,
        contact_id=contact.id,
        occurred_at=event.occurred_at,
        received_at=now,
        source=source,
        properties=dict(event.properties),
    )
    if not add_once(session, row):  # another request has just stored the same event
        return _stored(session, event) or row
    for stage in context.library.journey.for_event(event.name):
        delay = stage.delay.timedelta if stage.delay else timedelta()
        occasion = Occasion(f"event:{row.id}", event.occurred_at + delay, row.id)
        enrol(session, contact, stage, occasion, context.settings, now)
    return row


def of_event(session: Session, event_id: int) -> Sequence[Enrolment]:
    """What was decided because of an event, one for each stage that it enters."""
    return session.scalars(
        select(Enrolment).where(Enrolment.event_id == event_id).order_by(Enrolment.id)
    ).all()


def enrol(
    session: Session,
    contact: Contact,
    stage: Stage,
    occasion: Occasion,
    settings: Settings,
    now: datetime,
) -> Enrolment:
    """Decide on one survey and store the decision, also if it is "no". Idempotent per `occasion.key`.

    The caller must lock the contact's row; otherwise two simultaneous decisions could both be "yes".
    """
    already = select(Enrolment).where(
        Enrolment.contact_id == contact.id, Enrolment.stage == stage.key, Enrolment.occurrence == occasion.key
    )
    if (found := session.scalar(already)) is not None:
        return found
    enrolment = Enrolment(
        contact_id=contact.id,
        event_id=occasion.event_id,
        stage=stage.key,
        occurrence=occasion.key,
        questionnaire=stage.questionnaire,
        entered_at=now,
        due_at=occasion.due_at,
        expires_at=occasion.due_at + stage.expires_after.timedelta,
        created_at=now,
        decided_at=now,
        state=EnrolmentState.SCHEDULED,
        explanation=[],
    )
    decide(session, enrolment, contact, stage, settings, now)
    session.add(enrolment)
    session.flush()
    return enrolment


def decide(
    session: Session, enrolment: Enrolment, contact: Contact, stage: Stage, settings: Settings, now: datetime
) -> Send | None:
    """Apply the contact policy to an enrolment. Returns the Send if it may be sent, now or later.

    If the contact was surveyed too recently and the stage waits, the enrolment stays scheduled for the end of
    the gap.
    """
    intended = Intended(stage.priority, stage.channels, enrolment.due_at, enrolment.expires_at)
    rules = eligibility.policy(settings)
    decision = eligibility.decide_for(session, contact, intended, rules, now, enrolment_id=enrolment.id)
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
    enrolment.state, enrolment.reason = EnrolmentState.SKIPPED, decision.code
    enrolment.explanation = [_unable(decision)]
    return None


def with_earlier(before: Sequence[Any], reasons: list[dict[str, Any]]) -> list[Any]:
    """Keep the reasons for an earlier postponement, which a later decision no longer contains."""
    present = {each["code"] for each in reasons}
    return [*(each for each in before if each["code"] not in present), *reasons]


def _unable(decision: Skip) -> dict[str, Any]:
    return {"code": decision.code, "params": dict(decision.params)}


def plan_dates(session: Session, context: Context, now: datetime) -> int:
    """Enrol the contacts of accounts whose date (such as a renewal) is near. Returns the number of new enrolments."""
    planned = 0
    for stage in context.library.journey.stages:
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
            occasion = Occasion(f"date:{day.isoformat()}", max(enter, now))
            enrol(session, contact, stage, occasion, context.settings, now)
            planned += 1
    return planned


def plan_recurring(
    session: Session,
    context: Context,
    now: datetime,
    only: ColumnElement[bool] | None = None,
) -> int:
    """Enrol all contacts whose day in a cadence has come, once per day. Returns the number of new enrolments.

    Each contact has a fixed day of the cycle; the days are spread evenly over all contacts. `only` limits the
    contacts.
    """
    planned = 0
    for stage in context.library.journey.stages:
        if stage.enter.every is None:
            continue
        cadence = max(1, stage.enter.every.timedelta.days)
        for day in _days_to_plan(session, stage, now):
            for contact_id, cycle in list(turns(session, cadence, day, only)):
                contact = eligibility.lock(session, {contact_id})[0]
                enrol(session, contact, stage, Occasion(f"cycle:{cycle}", now), context.settings, now)
                planned += 1
    return planned


def _stored(session: Session, event: Event) -> JourneyEvent | None:
    stored = session.scalar(select(JourneyEvent).where(JourneyEvent.key == event.key))
    if stored is None:
        return None
    contact = session.scalar(select(Contact.external_id).where(Contact.id == stored.contact_id))
    if (stored.name, contact) != (event.name, event.contact):
        raise Conflict("Use another key: this one was used for an event with another name or contact.")
    return stored


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


def turns(
    session: Session, cadence: int, day: date, only: ColumnElement[bool] | None = None
) -> Iterator[tuple[int, int]]:
    """(contact, number of the cycle) of all contacts whose recurring survey is on `day`."""
    number = day.toordinal()
    everybody = (
        select(Contact.id, Contact.external_id).where(Contact.erased_at.is_(None)).order_by(Contact.id)
    )
    rows = session.execute(everybody if only is None else everybody.where(only))
    for contact_id, external_id in rows:
        if number % cadence == spread(external_id, cadence):
            yield contact_id, number // cadence


def next_day_to_plan(session: Session, stage: Stage, now: datetime) -> date:
    """The first day of a cadence that is not planned yet: tomorrow, if the worker has run today."""
    return _last_planned(session.scalar(_bookmark(stage)), now.date()) + timedelta(days=1)


def _days_to_plan(session: Session, stage: Stage, now: datetime) -> list[date]:
    """The days up to today that are not planned yet; moves the bookmark to today."""
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
    """The last day that does not need to be planned any more."""
    if bookmark is None:
        return today - timedelta(days=1)
    return max(date.fromisoformat(bookmark.value), today - CATCH_UP)
