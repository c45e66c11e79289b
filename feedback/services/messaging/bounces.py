"""Handles bounces: suppress a bad address, pause one that fails repeatedly, treat a complaint as an opt-out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.lifecycle import MESSAGE_RANKS, MessageState, further
from feedback.providers import bounces
from feedback.providers.base import Verdict
from feedback.services.contact import suppression
from feedback.services.messaging import email_ids, outbox
from feedback.settings import Settings
from feedback.store.database import add_once
from feedback.store.models import Bounce, Message

log = structlog.get_logger()

SOFT_LIMIT = 3
SOFT_WINDOW = timedelta(days=30)

Effect = Literal["nothing", "not_ours", "known", "noted", "paused", "closed", "opted_out"]


def receive(
    session: Session, raw: bytes, settings: Settings, now: datetime, envelope_recipient: str | None = None
) -> Effect:
    """Process a mail that arrived at our return path, and return its effect. See `receive_report`."""
    return receive_report(session, bounces.read(raw, envelope_recipient), settings, now)


def receive_report(
    session: Session, report: bounces.BounceReport | None, settings: Settings, now: datetime
) -> Effect:
    """Process what `bounces.read` found in a mail, and return its effect:

    nothing    not a delivery report       not_ours  not our message, or forged     known   processed before
    noted      stored, no effect yet       paused    address paused for a month     closed  address suppressed
    opted_out  reported as spam: nothing is sent to this person any more
    """
    if report is None:
        return "nothing"
    message = _message_of(session, report, settings)
    if message is None:
        return "not_ours"
    if not _noted(session, message, report, now):
        return "known"
    if report.is_complaint:
        suppression.opt_out(
            session, "email", message.recipient, source="spam report", now=now, reason="complaint"
        )
        return "opted_out"
    # A held mail that bounces was evidently accepted by the server.
    ended = message.state == MessageState.HELD or further(MESSAGE_RANKS, message.state, "undelivered")
    if report.is_permanent and ended:
        # The address is bad only if the report says so, not if the mailbox is full or refuses the mail.
        code = Verdict.BAD_ADDRESS if report.is_bad_address else Verdict.REFUSED
        outbox.failed(session, message, code, now)
        message.state, message.detail = (
            MessageState.UNDELIVERED,
            f"The mail bounced with status {report.status}.",
        )
    if report.is_bad_address:
        _suppress(session, message, "hard_bounce", now)
        return "closed"
    return _pause(session, message, now)


def _message_of(session: Session, report: bounces.BounceReport, settings: Settings) -> Message | None:

    def nonce_of(number: int) -> str | None:
        return session.scalar(select(Message.nonce).where(Message.id == number))

    numbers = [
        *(email_ids.read_return_path(each, settings, nonce_of) for each in report.addressed_to),
        *(email_ids.read_message_id(each, settings, nonce_of) for each in report.message_ids),
    ]
    number = next((each for each in numbers if each is not None), None)
    if number is None:
        return None
    return session.scalar(
        select(Message).where(Message.id == number, Message.channel == "email").with_for_update()
    )


def _noted(session: Session, message: Message, report: bounces.BounceReport, now: datetime) -> bool:
    row = Bounce(
        message_id=message.id,
        address=suppression.normal(message.recipient),
        status="complaint" if report.is_complaint else report.status,
        is_permanent=report.is_permanent,
        received_at=now,
    )
    return add_once(session, row)


def _pause(session: Session, message: Message, now: datetime) -> Effect:
    """Pause the address if several mails to it bounced within a month, for any reason."""
    recent = select(func.count(func.distinct(Bounce.message_id))).where(
        Bounce.address == suppression.normal(message.recipient), Bounce.received_at > now - SOFT_WINDOW
    )
    if (session.scalar(recent) or 0) < SOFT_LIMIT:
        return "noted"
    _suppress(session, message, "soft_bounces", now)
    return "paused"


def _suppress(session: Session, message: Message, reason: str, now: datetime) -> None:
    if message.user_id is None:  # staff addresses are not put on the suppression list
        suppression.suppress(
            session, "email", message.recipient, reason=reason, source="bounces", now=now,
            contact_id=message.contact_id,
        )  # fmt: skip
