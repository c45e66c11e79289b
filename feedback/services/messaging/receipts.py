"""What providers report about messages: in any order, any number of times, before the answer to our own call."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core import lifecycle
from feedback.errors import ChannelHeld
from feedback.providers.base import Receipt, Verdict
from feedback.services.messaging import outbox, provider_holds
from feedback.store.database import add_once
from feedback.store.models import Message
from feedback.store.models import Receipt as ReceiptRow

log = structlog.get_logger()

ARRIVED, LOST = ("delivered",), ("undelivered", "failed")


def record(session: Session, channel: str, receipt: Receipt, now: datetime) -> bool:
    """Store a report and act on it. False for one that is known already."""
    message = _message_of(session, channel, receipt)
    row = ReceiptRow(
        message_id=message.id if message else None,
        channel=channel,
        provider_id=receipt.provider_id,
        status=receipt.status,
        code=receipt.error_code,
        received_at=now,
    )
    if not add_once(session, row):
        return False
    if message is None:
        log.warning("receipt.of_unknown_message", channel=channel)
        return True
    _apply(session, message, receipt, now)
    return True


def _message_of(session: Session, channel: str, receipt: Receipt) -> Message | None:
    """By the provider's id, or by ours where the answer to our call never came."""
    mine = select(Message).where(Message.channel == channel).with_for_update()
    known = session.scalar(mine.where(Message.provider_id == receipt.provider_id))
    if known or receipt.message_id is None:
        return known
    return session.scalar(mine.where(Message.id == receipt.message_id))


def _apply(session: Session, message: Message, receipt: Receipt, now: datetime) -> None:
    outbox.accepted(session, message, receipt.provider_id, now, sender=receipt.sender)
    if message.provider_id != receipt.provider_id:
        return  # about a second copy, which is counted and changes nothing else
    ahead = lifecycle.further(lifecycle.MESSAGE, message.state, receipt.status)
    if receipt.status in ARRIVED and ahead:
        _arrived(message, receipt.occurred_at or now)
    elif receipt.status in LOST and ahead:
        outbox.failed(session, message, receipt.verdict or receipt.error_code or receipt.status, now)
        message.state = receipt.status
        _conclude(session, message.channel, receipt, now)


def _arrived(message: Message, at: datetime) -> None:
    message.state, message.state_reason, message.delivered_at = "delivered", None, at
    invitation = message.invitation
    if invitation and lifecycle.further(lifecycle.INVITATION, invitation.state, "delivered"):
        invitation.state, invitation.delivered_at = "delivered", at


def _conclude(session: Session, channel: str, receipt: Receipt, now: datetime) -> None:
    """A suspended account or an unregistered sender is reported message by message; stop after the first."""
    if receipt.verdict == Verdict.HOLD_CHANNEL:
        said = f"The provider reports error {receipt.error_code} for messages that it had accepted."
        provider_holds.hold(session, channel, ChannelHeld(said, code=receipt.verdict), now)
