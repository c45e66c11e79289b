"""Records providers' reports. They can come in any order, repeatedly, and before the response to our call."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.lifecycle import (
    INVITATION_RANKS,
    MESSAGE_LOST,
    MESSAGE_RANKS,
    InvitationState,
    MessageState,
    further,
)
from feedback.errors import ProviderHeld
from feedback.providers.base import StatusReport, Verdict
from feedback.services.contact import suppression
from feedback.services.messaging import outbox, provider_holds
from feedback.store.database import add_once
from feedback.store.models import Message, Receipt

log = structlog.get_logger()


def record(session: Session, provider: str, receipt: StatusReport, now: datetime) -> bool:
    """Store a report and process it. Returns False if it is known already."""
    message = _message_of(session, provider, receipt)
    row = Receipt(
        message_id=message.id if message else None,
        provider=provider,
        provider_id=receipt.provider_id,
        status=receipt.status,
        code=receipt.error_code,
        received_at=now,
    )
    if not add_once(session, row):
        return False
    if message is None:
        log.warning("receipt.of_unknown_message", provider=provider)
        return True
    if message.provider_id != receipt.provider_id and outbox.was_lost(
        session, message, receipt.provider_id, besides=row.id
    ):
        return True  # about an attempt that was lost to a limit; the message is queued again
    _apply(session, message, receipt, now)
    return True


def _message_of(session: Session, provider: str, receipt: StatusReport) -> Message | None:
    """Find the message by the provider's id, or by our id if we never got the response to our call.

    Our id alone proves nothing: after a restore, new messages get the ids of those that the backup does not know.
    """
    mine = select(Message).where(Message.provider == provider).with_for_update()
    known = session.scalar(mine.where(Message.provider_id == receipt.provider_id))
    if known or receipt.message_id is None:
        return known
    named = session.scalar(mine.where(Message.id == receipt.message_id))
    return named if named and _is_about(named, receipt) else None


def _is_about(message: Message, receipt: StatusReport) -> bool:
    """Whether a report that carries the message's id is about it: also its nonce and its recipient must fit."""
    is_to = receipt.to is None or suppression.normal(receipt.to) == suppression.normal(message.recipient)
    return message.nonce == receipt.nonce and is_to


def _apply(session: Session, message: Message, receipt: StatusReport, now: datetime) -> None:
    outbox.confirmed(session, message, receipt.provider_id, now, sender=receipt.sender)
    if message.provider_id != receipt.provider_id:
        return  # about a duplicate, which is only counted
    reported = MessageState(receipt.status)
    if not further(MESSAGE_RANKS, message.state, reported):
        return
    if reported is MessageState.DELIVERED:
        _arrived(message, receipt.occurred_at or now)
    elif reported in MESSAGE_LOST:
        if receipt.verdict == Verdict.RATE_LIMITED and outbox.sent_back(message, receipt.retry_after, now):
            return
        outbox.failed(session, message, receipt.verdict or receipt.error_code or receipt.status, now)
        message.state = reported
        message.detail = receipt.said or message.detail
        _conclude(session, message, receipt, now)


def _arrived(message: Message, at: datetime) -> None:
    message.state, message.state_reason, message.delivered_at = MessageState.DELIVERED, None, at
    invitation = message.invitation
    if invitation and further(INVITATION_RANKS, invitation.state, "delivered"):
        invitation.state, invitation.delivered_at = InvitationState.DELIVERED, at


def _conclude(session: Session, message: Message, receipt: StatusReport, now: datetime) -> None:
    """Hold the channel after the first report of a suspended account or an unregistered sender, one country of it
    if it is about that country, or the channel after several reports in a row that nothing explains."""
    session.flush()
    verdict, provider = receipt.verdict, message.provider
    repeated = verdict == Verdict.UNEXPLAINED and provider_holds.unexplained_receipts(session, provider)
    of_country = verdict == Verdict.HOLD_COUNTRY and message.country is not None
    if verdict and (verdict == Verdict.HOLD_PROVIDER or repeated or of_country):
        said = f"The provider reports error {receipt.error_code} for messages that it had accepted."
        country = message.country if of_country else None
        error = ProviderHeld(f"{said} {receipt.said}".rstrip(), code=verdict, country=country)
        provider_holds.hold(session, provider, error, now)
