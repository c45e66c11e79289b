"""What will go out in the coming days, to whom, when, and why then: `feedback plan`. Reads, and changes nothing.

The same policy decides here as when a survey is due, over the contacts of the past and those that this plan
itself foresees. What nobody can know (events to come, answers, opt-outs) is not in it.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from feedback.core.contact_policy import Decision, History, Intended, PastContact, Policy, Send, decide
from feedback.core.duration import Duration
from feedback.core.journey import Stage
from feedback.library import Library
from feedback.services.contact import eligibility
from feedback.services.context import Context
from feedback.services.journey import enrolments, invitations
from feedback.store.models import Account, Contact, Enrolment, Invitation, Message


@dataclass(frozen=True, slots=True)
class Planned:
    """One message that is to go out. `at` and `channel` are None where the answer is no.

    `explanation` has the form of `Enrolment.explanation`: a code and its parameters for every step.
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
    """What is to come, each list in the order of its time, and what the surveys add up to.

    rows        surveys that are going to be decided
    waiting     messages that are written and wait for their moment
    reminders   of these and of what is out; nobody can know who will have answered by then
    """

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
class _Wish:
    contact_id: int
    stage: Stage
    wanted: datetime
    expires: datetime
    enrolment_id: int | None = None
    earlier: Sequence[Any] = ()  # why it was put off until `wanted`

    @property
    def turn(self) -> tuple[datetime, int, int]:
        """When it is decided: in the order of time, the more important first."""
        return self.wanted, -self.stage.priority, self.contact_id


@dataclass(frozen=True, slots=True)
class _Asked:
    """A survey that is out, or is to go out, and when it would be brought to mind: first `remind_at`, then each of
    `gaps` after the reminder before."""

    contact_id: int
    stage: Stage
    kind: str
    remind_at: datetime
    gaps: tuple[timedelta, ...]
    expires: datetime


def plan(session: Session, context: Context, now: datetime, days: int = 30) -> Plan:
    """Everything that is scheduled, that a date brings, and whose turn comes within `days`."""
    library, until = context.library, now + timedelta(days=days)
    wishes = [
        *_scheduled(session, library, until),
        *_by_date(session, library, now, until),
        *_by_turn(session, library, now, until),
    ]
    rules = eligibility.policy(context.settings)
    foreseen = _Foreseen(session, rules, now)
    rows = []
    waiting = [(each.turn, number, each) for number, each in enumerate(wishes)]
    heapq.heapify(waiting)
    while waiting:
        _, number, wish = heapq.heappop(waiting)
        decided = foreseen.decide(wish)
        if isinstance(decided, Planned):
            rows.append(decided)
        elif decided.wanted <= until:
            heapq.heappush(waiting, (decided.turn, number, decided))
    found = _summed(sorted(rows, key=_moment))
    found.waiting.extend(_written(session, until))
    asked = [*_asked(session, library, now), *foreseen.asked]
    found.reminders.extend(sorted(_reminders(session, asked, rules, now, until), key=_moment))
    return found


class _Foreseen:
    """The past, and what the plan has added to it so far."""

    def __init__(self, session: Session, rules: Policy, now: datetime) -> None:
        self._session, self._rules, self._now = session, rules, now
        self._of_contact: dict[int, list[PastContact]] = defaultdict(list)
        self._of_account: dict[int, list[PastContact]] = defaultdict(list)
        self.asked: list[_Asked] = []

    def decide(self, wish: _Wish) -> Planned | _Wish:
        """What becomes of it; where its stage waits out the contact's rest, the wish for the end of that."""
        contact = self._session.get_one(Contact, wish.contact_id)
        decision = self._decision(contact, wish)
        name = contact.external_id
        if not isinstance(decision, Send):
            said = [{"code": decision.code, "params": dict(decision.params)}]
            if wish.stage.wait_out_rest and decision.next_allowed and decision.next_allowed < wish.expires:
                return replace(wish, wanted=decision.next_allowed, earlier=said)
            return Planned(name, wish.stage.key, wish.wanted, None, None, said, decision.next_allowed)
        past = PastContact(decision.at, wish.stage.priority)
        self._of_contact[contact.id].append(past)
        if contact.account_id:
            self._of_account[contact.account_id].append(past)
        self.asked += _brought_to_mind(contact.id, wish.stage, decision.channel, decision.at)
        explanation = enrolments.with_earlier(wish.earlier, eligibility.explained(decision.reasons))
        return Planned(name, wish.stage.key, wish.wanted, decision.at, decision.channel, explanation)

    def _decision(self, contact: Contact, wish: _Wish) -> Decision:
        known = eligibility.history(self._session, contact, self._now, self._rules, wish.enrolment_id)
        history = History(
            (*known.contact, *self._of_contact[contact.id]),
            (*known.account, *self._of_account[contact.account_id]) if contact.account_id else (),
        )
        intended = Intended(wish.stage.priority, wish.stage.channels, wish.wanted, wish.expires)
        person = eligibility.recipient(self._session, contact)
        return decide(intended, person, history, self._rules, max(self._now, wish.wanted))


def _brought_to_mind(contact_id: int, stage: Stage, kind: str, sent: datetime) -> Iterator[_Asked]:
    """What may follow a survey that goes out at `sent`."""
    if stage.reminders:
        first, *gaps = (each.timedelta for each in stage.reminders)
        expires = sent + stage.expires_after.timedelta
        yield _Asked(contact_id, stage, kind, sent + first, tuple(gaps), expires)


def _asked(session: Session, library: Library, now: datetime) -> Iterator[_Asked]:
    """Surveys that are out, or written, and that nobody has answered."""
    rows = session.execute(
        select(Invitation, Message.due_at)
        .outerjoin(
            Message,
            and_(
                Message.invitation_id == Invitation.id,
                Message.purpose == "invitation",
                Message.state == "queued",
            ),
        )
        .where(Invitation.state.in_(invitations.WAITING), Invitation.answered_at.is_(None))
        .where(Invitation.expires_at > now)
    )
    for invitation, due_at in rows:
        stage = library.journey.stage(invitation.stage)
        gaps = tuple(Duration.parse(each).timedelta for each in invitation.reminders)
        gaps = gaps[invitation.reminders_sent :]
        remind_at = invitation.remind_at or (due_at + gaps[0] if due_at and gaps else None)
        if stage and remind_at:
            yield _Asked(
                invitation.contact_id, stage, invitation.kind, remind_at, gaps[1:], invitation.expires_at
            )


def _reminders(
    session: Session, asked: Iterable[_Asked], rules: Policy, now: datetime, until: datetime
) -> Iterator[Planned]:
    for each in asked:
        contact = session.get_one(Contact, each.contact_id)
        kinds = invitations.other_first(each.stage, each.kind)
        wanted: datetime | None = each.remind_at
        gaps = iter(each.gaps)
        while wanted and wanted <= until:
            decision = eligibility.decide_again(
                session, contact, kinds, each.expires, rules, max(now, wanted), each.stage.priority
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
    """Messages of surveys that wait in the outbox, with what moved them there."""
    rows = session.execute(
        select(Message, Contact.external_id, Invitation.stage, Enrolment.explanation)
        .join(Invitation, Message.invitation_id == Invitation.id)
        .join(Contact, Contact.id == Invitation.contact_id)
        .outerjoin(Enrolment, Enrolment.id == Invitation.enrolment_id)
        .where(Message.state == "queued", Message.purpose.in_(("invitation", "reminder")))
        .where(Message.due_at <= until)
        .order_by(Message.due_at)
    )
    for message, contact, stage, earlier in rows:
        why = [{"code": f"{message.purpose}_written", "params": {}}, *(earlier or [])]
        if message.state_reason:
            why.append({"code": message.state_reason, "params": {}})
        yield Planned(contact, stage, message.created_at, message.due_at, message.kind, why)


def _scheduled(session: Session, library: Library, until: datetime) -> Iterator[_Wish]:
    rows = session.execute(
        select(
            Enrolment.id,
            Enrolment.contact_id,
            Enrolment.stage,
            Enrolment.due_at,
            Enrolment.expires_at,
            Enrolment.explanation,
        ).where(Enrolment.state == "scheduled", Enrolment.due_at <= until)
    )
    for number, contact_id, key, due_at, expires_at, earlier in rows:
        if stage := library.journey.stage(key):
            yield _Wish(contact_id, stage, due_at, expires_at, number, earlier)


def _by_date(session: Session, library: Library, now: datetime, until: datetime) -> Iterator[_Wish]:
    """Contacts whose account's date comes near, and who are not enrolled for it yet."""
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
            yield _wish(contact_id, stage, max(enters, now))


def _by_turn(session: Session, library: Library, now: datetime, until: datetime) -> Iterator[_Wish]:
    """Recurring surveys; those of days that the worker has planned are among the scheduled ones already."""
    for stage in library.journey.stages:
        if stage.enter.every is None:
            continue
        cadence = max(1, stage.enter.every.timedelta.days)
        day = enrolments.next_day_to_plan(session, stage, now)
        while day <= until.date():
            wanted = max(datetime.combine(day, time(), UTC), now)
            for contact_id, _ in enrolments.turns(session, cadence, day):
                yield _wish(contact_id, stage, wanted)
            day += timedelta(days=1)


def _wish(contact_id: int, stage: Stage, wanted: datetime) -> _Wish:
    return _Wish(contact_id, stage, wanted, wanted + stage.expires_after.timedelta)


def _summed(rows: Iterable[Planned]) -> Plan:
    found = Plan(list(rows))
    for row in found.rows:
        if row.at and row.channel:
            found.per_day[row.at.date()] += 1
            found.per_channel[row.channel] += 1
        else:
            found.skipped[row.explanation[0]["code"]] += 1
    return found
