"""A real test message through a channel, sent at once, so that an admin sees whether it works and why not.

It does not go through the outbox: nobody waits for it but the admin, and a test that fails is not tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import make_msgid

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.contact.recipient import PhoneNumber
from feedback.errors import DeliveryFailed, Rejected
from feedback.providers import terms_of
from feedback.providers.base import Deadline, Outgoing, Provider
from feedback.providers.mail_addresses import domain_of
from feedback.services import audit
from feedback.services.contact import suppression
from feedback.settings import Settings
from feedback.store.models import AuditEntry

SUBJECT, ACTION = "channel", "tested"
PER_HOUR = 10
"""Tests that one admin may send in an hour."""
SECONDS = 30.0
"""For one test, from the sign-in at the provider on."""


@dataclass(frozen=True, slots=True)
class TestMessage:
    """A test to be sent: where to (E.164 or an e-mail address), and in which language and words."""

    __test__ = False

    to: str
    language: str
    subject: str
    body: str


def begin(session: Session, channel: str, to: str, *, by: int, now: datetime) -> None:
    """Note the test before it is sent. Raises Rejected if it must not be sent."""
    if suppression.is_suppressed(session, channel, to):
        raise Rejected("This address has opted out or is blocked, so nothing is sent to it, not even a test.")
    mine = select(func.count()).where(
        AuditEntry.user_id == by,
        AuditEntry.subject == SUBJECT,
        AuditEntry.action == ACTION,
        AuditEntry.at > now - timedelta(hours=1),
    )
    if (session.scalar(mine) or 0) >= PER_HOUR:
        raise Rejected("Wait an hour: you have sent 10 tests, which is the limit.")
    audit.record(session, ACTION, SUBJECT, None, by=by, now=now, channel=channel)


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """Whether the provider accepted the message, and what is wrong, in sentences."""

    __test__ = False

    accepted: bool
    complaints: list[str]
    code: str = ""
    """The `Verdict` of a refusal."""


def send(key: str, provider: Provider, message: TestMessage, settings: Settings) -> TestOutcome:
    """Send, and if that works also look for what does not keep this message back. Call it outside transactions."""
    country = PhoneNumber(message.to).region if provider.channel == "sms" else None
    outgoing = Outgoing(
        message_id=0,
        attempt=1,
        to=message.to,
        sender=terms_of(key, settings).own_sender(country),
        body=message.body,
        subject=message.subject if provider.channel == "email" else None,
        html=None,
        language=message.language,
        match=None,
        not_after=None,
        deadline=Deadline.after(SECONDS),
        callback_url=None,
        headers={},
        message_id_header=_message_id(settings) if provider.channel == "email" else None,
        reply_to=settings.organisation.support_email or None,
        envelope_from=None,
    )
    try:
        provider.send(outgoing)
    except DeliveryFailed as error:
        return TestOutcome(False, [str(error)], error.code or "")
    return TestOutcome(True, provider.check())


def _message_id(settings: Settings) -> str:
    try:
        return make_msgid(domain=domain_of(settings.smtp.sender))
    except ValueError:  # the simulator needs no sender
        return make_msgid(domain="localhost")
