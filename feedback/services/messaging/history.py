"""Delivery figures, lists of messages, and the timeline of one invitation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session, joinedload

from feedback.core.lifecycle import (
    MESSAGE_HANDED_OVER,
    MESSAGE_IN_DOUBT,
    MESSAGE_LOST,
    MESSAGE_WAITING,
    EnrolmentState,
    InvitationState,
    MessageState,
)
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Period
from feedback.errors import NotFound
from feedback.providers import terms_of
from feedback.services import access
from feedback.services.access import Viewer
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
"""States in which a provider has accepted, and bills, the message."""


@dataclass
class Tally:
    """The messages of one day (of their creation), provider and sender; `sent` includes delivered ones.

    `sender` is the number or name that the provider reported, empty if nothing was sent. `cost` is in the
    currency of the organisation.
    """

    day: date
    provider: str
    sender: str
    states: Counter[str] = field(default_factory=Counter)
    segments: int = 0
    cost: float = 0.0

    @property
    def sent(self) -> int:
        return sum(self.states[state] for state in MESSAGE_HANDED_OVER)

    @property
    def delivered(self) -> int:
        return self.states[MessageState.DELIVERED]

    @property
    def failed(self) -> int:
        return sum(self.states[state] for state in MESSAGE_LOST)


@dataclass(frozen=True, slots=True)
class DeliveryFigures:
    """`lost` counts failed and `called_off` cancelled messages by (provider, reason), `skipped` surveys by (stage,
    reason)."""

    days: Sequence[Tally]
    lost: Mapping[tuple[str, str], int]
    called_off: Mapping[tuple[str, str], int]
    skipped: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One past or future step of the timeline; `code` is translated, `params` fill its placeholders."""

    at: datetime
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """An invitation, its messages, and its timeline."""

    invitation: Invitation
    messages: Sequence[Message]
    steps: Sequence[StoryStep]


# --- In numbers -----------------------------------------------------------------------------------


def figures(session: Session, settings: Settings, now: datetime, days: int) -> DeliveryFigures:
    """The figures of the last `days` days, including today, from two queries over indexed columns."""
    today = day_of(now, zone_of(session))
    since, until = Period(today - timedelta(days=days - 1), today).moments(zone_of(session))
    tallies: dict[tuple[date, str, str], Tally] = {}
    lost: Counter[tuple[str, str]] = Counter()
    called_off: Counter[tuple[str, str]] = Counter()
    for day, provider, sender, channel, state, reason, number, parts in _counted(session, since, until):
        tally = tallies.setdefault((day, provider, sender), Tally(day, provider, sender))
        tally.states[state] += number
        if state in MESSAGE_HANDED_OVER and channel == "sms":
            tally.segments += int(parts or 0)
            tally.cost += int(parts or 0) * terms_of(provider, settings).cost_per_segment
        if state in MESSAGE_LOST:
            lost[provider, reason or "unknown"] += number
        elif state == MessageState.CANCELLED:
            called_off[provider, reason or "unknown"] += number
    return DeliveryFigures(
        sorted(tallies.values(), key=lambda each: (-each.day.toordinal(), each.provider, each.sender)),
        dict(lost.most_common()),
        dict(called_off.most_common()),
        _skipped(session, since),
    )


def _counted(
    session: Session, since: datetime, until: datetime
) -> Iterable[Row[date, str, str, str, str, str | None, int, int]]:
    day = local_day(session, Message.created_at, since, until)
    sender = func.coalesce(Message.sender, "")
    kept = (day, Message.provider, sender, Message.channel, Message.state, Message.state_reason)
    return session.execute(
        select(*kept, func.count(), func.sum(Message.segments))
        .where(Message.created_at >= since)
        .group_by(*kept)
    )


def _skipped(session: Session, since: datetime) -> Mapping[tuple[str, str], int]:
    rows = session.execute(
        select(Enrolment.stage, Enrolment.reason, func.count())
        .where(
            Enrolment.state.in_((EnrolmentState.SKIPPED, EnrolmentState.CANCELLED)), Enrolment.due_at >= since
        )
        .group_by(Enrolment.stage, Enrolment.reason)
        .order_by(func.count().desc())
    )
    return {(stage, reason or "unknown"): number for stage, reason, number in rows}


def not_asked(session: Session, viewer: Viewer, limit: int = 20) -> Sequence[Row[Enrolment, Contact]]:
    """(enrolment, contact) of the surveys that the policy skipped, the latest decision first."""
    return session.execute(
        select(Enrolment, Contact)
        .join(Contact, Contact.id == Enrolment.contact_id)
        .options(joinedload(Contact.account))
        .where(
            access.without_or_in_accounts_of(viewer, Contact.account_id),
            Enrolment.state == EnrolmentState.SKIPPED,
        )
        .order_by(Enrolment.id.desc())
        .limit(limit)
    ).all()


# --- Messages -------------------------------------------------------------------------------------


def messages(
    session: Session, viewer: Viewer, state: str | None = None, before: int | None = None
) -> Sequence[Row[Message, Contact]]:
    """(message, contact or None), the latest first; `state` can be "doubt" for held and unconfirmed messages.

    Messages to staff are only listed while somebody has to decide on them.
    """
    query = (
        select(Message, Contact)
        .outerjoin(Contact, Contact.id == Message.contact_id)
        .options(joinedload(Contact.account))
        .where(access.without_or_in_accounts_of(viewer, Contact.account_id))
        .where(or_(Message.user_id.is_(None), Message.state.in_(MESSAGE_IN_DOUBT)))
        .order_by(Message.id.desc())
        .limit(AT_ONCE)
    )
    groups = {"doubt": MESSAGE_IN_DOUBT, "lost": MESSAGE_LOST, "waiting": MESSAGE_WAITING}
    if state is not None:
        query = query.where(Message.state.in_(groups.get(state, (state,))))
    if before is not None:
        query = query.where(Message.id < before)
    return session.execute(query).all()


# --- The story of one invitation ------------------------------------------------------------------


def story(session: Session, invitation_id: int, viewer: Viewer) -> Story:
    """The timeline of an invitation. Raises NotFound, also if the viewer cannot see it."""
    invitation = session.scalar(
        select(Invitation)
        .where(
            Invitation.id == invitation_id, access.without_or_in_accounts_of(viewer, Invitation.account_id)
        )
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


def _planning(enrolment: Enrolment | None) -> Iterator[StoryStep]:
    if enrolment is None:
        return
    if enrolment.event:
        yield StoryStep(enrolment.event.occurred_at, "event", {"name": enrolment.event.name})
    why, _, which = enrolment.occurrence.partition(":")
    yield StoryStep(enrolment.created_at, f"planned_{why}", {"stage": enrolment.stage, "which": which})
    for reason in enrolment.explanation:
        at = reason["params"].get("at")
        yield StoryStep(
            datetime.fromisoformat(at) if at else enrolment.created_at, reason["code"], reason["params"]
        )


def _sending(session: Session, sent: Sequence[Message]) -> Iterator[StoryStep]:
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
            yield StoryStep(
                bounce.received_at, "bounced", {"purpose": message.purpose, "code": bounce.status}
            )
    for copy in copies:
        yield StoryStep(copy.noticed_at, "copied")


def _message(message: Message, tried: Sequence[Attempt], told: Sequence[Receipt]) -> Iterator[StoryStep]:
    about = {"purpose": message.purpose, "channel": message.provider, "number": message.occurrence}
    yield StoryStep(message.created_at, "written", about)
    for attempt in tried:
        code = "tried" if attempt.outcome in (None, "sent") else "tried_in_vain"
        yield StoryStep(
            attempt.started_at, code, {**about, "attempt": attempt.number, "reason": attempt.code or ""}
        )
    if message.sent_at:
        yield StoryStep(message.sent_at, "sent", {**about, "segments": message.segments or 0})
    for receipt in told:
        if receipt.status not in ("delivered", "sent", "queued"):
            yield StoryStep(receipt.received_at, "reported", {**about, "code": receipt.code or "–"})
    if message.delivered_at:
        yield StoryStep(message.delivered_at, "delivered", about)
    last = max(
        [message.created_at]
        + [each.ended_at or each.started_at for each in tried]
        + [each.received_at for each in told]
    )
    if message.state in MESSAGE_LOST | MESSAGE_IN_DOUBT | {MessageState.CANCELLED}:
        yield StoryStep(last, message.state, {**about, "reason": message.state_reason or "unknown"})
    elif message.state == MessageState.QUEUED:
        yield StoryStep(message.due_at, "due", {**about, "reason": message.state_reason or ""})


def _answering(session: Session, invitation: Invitation) -> Iterator[StoryStep]:
    if invitation.opened_at:
        yield StoryStep(invitation.opened_at, "opened")
    response = session.scalar(select(Response).where(Response.invitation_id == invitation.id))
    if response:
        code = "answered_by_machine" if response.provisional else "answered"
        yield StoryStep(response.answered_at, code, {"source": response.source})
        if response.completed_at and response.completed_at != response.answered_at:
            yield StoryStep(response.completed_at, "completed")
    replies = session.scalars(
        select(InboundReply).where(
            InboundReply.contact_id == invitation.contact_id, InboundReply.invitation_id == invitation.id
        )
    )
    for reply in replies:
        yield StoryStep(reply.received_at, "replied", {"meaning": reply.meaning})


def _ending(invitation: Invitation) -> Iterator[StoryStep]:
    if invitation.remind_at:
        yield StoryStep(invitation.remind_at, "reminder_planned")
    if invitation.answered_at is None and invitation.state not in (
        InvitationState.SKIPPED,
        InvitationState.FAILED,
        InvitationState.WITHDRAWN,
    ):
        yield StoryStep(
            invitation.expires_at, "expired" if invitation.state == InvitationState.EXPIRED else "expires"
        )
