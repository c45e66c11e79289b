"""The state changes of a message, and their effect on its invitation."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.lifecycle import (
    INVITATION_RANKS,
    INVITATION_UNDISPATCHED,
    MESSAGE_IN_DOUBT,
    MESSAGE_LOST,
    MESSAGE_UNFINISHED,
    InvitationState,
    MessageState,
    further,
)
from feedback.core.time.duration import Duration
from feedback.errors import DeliveryFailed
from feedback.providers.base import Verdict
from feedback.services import changes, rollups
from feedback.services.changes import ReportedChange
from feedback.services.contact import suppression
from feedback.settings import Problem, Settings
from feedback.store.database import add_once
from feedback.store.models import Attempt, DuplicateSend, Invitation, Message, Receipt

log = structlog.get_logger()

TRY_FOR = timedelta(days=3)
"""A message without an end time is retried for this time."""
BACKOFF_BASE = timedelta(seconds=30)
BACKOFF_CAP = timedelta(hours=1)
SIGN_IN = "sign_in"
"""The purpose of e-mails to staff with a link or a code that signs in."""
SIGN_IN_LIFE = timedelta(hours=2)
"""How long such a link works."""
FOLLOW_UP = "follow_up"
"""The purpose of a message that somebody writes to a customer in a follow-up."""
FOLLOW_UP_LIFE = timedelta(days=7)
"""How long such a message may wait for contact hours, or be tried again. Later it would not fit the conversation."""
RESENT = "resent_unconfirmed"
SENT_BACK = "rate_limited"
WAIT_FOR_LIMIT = 900.0  # seconds


def accepted(
    session: Session,
    message: Message,
    provider_id: str,
    now: datetime,
    *,
    segments: int | None = None,
    sender: str | None = None,
    reason: str | None = None,
) -> None:
    """The provider accepted the message. This applies in every state, because it is certain, except to an attempt
    that the provider has reported as lost since, so that the message was put back into the queue."""
    again = message.state == MessageState.QUEUED or message.attempt > 1
    if message.provider_id is None and again and was_lost(session, message, provider_id):
        return
    confirmed(session, message, provider_id, now, segments=segments, sender=sender, reason=reason)


def confirmed(
    session: Session,
    message: Message,
    provider_id: str,
    now: datetime,
    *,
    segments: int | None = None,
    sender: str | None = None,
    reason: str | None = None,
) -> None:
    """Like `accepted`, for an attempt that is certainly the current one."""
    if message.provider_id not in (None, provider_id):
        duplicated(session, message, provider_id, now)
        return
    message.segments = segments or message.segments
    message.sender = sender or message.sender
    if message.provider_id == provider_id:
        return
    message.state, message.state_reason = MessageState.SENT, reason
    message.provider_id, message.sent_at, message.lease_until = provider_id, now, None
    _forget_secret(message)
    if message.invitation:
        _invitation_sent(session, message.invitation, message, now)


def was_lost(session: Session, message: Message, provider_id: str, besides: int | None = None) -> bool:
    """Whether a receipt (other than the one with the id `besides`) says that this attempt did not arrive."""
    lost = select(Receipt.id).where(
        Receipt.message_id == message.id,
        Receipt.provider_id == provider_id,
        Receipt.status.in_([str(state) for state in MESSAGE_LOST]),
    )
    return session.scalar(lost.where(Receipt.id != besides) if besides else lost) is not None


def sent_back(message: Message, wait: float | None, now: datetime) -> bool:
    """A limit stopped a message that the provider had accepted: queue it for later. False if that is too late.

    The wait is spread, so that a whole day's messages do not run into the limit again together.
    """
    seconds = (wait or WAIT_FOR_LIMIT) * random.uniform(1.0, 1.5)  # noqa: S311 - spreads load, keeps no secret
    again = now + timedelta(seconds=seconds)
    if again >= last_chance(message):
        return False
    message.provider_id = None
    requeue(message, SENT_BACK, again)
    return True


def duplicated(session: Session, message: Message, provider_id: str, now: datetime) -> None:
    """Record that the provider has two copies of one message."""
    incident = DuplicateSend(message_id=message.id, provider_id=provider_id, noticed_at=now)
    if not add_once(session, incident):
        return  # recorded already
    log.error("message.duplicate", message=message.id, attempt=message.attempt)


def unconfirmed(message: Message, code: str, settings: Settings, now: datetime) -> None:
    """It is unknown whether the message was sent. It is looked up, not sent again; e-mail, which cannot be looked up,
    is held for a person.

    With `smtp.unknown = "resend"`, an e-mail is resent instead, but only once.
    """
    was_resent = message.state_reason == RESENT
    doubted(message, code)
    if message.state == MessageState.HELD and settings.smtp.unknown == "resend" and not was_resent:
        requeue(message, RESENT, now + BACKOFF_BASE)


def doubted(message: Message, code: str) -> None:
    """The provider may have the message: an SMS is looked up, an e-mail is held for a person."""
    can_be_found = message.channel != "email"
    message.state = MessageState.UNCONFIRMED if can_be_found else MessageState.HELD
    message.state_reason = code
    message.lease_until, message.looked_up_at, message.look_ups = None, None, 0


def refused(session: Session, message: Message, error: DeliveryFailed, now: datetime) -> None:
    """The provider does not have the message: fail it, or requeue it until its last chance."""
    message.detail = str(error)
    again = now + backoff(message.attempt, error.retry_after)
    if error.permanent or again >= last_chance(message):
        failed(session, message, error.code, now)
        return
    requeue(message, error.code, again)


def failed(session: Session, message: Message, code: str, now: datetime) -> None:
    """The message will not arrive. Suppress its address if that is the cause, and let the invitation try another
    channel."""
    message.state, message.state_reason, message.lease_until = MessageState.FAILED, code[:64], None
    _forget_secret(message)
    _blame_address(session, message, code, now)
    invitation = message.invitation
    if (
        invitation is None
        or message.purpose != "invitation"
        or invitation.state not in INVITATION_UNDISPATCHED
    ):
        return
    invitation.reply_key = None
    if invitation.other_channels and code != Verdict.OPTED_OUT:
        invitation.state, invitation.state_reason = InvitationState.QUEUED, "other_channel"
    else:
        invitation_failed(session, invitation, code, now)


def invitation_failed(session: Session, invitation: Invitation, reason: str, now: datetime) -> None:
    """The invitation reaches nobody; other systems are told."""
    invitation.state, invitation.state_reason = InvitationState.FAILED, reason[:64]
    told = ReportedChange("invitation.failed", "invitation", invitation.id, contact_id=invitation.contact_id)
    changes.report(session, [told], now)


def cancel(message: Message, reason: str) -> None:
    """Cancel a message that must not be sent any more."""
    message.state, message.state_reason, message.lease_until = MessageState.CANCELLED, reason, None
    _forget_secret(message)
    invitation = message.invitation
    if invitation and invitation.state == InvitationState.QUEUED and message.purpose == "invitation":
        invitation.state, invitation.state_reason, invitation.reply_key = (
            InvitationState.SKIPPED,
            reason,
            None,
        )


def requeue(message: Message, reason: str, due_at: datetime) -> None:
    """Queue the message to be sent (again) from `due_at` on."""
    message.state, message.state_reason, message.due_at = MessageState.QUEUED, reason[:64], due_at
    message.worker, message.lease_until = None, None


def begun(session: Session, messages: Sequence[Message]) -> set[int]:
    """Ids of the messages whose latest attempt was begun, so that the provider may have them.

    The caller has locked the messages before: PostgreSQL would answer a single statement that waited for the lock
    with the attempts as they were before the wait.
    """
    numbers = {message.id: message.attempt for message in messages}
    called = session.execute(
        select(Attempt.message_id, Attempt.number).where(Attempt.message_id.in_(numbers))
    )
    return {row.message_id for row in called if row.number == numbers[row.message_id]}


def not_begun(message: Message) -> None:
    """Put a claimed message back whose call was certainly not begun: it is due as before, and this was no attempt."""
    message.state, message.worker, message.lease_until = MessageState.QUEUED, None, None
    message.attempt -= 1


def resend(session: Session, message_id: int, now: datetime) -> bool:
    """Resend a held message that did not arrive, as a person decided. False if it is not in doubt any more."""
    message = _in_doubt(session, message_id)
    if message:
        requeue(message, "resent_by_hand", now)
    return message is not None


def settle_by_hand(session: Session, message_id: int, now: datetime) -> bool:
    """Count a held message as sent, as a person decided. False if it is not in doubt any more."""
    message = _in_doubt(session, message_id)
    if message:
        _count_as_sent(session, message, now)
    return message is not None


def cancel_old_secrets(session: Session, now: datetime, limit: int) -> int:
    """Empty at most `limit` e-mails with a link that signs in which could not be sent while it worked. Returns their
    number."""
    old = session.scalars(
        select(Message)
        .where(
            Message.state.in_(sorted(MESSAGE_UNFINISHED)),  # a finished one was emptied when it ended
            Message.purpose == SIGN_IN,
            Message.created_at < now - SIGN_IN_LIFE,
            Message.body != "",
        )
        .limit(limit)
    ).all()
    for message in old:
        if message.state == MessageState.SENDING:  # its outcome is about to be recorded
            message.body, message.subject, message.html = "", None, None
        else:
            cancel(message, "too_late")
    return len(old)


def _forget_secret(message: Message) -> None:
    if message.purpose == SIGN_IN:
        message.body, message.subject, message.html = "", None, None


def _count_as_sent(session: Session, message: Message, now: datetime) -> None:
    message.state, message.state_reason, message.sent_at = MessageState.SENT, "confirmed_by_hand", now
    _forget_secret(message)
    if message.invitation:
        _invitation_sent(session, message.invitation, message, now)


def held(session: Session) -> dict[str, int]:
    """How many messages each provider has for which a person must decide; providers without any are left out."""
    counted = select(Message.provider, func.count()).where(Message.state == MessageState.HELD)
    return {
        row[0]: row[1]
        for row in session.execute(counted.group_by(Message.provider).order_by(Message.provider))
    }


def problems(session: Session) -> list[Problem]:
    """Problem F123 for the held messages of each provider, for `feedback doctor`."""
    return [
        Problem(
            "F123",
            f"{count} messages of {provider} may or may not have arrived, and are held.",
            "Decide on the Deliveries page, or with `feedback held send` or `feedback held keep`.",
            "warning",
        )
        for provider, count in held(session).items()
    ]


def decide_held(session: Session, provider: str, now: datetime, *, arrived: bool, limit: int = 500) -> int:
    """Decide for the held messages of a provider, as a person decided: count them as sent, or send them again.

    Returns the number of messages, at most `limit`; call it in further transactions until it is 0.
    """
    wanted = select(Message).where(Message.state == MessageState.HELD, Message.provider == provider)
    messages = session.scalars(wanted.order_by(Message.id).limit(limit).with_for_update(of=Message)).all()
    for message in messages:
        if arrived:
            _count_as_sent(session, message, now)
        else:
            requeue(message, "resent_by_hand", now)
    session.flush()
    return len(messages)


def last_chance(message: Message) -> datetime:
    """The time after which the message is not retried."""
    if message.invitation and message.purpose in ("invitation", "reminder"):
        return message.invitation.expires_at
    if message.purpose == FOLLOW_UP:
        return message.created_at + FOLLOW_UP_LIFE
    return message.not_after or message.created_at + TRY_FOR


def backoff(attempt: int, retry_after: float | None = None) -> timedelta:
    """The wait before the next try: exponential, capped, with jitter; at least what the provider asked for."""
    most: timedelta = min(BACKOFF_CAP, BACKOFF_BASE * 2 ** min(attempt, 10))
    share = random.uniform(0.1, 1.0)  # noqa: S311 - spreads load, keeps no secret
    return max(share * most, timedelta(seconds=retry_after or 0))


def _in_doubt(session: Session, message_id: int) -> Message | None:
    return session.scalar(
        select(Message).where(Message.id == message_id, Message.state.in_(MESSAGE_IN_DOUBT)).with_for_update()
    )


def _invitation_sent(session: Session, invitation: Invitation, message: Message, now: datetime) -> None:
    # "skipped": the message was cancelled while its call was in flight, and the call succeeded.
    if invitation.state == InvitationState.SKIPPED or further(INVITATION_RANKS, invitation.state, "sent"):
        invitation.state, invitation.state_reason = InvitationState.SENT, None
    if message.purpose != "invitation":
        return
    if invitation.sent_at is None:  # it counts on the day on which it is first sent
        invitation.sent_at = now
        session.flush()
        rollups.invited(session, invitation.id)
    if invitation.reminders and not invitation.reminders_sent:
        invitation.remind_at = now + Duration.parse(invitation.reminders[0]).timedelta


def _blame_address(session: Session, message: Message, code: str, now: datetime) -> None:
    if message.user_id is not None:  # staff addresses are not put on the suppression list
        return
    if code == Verdict.OPTED_OUT:
        suppression.opt_out(session, message.channel, message.recipient, source=message.provider, now=now)
    elif code == Verdict.BAD_ADDRESS:
        reason = "bad_number" if message.channel == "sms" else "hard_bounce"
        suppression.suppress(
            session, message.channel, message.recipient, reason=reason, source=message.provider, now=now,
            contact_id=message.contact_id,
        )  # fmt: skip
