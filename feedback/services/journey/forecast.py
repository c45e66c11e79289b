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
from itertools import chain, islice
from typing import Any, Literal

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from feedback.core.audience import NOBODY, Facts
from feedback.core.contact.policy import Decision, History, Intended, PastContact, Send, decide
from feedback.core.journey import Stage
from feedback.core.lifecycle import INVITATION_NOT_BEGUN, EnrolmentState, MessageState
from feedback.core.questionnaire import Questionnaire
from feedback.core.time.duration import Duration
from feedback.core.time.local_days import day_of
from feedback.library import Library
from feedback.services.contact import eligibility
from feedback.services.context import Context
from feedback.services.journey import enrolments, invitations, stages
from feedback.store.database import zone_of
from feedback.store.models import Contact, Enrolment, Invitation, Message

Kind = Literal["survey", "waiting", "reminder"]
BLOCK = 1_000
"""Contacts that are read at once."""


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


@dataclass(slots=True)
class Totals:
    """The forecast in numbers.

    zone        the organisation's time zone, of the days
    surveys     (day, channel) -> surveys that are sent
    skipped     reason -> surveys that are not sent
    waiting     queued messages that wait to be sent
    reminders   of these and of sent surveys, if nobody answers by then
    """

    zone: tzinfo
    surveys: Counter[tuple[date, str]] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    reminders: int = 0

    @property
    def sent(self) -> int:
        return self.surveys.total()

    @property
    def per_day(self) -> Counter[date]:
        return self._by(0)

    @property
    def per_channel(self) -> Counter[str]:
        return self._by(1)

    def _by(self, place: int) -> Counter[Any]:
        counts: Counter[Any] = Counter()
        for key, number in self.surveys.items():
            counts[key[place]] += number
        return counts

    def count(self, kind: Kind, row: Planned) -> None:
        if kind == "waiting":
            self.waiting += 1
        elif kind == "reminder":
            self.reminders += row.at is not None
        elif row.at and row.channel:
            self.surveys[day_of(row.at, self.zone), row.channel] += 1
        else:
            self.skipped[row.explanation[0]["code"]] += 1


@dataclass(frozen=True)
class Plan:
    """The forecast with all its rows; each list is ordered by time. The names are those of `Totals`."""

    totals: Totals
    rows: list[Planned] = field(default_factory=list)
    waiting: list[Planned] = field(default_factory=list)
    reminders: list[Planned] = field(default_factory=list)

    @property
    def per_day(self) -> Counter[date]:
        return self.totals.per_day

    @property
    def per_channel(self) -> Counter[str]:
        return self.totals.per_channel

    @property
    def skipped(self) -> Counter[str]:
        return self.totals.skipped

    @property
    def sent(self) -> int:
        return self.totals.sent


def by_time(row: Planned) -> datetime:
    """The sort key of rows."""
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
    found = Plan(Totals(zone_of(session)))
    lists: dict[Kind, list[Planned]] = {
        "survey": found.rows, "waiting": found.waiting, "reminder": found.reminders
    }  # fmt: skip
    for kind, row in foresee(session, context, now, days):
        found.totals.count(kind, row)
        lists[kind].append(row)
    for rows in lists.values():
        rows.sort(key=by_time)
    return found


def foresee(
    session: Session, context: Context, now: datetime, days: int = 30
) -> Iterator[tuple[Kind, Planned]]:
    """The rows of `plan`, one after the other as they are decided, so that a large base needs little memory."""
    library, until = context.library, now + timedelta(days=days)
    surveys = [
        *_scheduled(session, library, until),
        *_by_date(session, library, now, until),
        *_by_turn(session, library, now, until),
    ]
    forecast = _Forecast(session, context, now, until)
    for planned in forecast.decide_all(surveys):
        yield "survey", planned
    for planned in _written(session, until):
        yield "waiting", planned
    for planned in forecast.reminders(chain(_asked(session, library, now, until), forecast.asked)):
        yield "reminder", planned


class _Forecast:
    """The past surveys, and those that the forecast has added so far. Contacts are read in blocks."""

    def __init__(self, session: Session, context: Context, now: datetime, until: datetime) -> None:
        self._questionnaires = context.library.questionnaires
        journey = stages.with_campaigns(session, context.library.journey)
        asked = (self._questionnaires.get(each.questionnaire) for each in journey.stages)
        self._selective = context.library.journey.is_selective or any(each and each.facts for each in asked)
        self._session, self._rules = session, eligibility.policy(context.settings)
        self._now, self._until = now, until
        self._of_address: dict[str, list[PastContact]] = defaultdict(list)
        self._of_account: dict[int, list[PastContact]] = defaultdict(list)
        self.asked: list[_Asked] = []

    def decide_all(self, surveys: Iterable[_PlannedSurvey]) -> Iterator[Planned]:
        """The decisions on surveys, in the order of their times. A survey whose stage waits because of a recent one
        comes again at the end of the gap."""
        later = [(each.turn, number, each) for number, each in enumerate(surveys)]
        heapq.heapify(later)
        while later:
            block = [
                heapq.heappop(later) for _ in range(min(BLOCK, len(later)))
            ]  # in order, so it is a heap as well
            end = block[-1]
            contacts, known = self._know({each.contact_id for _, _, each in block})
            while block:
                _, number, survey = heapq.heappop(block)
                decided = self._decide(contacts[survey.contact_id], survey, known)
                if isinstance(decided, Planned):
                    yield decided
                elif decided.wanted <= self._until:
                    again = (decided.turn, number, decided)
                    heapq.heappush(block if again < end else later, again)

    def reminders(self, asked: Iterable[_Asked]) -> Iterator[Planned]:
        """The reminders of these surveys, if nobody answers."""
        rows = iter(asked)
        while block := list(islice(rows, BLOCK)):
            contacts, known = self._know({each.contact_id for each in block}, surveys=False)
            for each in block:
                yield from self._reminders(contacts[each.contact_id], each, known)

    def _know(
        self, contact_ids: set[int], *, surveys: bool = True
    ) -> tuple[dict[int, Any], eligibility.Known]:
        people = eligibility.people(self._session, contact_ids)
        selective = surveys and self._selective
        known = eligibility.know(
            self._session, people, self._rules, self._now, surveys=surveys, selective=selective
        )
        return {each.id: each for each in people}, known

    def _decide(
        self, contact: Any, survey: _PlannedSurvey, known: eligibility.Known
    ) -> Planned | _PlannedSurvey:
        """The decision on a survey; if its stage waits because of a recent survey, the survey at the end of the gap."""
        stage, name = survey.stage, contact.external_id
        addresses = [address for _, address in eligibility.addresses(contact)]
        intended = Intended(stage.priority, stage.channels, survey.wanted, survey.expires, stage.only_if)
        decision = decide(
            intended,
            known.recipient(contact),
            self._history(contact, addresses, known.history(contact, survey.enrolment_id)),
            self._rules,
            max(self._now, survey.wanted),
        )
        if not isinstance(decision, Send):
            said = [{"code": decision.code, "params": dict(decision.params)}]
            if stage.wait_out_rest and decision.next_allowed and decision.next_allowed < survey.expires:
                return replace(survey, wanted=decision.next_allowed, earlier=said)
            return Planned(name, stage.key, survey.wanted, None, None, said, decision.next_allowed)
        whole = self._questionnaires.get(stage.questionnaire)
        if asks_nothing(whole, known.recipient(contact).facts, decision.channel):
            said = [{"code": "nothing_to_ask", "params": {}}]
            return Planned(name, stage.key, survey.wanted, None, None, said, None)
        past = PastContact(decision.at, stage.priority)
        for address in addresses:  # everybody with one phone rests as one
            self._of_address[address].append(past)
        if contact.account_id:
            self._of_account[contact.account_id].append(past)
        if asked := _asked_at(contact.id, stage, decision.channel, decision.at, self._until):
            self.asked.append(asked)
        explanation = enrolments.with_earlier(survey.earlier, eligibility.explained(decision.reasons))
        return Planned(name, stage.key, survey.wanted, decision.at, decision.channel, explanation)

    def _history(self, contact: Any, addresses: Sequence[str], known: History) -> History:
        own = (past for address in addresses for past in self._of_address.get(address, ()))
        account = self._of_account.get(contact.account_id, ()) if contact.account_id else ()
        return History((*known.contact, *own), (*known.account, *account))

    def _reminders(self, contact: Any, asked: _Asked, known: eligibility.Known) -> Iterator[Planned]:
        channels = invitations.other_first(asked.stage, asked.channel)
        wanted: datetime | None = asked.remind_at
        gaps = iter(asked.gaps)
        while wanted and wanted <= self._until:
            at = max(self._now, wanted)
            intended = Intended(asked.stage.priority, channels, at, asked.expires)
            decision = known.decide_again(contact, intended, at)
            yield _reminder(contact.external_id, asked.stage, wanted, decision)
            gap = next(gaps, None)
            wanted = decision.at + gap if gap and isinstance(decision, Send) else None


class _Stages:
    """The stages of the journey and of campaigns; nothing is sent for those that are on hold."""

    def __init__(self, session: Session, library: Library) -> None:
        self._session, self._library = session, library
        self._known: dict[str, Stage | None] = dict.fromkeys(stages.on_hold(session))

    def find(self, key: str) -> Stage | None:
        if key not in self._known:
            self._known[key] = stages.find_one(self._session, self._library, key)
        return self._known[key]


def asks_nothing(whole: Questionnaire | None, known: Facts | None, channel: str) -> bool:
    """Whether no question is for this customer. Of an event nothing is known before it has happened."""
    if not whole or not whole.facts or any(each.startswith("event.") for each in whole.facts):
        return False
    known = known or NOBODY
    spoken = whole.language_for(known.contact.get("language"))
    asked = whole.asked_of(replace(known, survey={"language": spoken, "channel": channel}))
    return asked.asks_nothing


def _asked_at(contact_id: int, stage: Stage, channel: str, sent: datetime, until: datetime) -> _Asked | None:
    """A survey that is sent at `sent`, if its first reminder is before `until`."""
    if not stage.reminders:
        return None
    first, *gaps = (each.timedelta for each in stage.reminders)
    expires = sent + stage.expires_after.timedelta
    return (
        _Asked(contact_id, stage, channel, sent + first, tuple(gaps), expires)
        if sent + first <= until
        else None
    )


def _asked(session: Session, library: Library, now: datetime, until: datetime) -> Iterator[_Asked]:
    """Sent or queued surveys that are unanswered, as far as their next reminder is before `until`."""
    rows = session.execute(
        select(
            Invitation.contact_id,
            Invitation.stage,
            Invitation.channel,
            Invitation.reminders,
            Invitation.reminders_sent,
            Invitation.remind_at,
            Invitation.expires_at,
            Message.due_at,
        )
        .outerjoin(
            Message,
            and_(
                Message.invitation_id == Invitation.id,
                Message.purpose == "invitation",
                Message.state == MessageState.QUEUED,
            ),
        )
        .where(Invitation.state.in_(INVITATION_NOT_BEGUN), Invitation.answered_at.is_(None))
        .where(Invitation.expires_at > now, or_(Invitation.remind_at <= until, Message.id.is_not(None)))
        .execution_options(yield_per=BLOCK)
    )
    known = _Stages(session, library)
    for row in rows:
        stage = known.find(row.stage)
        gaps = tuple(Duration.parse(each).timedelta for each in row.reminders)[row.reminders_sent :]
        remind_at = row.remind_at or (row.due_at + gaps[0] if row.due_at and gaps else None)
        if stage and remind_at:
            yield _Asked(row.contact_id, stage, row.channel, remind_at, gaps[1:], row.expires_at)


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
        select(
            Message.purpose,
            Message.state_reason,
            Message.created_at,
            Message.due_at,
            Message.channel,
            Contact.external_id,
            Invitation.stage,
            Enrolment.explanation,
        )
        .join(Invitation, Message.invitation_id == Invitation.id)
        .join(Contact, Contact.id == Invitation.contact_id)
        .outerjoin(Enrolment, Enrolment.id == Invitation.enrolment_id)
        .where(Message.state == MessageState.QUEUED, Message.purpose.in_(("invitation", "reminder")))
        .where(Message.due_at <= until)
        .order_by(Message.due_at)
        .execution_options(yield_per=BLOCK)
    )
    for row in rows:
        why = [{"code": f"{row.purpose}_written", "params": {}}, *(row.explanation or [])]
        if row.state_reason:
            why.append({"code": row.state_reason, "params": {}})
        yield Planned(row.external_id, row.stage, row.created_at, row.due_at, row.channel, why)


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
    known = _Stages(session, library)
    for number, contact_id, key, due_at, expires_at, earlier in rows:
        if stage := known.find(key):
            yield _PlannedSurvey(contact_id, stage, due_at, expires_at, number, earlier)


def _by_date(session: Session, library: Library, now: datetime, until: datetime) -> Iterator[_PlannedSurvey]:
    """Contacts whose account's date is near and who are not enrolled for it yet."""
    for stage in library.journey.stages:
        if stage.enter.date is None:
            continue
        first, last = enrolments.entry_days(stage, now)[0], enrolments.entry_days(stage, until)[1]
        for row in session.execute(enrolments.near(stage, first, last)):
            enters = datetime.combine(enrolments.entry_day(stage, row.day), time(), UTC)
            yield _planned(row.id, stage, max(enters, now))


def _by_turn(session: Session, library: Library, now: datetime, until: datetime) -> Iterator[_PlannedSurvey]:
    """Recurring surveys of days that the worker has not planned yet; planned ones are scheduled already."""
    for stage in library.journey.stages:
        if stage.enter.every is None:
            continue
        cadence = max(1, stage.enter.every.timedelta.days)
        day = enrolments.next_day_to_plan(session, stage, now)
        while day <= until.date():
            wanted = max(datetime.combine(day, time(), UTC), now)
            for contact_id in session.scalars(enrolments.turns(cadence, day)):
                yield _planned(contact_id, stage, wanted)
            day += timedelta(days=1)


def _planned(contact_id: int, stage: Stage, wanted: datetime) -> _PlannedSurvey:
    return _PlannedSurvey(contact_id, stage, wanted, wanted + stage.expires_after.timedelta)
