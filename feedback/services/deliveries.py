"""What went out and what did not, and the story of one invitation from its plan to its answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Row, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from feedback.core.local_days import day_of
from feedback.core.period import Period
from feedback.errors import NotFound
from feedback.services import followups
from feedback.services.followups import Viewer
from feedback.settings import Settings
from feedback.store.database import zone_of
from feedback.store.days import local_day
from feedback.store.models import (
    Attempt,
    Bounce,
    Contact,
    DuplicateSend,
    Enrolment,
    InboundReply,
    Invitation,
    Message,
    Receipt,
    Response,
)

AT_ONCE = 50
LOST = ("failed", "undelivered")
IN_DOUBT = ("held", "unconfirmed")
WAITS = ("queued", "sending")
TAKEN = ("sent", "delivered", "undelivered")
"""States in which a provider has the message, and bills it."""


@dataclass
class Tally:
    """The messages of one day (by when they were written), channel and sender; `sent` includes the delivered ones.

    `sender` is the number or name that the provider reported, empty while nothing has left. `cost` is in the
    currency of `twilio.cost_per_segment`.
    """

    day: date
    channel: str
    sender: str
    states: Counter[str] = field(default_factory=Counter)
    segments: int = 0
    cost: float = 0.0

    @property
    def sent(self) -> int:
        return sum(self.states[state] for state in TAKEN)

    @property
    def delivered(self) -> int:
        return self.states["delivered"]

    @property
    def failed(self) -> int:
        return sum(self.states[state] for state in LOST)


@dataclass(frozen=True, slots=True)
class Figures:
    """`lost` counts (channel, reason) of failures, `called_off` of cancelled messages, `skipped` (stage, reason)."""

    days: Sequence[Tally]
    lost: Mapping[tuple[str, str], int]
    called_off: Mapping[tuple[str, str], int]
    skipped: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened on the way, or will; `code` is translated, `params` are put in."""

    at: datetime
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """An invitation, its messages, and everything that happened, in order."""

    invitation: Invitation
    messages: Sequence[Message]
    steps: Sequence[Step]


# --- In numbers -----------------------------------------------------------------------------------


def figures(session: Session, settings: Settings, now: datetime, days: int) -> Figures:
    """The last `days` days, today among them, in two counting queries over indexed columns."""
    today = day_of(now, zone_of(session))
    since, until = Period(today - timedelta(days=days - 1), today).moments(zone_of(session))
    tallies: dict[tuple[date, str, str], Tally] = {}
    lost: Counter[tuple[str, str]] = Counter()
    called_off: Counter[tuple[str, str]] = Counter()
    for day, channel, sender, kind, state, reason, number, parts in _counted(session, since, until):
        tally = tallies.setdefault((day, channel, sender), Tally(day, channel, sender))
        tally.states[state] += number
        if state in TAKEN and kind == "sms":
            tally.segments += int(parts or 0)
            tally.cost += int(parts or 0) * settings.twilio.cost_per_segment
        if state in LOST:
            lost[channel, reason or "unknown"] += number
        elif state == "cancelled":
            called_off[channel, reason or "unknown"] += number
    return Figures(
        sorted(tallies.values(), key=lambda each: (-each.day.toordinal(), each.channel, each.sender)),
        dict(lost.most_common()),
        dict(called_off.most_common()),
        _skipped(session, since),
    )


def _counted(
    session: Session, since: datetime, until: datetime
) -> Iterable[Row[date, str, str, str, str, str | None, int, int]]:
    day = local_day(session, Message.created_at, since, until)
    sender = func.coalesce(Message.sender, "")
    kept = (day, Message.channel, sender, Message.kind, Message.state, Message.state_reason)
    return session.execute(
        select(*kept, func.count(), func.sum(Message.segments))
        .where(Message.created_at >= since)
        .group_by(*kept)
    )


def _skipped(session: Session, since: datetime) -> Mapping[tuple[str, str], int]:
    rows = session.execute(
        select(Enrolment.stage, Enrolment.reason, func.count())
        .where(Enrolment.state.in_(("skipped", "cancelled")), Enrolment.due_at >= since)
        .group_by(Enrolment.stage, Enrolment.reason)
        .order_by(func.count().desc())
    )
    return {(stage, reason or "unknown"): number for stage, reason, number in rows}


def not_asked(session: Session, viewer: Viewer, limit: int = 20) -> Sequence[Row[Enrolment, Contact]]:
    """(decision, contact) of those whom the policy did not let us ask, the latest decision first."""
    return session.execute(
        select(Enrolment, Contact)
        .join(Contact, Contact.id == Enrolment.contact_id)
        .options(joinedload(Contact.account))
        .where(_visible(viewer, Contact.account_id), Enrolment.state == "skipped")
        .order_by(Enrolment.id.desc())
        .limit(limit)
    ).all()


# --- Messages -------------------------------------------------------------------------------------


def messages(
    session: Session, viewer: Viewer, state: str | None = None, before: int | None = None
) -> Sequence[Row[Message, Contact]]:
    """(message, contact or None), the latest first; `state` may be "doubt" for held and unconfirmed ones.

    Messages to colleagues are listed only while somebody has to decide about them.
    """
    query = (
        select(Message, Contact)
        .outerjoin(Contact, Contact.id == Message.contact_id)
        .options(joinedload(Contact.account))
        .where(_visible(viewer, Contact.account_id))
        .where(or_(Message.user_id.is_(None), Message.state.in_(IN_DOUBT)))
        .order_by(Message.id.desc())
        .limit(AT_ONCE)
    )
    groups = {"doubt": IN_DOUBT, "lost": LOST, "waiting": WAITS}
    if state is not None:
        query = query.where(Message.state.in_(groups.get(state, (state,))))
    if before is not None:
        query = query.where(Message.id < before)
    return session.execute(query).all()


def _visible(viewer: Viewer, account: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    if viewer.sees_all:
        return true()
    return or_(account.is_(None), account.in_(followups.accounts_of(viewer)))


# --- The story of one invitation ------------------------------------------------------------------


def story(session: Session, invitation_id: int, viewer: Viewer) -> Story:
    """Everything that is known of an invitation. Raises NotFound, also for one that is not the viewer's."""
    invitation = session.scalar(
        select(Invitation)
        .where(Invitation.id == invitation_id, _visible(viewer, Invitation.account_id))
        .options(
            joinedload(Invitation.contact),
            joinedload(Invitation.account),
            joinedload(Invitation.version),
            joinedload(Invitation.enrolment).joinedload(Enrolment.event),
        )
    )
    if invitation is None:
        raise NotFound("Invitation not found, or you don't have access to it.")
    sent = session.scalars(
        select(Message).where(Message.invitation_id == invitation.id).order_by(Message.id)
    ).all()
    steps = [
        *_planning(invitation.enrolment),
        *_sending(session, sent),
        *_answering(session, invitation),
        *_ending(invitation),
    ]
    return Story(invitation, sent, sorted(steps, key=lambda step: step.at))


def _planning(enrolment: Enrolment | None) -> Iterator[Step]:
    if enrolment is None:
        return
    if enrolment.event:
        yield Step(enrolment.event.occurred_at, "event", {"name": enrolment.event.name})
    why, _, which = enrolment.occurrence.partition(":")
    yield Step(enrolment.created_at, f"planned_{why}", {"stage": enrolment.stage, "which": which})
    for reason in enrolment.explanation:
        at = reason["params"].get("at")
        yield Step(
            datetime.fromisoformat(at) if at else enrolment.created_at, reason["code"], reason["params"]
        )


def _sending(session: Session, sent: Sequence[Message]) -> Iterator[Step]:
    ids = [message.id for message in sent]
    attempts = session.scalars(select(Attempt).where(Attempt.message_id.in_(ids)).order_by(Attempt.id)).all()
    receipts = session.scalars(select(Receipt).where(Receipt.message_id.in_(ids)).order_by(Receipt.id)).all()
    bounces = session.scalars(select(Bounce).where(Bounce.message_id.in_(ids)).order_by(Bounce.id)).all()
    copies = session.scalars(select(DuplicateSend).where(DuplicateSend.message_id.in_(ids))).all()
    for message in sent:
        tried = [each for each in attempts if each.message_id == message.id]
        told = [each for each in receipts if each.message_id == message.id]
        yield from _message(message, tried, told)
        for bounce in (each for each in bounces if each.message_id == message.id):
            yield Step(bounce.received_at, "bounced", {"purpose": message.purpose, "code": bounce.status})
    for copy in copies:
        yield Step(copy.noticed_at, "copied")


def _message(message: Message, tried: Sequence[Attempt], told: Sequence[Receipt]) -> Iterator[Step]:
    about = {"purpose": message.purpose, "channel": message.channel, "number": message.occurrence}
    yield Step(message.created_at, "written", about)
    for attempt in tried:
        code = "tried" if attempt.outcome in (None, "sent") else "tried_in_vain"
        yield Step(
            attempt.started_at, code, {**about, "attempt": attempt.number, "reason": attempt.code or ""}
        )
    if message.sent_at:
        yield Step(message.sent_at, "sent", {**about, "segments": message.segments or 0})
    for receipt in told:
        if receipt.status not in ("delivered", "sent", "queued"):
            yield Step(receipt.received_at, "reported", {**about, "code": receipt.code or "–"})
    if message.delivered_at:
        yield Step(message.delivered_at, "delivered", about)
    last = max(
        [message.created_at]
        + [each.ended_at or each.started_at for each in tried]
        + [each.received_at for each in told]
    )
    if message.state in (*LOST, *IN_DOUBT, "cancelled"):
        yield Step(last, message.state, {**about, "reason": message.state_reason or "unknown"})
    elif message.state == "queued":
        yield Step(message.due_at, "due", {**about, "reason": message.state_reason or ""})


def _answering(session: Session, invitation: Invitation) -> Iterator[Step]:
    if invitation.opened_at:
        yield Step(invitation.opened_at, "opened")
    response = session.scalar(select(Response).where(Response.invitation_id == invitation.id))
    if response:
        code = "answered_by_machine" if response.provisional else "answered"
        yield Step(response.answered_at, code, {"source": response.source})
        if response.completed_at and response.completed_at != response.answered_at:
            yield Step(response.completed_at, "completed")
    replies = session.scalars(
        select(InboundReply).where(
            InboundReply.contact_id == invitation.contact_id, InboundReply.invitation_id == invitation.id
        )
    )
    for reply in replies:
        yield Step(reply.received_at, "replied", {"meaning": reply.meaning})


def _ending(invitation: Invitation) -> Iterator[Step]:
    if invitation.remind_at:
        yield Step(invitation.remind_at, "reminder_planned")
    if invitation.answered_at is None and invitation.state not in ("skipped", "failed", "withdrawn"):
        yield Step(invitation.expires_at, "expired" if invitation.state == "expired" else "expires")
