"""The forecast of `feedback plan`: which messages will be sent to whom, when, and why then. It changes nothing.

It applies the contact policy to the past surveys and to those that the forecast itself adds. Unknown future events,
answers and opt-outs are not included.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from feedback.core.contact.policy import Decision, History, Intended, PastContact, Policy, Send, decide
from feedback.core.journey import Stage
from feedback.core.lifecycle import INVITATION_NOT_BEGUN, EnrolmentState, MessageState
from feedback.core.time.duration import Duration
from feedback.core.time.local_days import day_of
from feedback.library import Library
from feedback.services.contact import eligibility
from feedback.services.context import Context
from feedback.services.journey import enrolments, invitations
from feedback.store.database import zone_of
from feedback.store.models import Account, Contact, Enrolment, Invitation, Message


@dataclass(frozen=True, slots=True)
class Planned:
    """One decided survey. `at` and `channel` are None if it is not sent.

    `explanation` has the form of `Enrolment.explanation`: a code and its parameters for each step.
    """

    contact: str  # external id
    stage: str
    wanted: datetime
    at: datetime | None
    channel: str | None
    explanation: list[dict[str, Any]]
    next_allowed: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """The forecast; each list is ordered by time.

    zone        the organisation's time zone, of the days in `per_day`
    rows        surveys that will be decided
    waiting     queued messages that wait to be sent
    reminders   of these and of sent surveys, if nobody answers by then
    """

    zone: tzinfo
    rows: list[Planned]
    waiting: list[Planned] = field(default_factory=list)
    reminders: list[Planned] = field(default_factory=list)
    per_day: Counter[date] = field(default_factory=Counter)
    per_channel: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def sent(self) -> int:
        return sum(self.per_day.values())

    @property
    def everything(self) -> list[Planned]:
        return sorted([*self.rows, *self.waiting, *self.reminders], key=_moment)


def _moment(row: Planned) -> datetime:
    return row.at or row.wanted


@dataclass(frozen=True, slots=True)
class _PlannedSurvey:
    contact_id: int
    stage: Stage
    wanted: datetime
    expires: datetime
    enrolment_id: int | None = None
    earlier: Sequence[Any] = ()  # why it was postponed to `wanted`

    @property
    def turn(self) -> tuple[datetime, int, int]:
        """The sort key: by time, then the more important first."""
        return self.wanted, -self.stage.priority, self.contact_id


@dataclass(frozen=True, slots=True)
class _Asked:
    """A sent or forecast survey and its reminders: the first at `remind_at`, then each of `gaps` after the previous
    reminder."""

    contact_id: int
    stage: Stage
    channel: str
    remind_at: datetime
    gaps: tuple[timedelta, ...]
    expires: datetime


def plan(session: Session, context: Context, now: datetime, days: int = 30) -> Plan:
    """Forecast everything that is scheduled, or follows from dates and cadences, within `days`."""
    library, until = context.library, now + timedelta(days=days)
    surveys = [
        *_scheduled(session, library, until),
        *_by_date(session, library, now, until),
        *_by_turn(session, library, now, until),
    ]
    rules = eligibility.policy(context.settings)
    forecast = _ForecastHistory(session, rules, now)
    rows = []
    waiting = [(each.turn, number, each) for number, each in enumerate(surveys)]
    heapq.heapify(waiting)
    while waiting:
        _, number, survey = heapq.heappop(waiting)
        decided = forecast.decide(survey)
        if isinstance(decided, Planned):
            rows.append(decided)
        elif decided.wanted <= until:
            heapq.heappush(waiting, (decided.turn, number, decided))
    found = _summed(sorted(rows, key=_moment), zone_of(session))
    found.waiting.extend(_written(session, until))
    asked = [*_asked(session, library, now), *forecast.asked]
    found.reminders.extend(sorted(_reminders(session, asked, rules, now, until), key=_moment))
    return found


class _ForecastHistory:
    """The past surveys, and those that the forecast has added so far."""

    def __init__(self, session: Session, rules: Policy, now: datetime) -> None:
        self._session, self._rules, self._now = session, rules, now
        self._of_address: dict[str, list[PastContact]] = defaultdict(list)
        self._of_account: dict[int, list[PastContact]] = defaultdict(list)
        self.asked: list[_Asked] = []

    def decide(self, survey: _PlannedSurvey) -> Planned | _PlannedSurvey:
        """The decision on a survey; if its stage waits because of a recent survey, the survey at the end of the gap."""
        contact = self._session.get_one(Contact, survey.contact_id)
        decision = self._decision(contact, survey)
        name = contact.external_id
        if not isinstance(decision, Send):
            said = [{"code": decision.code, "params": dict(decision.params)}]
            if (
                survey.stage.wait_out_rest
                and decision.next_allowed
                and decision.next_allowed < survey.expires
            ):
                return replace(survey, wanted=decision.next_allowed, earlier=said)
            return Planned(name, survey.stage.key, survey.wanted, None, None, said, decision.next_allowed)
        past = PastContact(decision.at, survey.stage.priority)
        for address in contact.addresses.values():  # everybody with one phone rests as one
            self._of_address[address].append(past)
        if contact.account_id:
            self._of_account[contact.account_id].append(past)
        self.asked += _reminders_of(contact.id, survey.stage, decision.channel, decision.at)
        explanation = enrolments.with_earlier(survey.earlier, eligibility.explained(decision.reasons))
        return Planned(name, survey.stage.key, survey.wanted, decision.at, decision.channel, explanation)

    def _decision(self, contact: Contact, survey: _PlannedSurvey) -> Decision:
        known = eligibility.history(self._session, contact, self._now, self._rules, survey.enrolment_id)
        history = History(
            (
                *known.contact,
                *(past for each in contact.addresses.values() for past in self._of_address[each]),
            ),
            (*known.account, *self._of_account[contact.account_id]) if contact.account_id else (),
        )
        intended = Intended(survey.stage.priority, survey.stage.channels, survey.wanted, survey.expires)
        person = eligibility.recipient(self._session, contact)
        return decide(intended, person, history, self._rules, max(self._now, survey.wanted))


def _reminders_of(contact_id: int, stage: Stage, channel: str, sent: datetime) -> Iterator[_Asked]:
    """The reminders of a survey that is sent at `sent`."""
    if stage.reminders:
        first, *gaps = (each.timedelta for each in stage.reminders)
        expires = sent + stage.expires_after.timedelta
        yield _Asked(contact_id, stage, channel, sent + first, tuple(gaps), expires)


def _asked(session: Session, library: Library, now: datetime) -> Iterator[_Asked]:
    """Sent or queued surveys that are unanswered."""
    rows = session.execute(
        select(Invitation, Message.due_at)
        .outerjoin(
            Message,
            and_(
                Message.invitation_id == Invitation.id,
                Message.purpose == "invitation",
                Message.state == MessageState.QUEUED,
            ),
        )
        .where(Invitation.state.in_(INVITATION_NOT_BEGUN), Invitation.answered_at.is_(None))
        .where(Invitation.expires_at > now)
    )
    for invitation, due_at in rows:
        stage = library.journey.stage(invitation.stage)
        gaps = tuple(Duration.parse(each).timedelta for each in invitation.reminders)
        gaps = gaps[invitation.reminders_sent :]
        remind_at = invitation.remind_at or (due_at + gaps[0] if due_at and gaps else None)
        if stage and remind_at:
            yield _Asked(
                invitation.contact_id, stage, invitation.channel, remind_at, gaps[1:], invitation.expires_at
            )


def _reminders(
    session: Session, asked: Iterable[_Asked], rules: Policy, now: datetime, until: datetime
) -> Iterator[Planned]:
    for each in asked:
        contact = session.get_one(Contact, each.contact_id)
        channels = invitations.other_first(each.stage, each.channel)
        wanted: datetime | None = each.remind_at
        gaps = iter(each.gaps)
        while wanted and wanted <= until:
            decision = eligibility.decide_again(
                session, contact, channels, each.expires, rules, max(now, wanted), each.stage.priority
            )
            yield _reminder(contact.external_id, each.stage, wanted, decision)
            gap = next(gaps, None)
            wanted = decision.at + gap if gap and isinstance(decision, Send) else None


def _reminder(contact: str, stage: Stage, wanted: datetime, decision: Decision) -> Planned:
    why: list[dict[str, Any]] = [{"code": "reminder_unless_answered", "params": {}}]
    if isinstance(decision, Send):
        told = eligibility.explained(decision.reasons)
        return Planned(contact, stage.key, wanted, decision.at, decision.channel, [*why, *told])
    skipped = {"code": decision.code, "params": dict(decision.params)}
    return Planned(contact, stage.key, wanted, None, None, [*why, skipped])


def _written(session: Session, until: datetime) -> Iterator[Planned]:
    """Queued messages of surveys, with the reasons for their time."""
    rows = session.execute(
        select(Message, Contact.external_id, Invitation.stage, Enrolment.explanation)
        .join(Invitation, Message.invitation_id == Invitation.id)
        .join(Contact, Contact.id == Invitation.contact_id)
        .outerjoin(Enrolment, Enrolment.id == Invitation.enrolment_id)
        .where(Message.state == MessageState.QUEUED, Message.purpose.in_(("invitation", "reminder")))
        .where(Message.due_at <= until)
        .order_by(Message.due_at)
    )
    for message, contact, stage, earlier in rows:
        why = [{"code": f"{message.purpose}_written", "params": {}}, *(earlier or [])]
        if message.state_reason:
            why.append({"code": message.state_reason, "params": {}})
        yield Planned(contact, stage, message.created_at, message.due_at, message.channel, why)


def _scheduled(session: Session, library: Library, until: datetime) -> Iterator[_PlannedSurvey]:
    rows = session.execute(
        select(
            Enrolment.id,
            Enrolment.contact_id,
            Enrolment.stage,
            Enrolment.due_at,
            Enrolment.expires_at,
            Enrolment.explanation,
        ).where(Enrolment.state == EnrolmentState.SCHEDULED, Enrolment.due_at <= until)
    )
    for number, contact_id, key, due_at, expires_at, earlier in rows:
        if stage := library.journey.stage(key):
            yield _PlannedSurvey(contact_id, stage, due_at, expires_at, number, earlier)


def _by_date(session: Session, library: Library, now: datetime, until: datetime) -> Iterator[_PlannedSurvey]:
    """Contacts whose account's date is near and who are not enrolled for it yet."""
    for stage in library.journey.stages:
        if stage.enter.date is None:
            continue
        column = getattr(Account, stage.enter.date)
        first, last = enrolments.entry_days(stage, now)[0], enrolments.entry_days(stage, until)[1]
        rows = session.execute(
            select(Contact.id, column)
            .join(Account, Contact.account_id == Account.id)
            .where(column.between(first, last), Contact.erased_at.is_(None))
            .where(~enrolments.enrolled(stage.key, column))
        )
        for contact_id, day in rows:
            enters = datetime.combine(enrolments.entry_day(stage, day), time(), UTC)
            yield _planned(contact_id, stage, max(enters, now))


def _by_turn(session: Session, library: Library, now: datetime, until: datetime) -> Iterator[_PlannedSurvey]:
    """Recurring surveys of days that the worker has not planned yet; planned ones are scheduled already."""
    for stage in library.journey.stages:
        if stage.enter.every is None:
            continue
        cadence = max(1, stage.enter.every.timedelta.days)
        day = enrolments.next_day_to_plan(session, stage, now)
        while day <= until.date():
            wanted = max(datetime.combine(day, time(), UTC), now)
            for contact_id, _ in enrolments.turns(session, cadence, day):
                yield _planned(contact_id, stage, wanted)
            day += timedelta(days=1)


def _planned(contact_id: int, stage: Stage, wanted: datetime) -> _PlannedSurvey:
    return _PlannedSurvey(contact_id, stage, wanted, wanted + stage.expires_after.timedelta)


def _summed(rows: Iterable[Planned], zone: tzinfo) -> Plan:
    found = Plan(zone, list(rows))
    for row in found.rows:
        if row.at and row.channel:
            found.per_day[day_of(row.at, zone)] += 1
            found.per_channel[row.channel] += 1
        else:
            found.skipped[row.explanation[0]["code"]] += 1
    return found
