"""What becomes of a message: every change of its state, and what it means for the invitation behind it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core import lifecycle
from feedback.core.duration import Duration
from feedback.errors import DeliveryFailed
from feedback.providers.base import Verdict
from feedback.services import rollups
from feedback.services.contact import suppression
from feedback.settings import Settings
from feedback.store.database import add_once
from feedback.store.models import DuplicateSend, Invitation, Message

log = structlog.get_logger()

TRY_FOR = timedelta(days=3)
"""A message that has no end of its own is tried for so long."""
BACKOFF_BASE = timedelta(seconds=30)
BACKOFF_CAP = timedelta(hours=1)
RESENT = "resent_unconfirmed"


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
    """The provider has it. News of this kind is believed in every state: it is a fact, whoever brings it."""
    if message.provider_id not in (None, provider_id):
        duplicated(session, message, provider_id, now)
        return
    message.segments = segments or message.segments
    message.sender = sender or message.sender
    if message.provider_id == provider_id:
        return
    message.state, message.state_reason = "sent", reason
    message.provider_id, message.sent_at, message.lease_until = provider_id, now, None
    if message.invitation:
        _invitation_sent(session, message.invitation, message, now)


def duplicated(session: Session, message: Message, provider_id: str, now: datetime) -> None:
    """Two messages at the provider for one of ours: the promise is broken, and that is counted."""
    incident = DuplicateSend(message_id=message.id, provider_id=provider_id, noticed_at=now)
    if not add_once(session, incident):
        return  # this one is known
    log.error("message.duplicate", message=message.id, attempt=message.attempt)


def unconfirmed(message: Message, code: str, settings: Settings, now: datetime) -> None:
    """Nobody can say whether it went out. Never due again by itself; mail, which cannot be looked up, is held.

    The settings may have a mail resent instead, but once: what is in doubt twice would be in doubt every time.
    """
    was_resent = message.state_reason == RESENT
    message.state, message.state_reason = "unconfirmed", code
    message.lease_until, message.looked_up_at, message.look_ups = None, None, 0
    if message.kind != "email":
        return
    if settings.smtp.unknown == "resend" and not was_resent:
        requeue(message, RESENT, now + BACKOFF_BASE)
    else:
        message.state = "held"


def refused(session: Session, message: Message, error: DeliveryFailed, now: datetime) -> None:
    """The provider does not have it: for good, or to be tried again while that makes sense."""
    message.detail = str(error)
    again = now + backoff(message.attempt, error.retry_after)
    if error.permanent or again >= last_chance(message):
        failed(session, message, error.code, now)
        return
    requeue(message, error.code, again)


def failed(session: Session, message: Message, code: str, now: datetime) -> None:
    """It will not arrive. The address is marked where it is to blame; another channel may still be tried."""
    message.state, message.state_reason, message.lease_until = "failed", code[:64], None
    _blame_address(session, message, code, now)
    invitation = message.invitation
    if invitation is None or message.purpose != "invitation" or invitation.state not in ("queued", "sent"):
        return
    invitation.reply_key = None
    if invitation.other_kinds and code != Verdict.OPTED_OUT:
        invitation.state, invitation.state_reason = "queued", "other_channel"
    else:
        invitation.state, invitation.state_reason = "failed", code[:64]


def cancel(message: Message, reason: str) -> None:
    """This message will not be sent, and that is as it should be."""
    message.state, message.state_reason, message.lease_until = "cancelled", reason, None
    invitation = message.invitation
    if invitation and invitation.state == "queued" and message.purpose == "invitation":
        invitation.state, invitation.state_reason, invitation.reply_key = "skipped", reason, None


def requeue(message: Message, reason: str, due_at: datetime) -> None:
    """To be sent (again) from `due_at` on."""
    message.state, message.state_reason, message.due_at = "queued", reason[:64], due_at
    message.worker, message.lease_until = None, None


def resend(session: Session, message_id: int, now: datetime) -> bool:
    """A person has decided that a held message did not arrive. False where it is not in doubt any more."""
    message = _in_doubt(session, message_id)
    if message:
        requeue(message, "resent_by_hand", now)
    return message is not None


def settle_by_hand(session: Session, message_id: int, now: datetime) -> bool:
    """A person has decided that a held message did arrive. False where it is not in doubt any more."""
    message = _in_doubt(session, message_id)
    if message:
        message.state, message.state_reason, message.sent_at = "sent", "confirmed_by_hand", now
        if message.invitation:
            _invitation_sent(session, message.invitation, message, now)
    return message is not None


def last_chance(message: Message) -> datetime:
    """The moment after which trying again makes no sense."""
    if message.invitation and message.purpose in ("invitation", "reminder"):
        return message.invitation.expires_at
    return message.not_after or message.created_at + TRY_FOR


def backoff(attempt: int, retry_after: float | None = None) -> timedelta:
    """Wait before the next try: exponential, capped, with jitter; at least what the provider asked for."""
    most: timedelta = min(BACKOFF_CAP, BACKOFF_BASE * 2 ** min(attempt, 10))
    share = random.uniform(0.1, 1.0)  # noqa: S311 - spreads load, keeps no secret
    return max(share * most, timedelta(seconds=retry_after or 0))


def _in_doubt(session: Session, message_id: int) -> Message | None:
    return session.scalar(
        select(Message)
        .where(Message.id == message_id, Message.state.in_(("held", "unconfirmed")))
        .with_for_update()
    )


def _invitation_sent(session: Session, invitation: Invitation, message: Message, now: datetime) -> None:
    # "skipped": the message was called off after its call had gone out, and news of that comes only now.
    if invitation.state == "skipped" or lifecycle.further(lifecycle.INVITATION, invitation.state, "sent"):
        invitation.state, invitation.state_reason = "sent", None
    if message.purpose != "invitation":
        return
    if invitation.sent_at is None:  # the first time that it leaves is the day on which it counts
        invitation.sent_at = now
        session.flush()
        rollups.invited(session, invitation.id)
    if invitation.reminders and not invitation.reminders_sent:
        invitation.remind_at = now + Duration.parse(invitation.reminders[0]).timedelta


def _blame_address(session: Session, message: Message, code: str, now: datetime) -> None:
    if message.user_id is not None:  # a colleague's address is not on the customers' list
        return
    if code == Verdict.OPTED_OUT:
        suppression.opt_out(session, message.kind, message.recipient, source=message.channel, now=now)
    elif code == Verdict.BAD_ADDRESS:
        reason = "bad_number" if message.kind == "sms" else "hard_bounce"
        suppression.suppress(
            session, message.kind, message.recipient, reason=reason, source=message.channel, now=now,
            contact_id=message.contact_id,
        )  # fmt: skip
