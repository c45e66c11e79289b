"""Sends a questionnaire's message to the person who writes it: the real text, by the real provider, marked as a test.

The message is one to staff (`Message.user_id`), so nothing that counts customers, invitations or responses knows it,
and its receipts and bounces put nobody on the suppression list. Its link is a trial, which stores nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.contact.recipient import PhoneNumber
from feedback.core.lifecycle import MessageState
from feedback.core.questionnaire import Questionnaire
from feedback.errors import Rejected
from feedback.providers import terms_of
from feedback.services import audit
from feedback.services.contact import suppression
from feedback.services.context import Context
from feedback.services.messaging import content
from feedback.services.messaging.content import Composed
from feedback.services.studio import trial_links
from feedback.settings import Settings
from feedback.store.models import Contact, Invitation, Message, User

PURPOSE = "test"
PER_HOUR = 10
"""Tests that one member of staff may send in an hour."""
PER_NUMBER = 5
"""Text messages to one number in a day, by all staff together."""
WAITS = timedelta(hours=1)
"""A test that could not be sent within this time is not sent at all."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A test to be sent: the text's key, its questionnaire, language and channel, where to (E.164 or an e-mail
    address), and the name that replaces the customer's."""

    key: str
    questionnaire: Questionnaire
    language: str
    channel: str
    recipient: str
    name: str

    @property
    def country(self) -> str | None:
        return PhoneNumber(self.recipient).region if self.channel == "sms" else None


def phone(number: str, settings: Settings) -> str:
    """A number as somebody types it, in E.164 form. Raises Rejected for what is no phone number."""
    try:
        return PhoneNumber.parse(number, settings.organisation.default_region).e164
    except ValueError:
        raise Rejected("Enter the number with its country code, such as +90 532 123 45 67.") from None


def composed(sample: Sample, settings: Settings, now: datetime) -> Composed:
    """The text as it will be sent. Raises Rejected if the questionnaire's text cannot be filled in."""
    token = trial_links.make(trial_links.keys_of(settings), sample.key, sample.language, now)
    to = Contact(phone=sample.recipient) if sample.channel == "sms" else Contact(email=sample.recipient)
    nobody = Invitation(
        language=sample.language,
        token=f"{trial_links.PATH}/{token}",
        piping=_values(sample, settings),
        contact=to,
    )
    try:
        real = content.compose(sample.questionnaire, nobody, sample.channel, settings)
    except ValueError:
        if not settings.organisation.name:
            raise Rejected(
                "Set the organisation's name in the settings first: the text contains it."
            ) from None
        raise Rejected("Fix the placeholders of the invitation first: one of them has no value.") from None
    return content.marked_as_test(real, sample.channel, sample.language)


def send(session: Session, sample: Sample, context: Context, *, by: int, now: datetime) -> Message:
    """Queue the test, due at once. Raises Rejected if it may not be sent, with the reason."""
    provider = next((key for key, each in context.providers.items() if each.channel == sample.channel), None)
    if provider is None:
        raise Rejected("Enable a provider for this channel first.")
    _check(session, sample, by, now)
    text = composed(sample, context.settings, now)
    message = Message(
        user_id=by,
        purpose=PURPOSE,
        provider=provider,
        channel=sample.channel,
        recipient=sample.recipient,
        country=sample.country,
        sender=terms_of(provider, context.settings).own_sender(sample.country),
        subject=text.subject,
        body=text.body,
        html=text.html,
        language=sample.language,
        headers={},
        segments=text.segments,
        state=MessageState.QUEUED,
        due_at=now,
        not_after=now + WAITS,
        created_at=now,
        is_demo=session.get_one(User, by).is_demo,
    )
    session.add(message)
    session.flush()
    audit.record(
        session, "tested", "text", None, by=by, now=now,
        key=sample.key, channel=sample.channel, language=sample.language,
    )  # fmt: skip
    return message


def _values(sample: Sample, settings: Settings) -> dict[str, str]:
    """What stands for the details of a customer: the person's own name, and the names of the fields of an event."""
    fields = {name: f"[{name}]" for name in sample.questionnaire.fields}
    own = {"name": sample.name, "first_name": sample.name.split()[0] if sample.name.strip() else ""}
    known = {**fields, **own, "account": settings.organisation.name}
    return {name: value for name, value in known.items() if value}


def _check(session: Session, sample: Sample, by: int, now: datetime) -> None:
    if suppression.is_suppressed(session, sample.channel, sample.recipient):
        raise Rejected("This address has opted out or is blocked, so nothing is sent to it, not even a test.")
    tests = select(func.count()).where(Message.purpose == PURPOSE)
    mine = tests.where(Message.user_id == by, Message.created_at > now - timedelta(hours=1))
    if (session.scalar(mine) or 0) >= PER_HOUR:
        raise Rejected("Wait an hour: you have sent 10 tests, which is the limit.")
    same = tests.where(Message.recipient == sample.recipient, Message.created_at > now - timedelta(days=1))
    if sample.channel == "sms" and (session.scalar(same) or 0) >= PER_NUMBER:
        raise Rejected("Wait until tomorrow: this number got 5 tests in 24 hours, which is the limit.")
