"""Messages that a person writes to the customer of a follow-up, by e-mail or SMS.

They go through the outbox like every other message. Opt-outs, consent and contact hours hold; the limits on surveys
(rest, account limit) do not, because this is a reply to what the customer said, not another question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.contact.policy import Send, obstacles
from feedback.core.lifecycle import MessageState
from feedback.core.text.localized import is_blank
from feedback.core.text.message import finished_sms, placeholders
from feedback.errors import Conflict, Rejected
from feedback.providers import terms_of
from feedback.services.access import Viewer, visible
from feedback.services.contact import eligibility, suppression
from feedback.services.context import Context
from feedback.services.followups import customer_replies, message_templates, workflow
from feedback.services.messaging import content, email_ids, outbox
from feedback.services.messaging.content import Composed
from feedback.settings import Settings
from feedback.store.models import Contact, FollowUp, InboundReply, Message, User

CHANNELS = ("email", "sms")
LONGEST_SUBJECT = 200
MOST_SEGMENTS = 6
SAME_FOR = timedelta(minutes=10)
"""The same words by the same person within this time are one message: the button was pressed twice."""


@dataclass(frozen=True, slots=True)
class CustomerLetter:
    """What somebody wrote. `waits` accepts that it leaves only when the customer's contact hours begin. `revision` is
    that of the follow-up that its author saw; None for programs, which send an idempotency key."""

    channel: str
    body: str
    subject: str = ""
    waits: bool = False
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class CustomerChannel:
    """A way to the customer.

    `obstacle` says why it is closed (a code of the contact policy), and `why` for which reason it is on the suppression
    list; otherwise a message may leave from `at` on, until before `not_after`. `country` decides the sender.
    """

    channel: str
    address: str
    provider: str = ""
    country: str | None = None
    obstacle: str | None = None
    why: str = ""
    at: datetime | None = None
    not_after: datetime | None = None

    def leaves_now(self, now: datetime) -> bool:
        return self.at is not None and self.at <= now


def channels(
    session: Session, contact: Contact | None, context: Context, now: datetime
) -> list[CustomerChannel]:
    """How the customer can be written to, and why not."""
    if contact is None or contact.erased_at is not None:
        return []
    rules = eligibility.policy(context.settings)
    known = eligibility.know(session, [contact], rules, now, surveys=False)
    recipient = known.recipient(contact)
    found = obstacles(CHANNELS, recipient, rules)
    return [_channel(session, contact, each, found[each], context, now) for each in CHANNELS]


def _channel(
    session: Session, contact: Contact, channel: str, obstacle: str | None, context: Context, now: datetime
) -> CustomerChannel:
    address = contact.addresses.get(channel, "")
    provider = next((key for key, each in context.providers.items() if each.channel == channel), "")
    if obstacle is None and not provider:
        obstacle = "not_enabled"
    if obstacle is not None:
        why = (
            suppression.reason_of(session, contact.id, (channel, address)) if obstacle == "suppressed" else ""
        )
        return CustomerChannel(channel, address, provider, obstacle=obstacle, why=why)
    until = now + outbox.FOLLOW_UP_LIFE
    decision = eligibility.decide_again(
        session, contact, (channel,), until, eligibility.policy(context.settings), now, 0
    )
    country = content.country_of(contact, channel)
    if not isinstance(decision, Send):
        return CustomerChannel(channel, address, provider, country, decision.code)
    return CustomerChannel(channel, address, provider, country, at=decision.at, not_after=decision.not_after)


def composed(letter: CustomerLetter, language: str) -> Composed:
    """The message as it is sent; `language` is the customer's, and the direction follows the words."""
    if letter.channel == "sms":
        return content.personal_sms(letter.body.strip(), language)
    return content.personal_email(letter.subject.strip(), letter.body.strip(), language)


def send(
    session: Session, task_id: int, letter: CustomerLetter, viewer: Viewer, context: Context, now: datetime
) -> Message:
    """Queue a message to the customer, and take the follow-up if it is open.

    Raises Rejected with the reason if it may not be sent, or not now and it may not wait; Conflict if the follow-up
    is closed, or has changed since the author saw it.
    """
    contact = _locked_contact(session, task_id, viewer)
    task = workflow.locked_for_message(session, task_id, viewer)
    if letter.revision is not None and task.revision != letter.revision:
        if (sent := _sent_already(session, task, letter, viewer, now)) is not None:
            return sent
        raise Conflict("Your message was not sent: someone else changed this follow-up in the meantime.")
    check(letter)
    if contact is None:
        raise Rejected("This follow-up has no contact to write to.")
    channel = _open_channel(session, contact, letter, context, now)
    author = session.get_one(User, viewer.user_id)
    message = _message(task, contact, channel, letter, author, context, now)
    session.add(message)
    session.flush()
    if channel.channel == "email":
        message.reply_to = reply_address(author, context.settings, message)
        message.headers = _headers(session, task)
    customer_replies.mark_read(session, task.id, viewer, now)
    workflow.wrote(session, task, viewer, channel.channel, message.id, now=now)
    return message


def check(letter: CustomerLetter) -> None:
    """Raise Rejected for words that cannot be sent."""
    if letter.channel not in CHANNELS:
        raise Rejected("Choose e-mail or SMS.")
    if is_blank(letter.body):
        raise Rejected("Write the message before you send it.")
    if letter.channel == "email" and is_blank(letter.subject):
        raise Rejected("Give the e-mail a subject.")
    if len(letter.body) > workflow.LONGEST_NOTE or len(letter.subject) > LONGEST_SUBJECT:
        raise Rejected("Shorten this message: it is too long.")
    if any(ord(each) < 32 for each in letter.subject) or len(letter.subject.splitlines()) > 1:
        raise Rejected("Write the subject on one line.")
    if _has_placeholder(letter.body) or _has_placeholder(letter.subject):
        raise Rejected("Replace the words in braces: nobody fills them in any more.")
    if letter.channel == "sms" and finished_sms(letter.body.strip()).segments.count > MOST_SEGMENTS:
        raise Rejected("Shorten this SMS: it has more than 6 segments.")


def reply_address(author: User, settings: Settings, message: Message) -> str:
    """Where the customer's answer to an e-mail goes: to its author, or with `smtp.read_replies` to the product."""
    to = author.email
    if settings.smtp.read_replies:
        to = email_ids.return_path(message.id, settings, message.nonce)
    return formataddr((author.name, to))


def _has_placeholder(text: str) -> bool:
    try:
        return bool(placeholders(text))
    except ValueError:  # a single brace, such as in code or a smiley
        return False


def _locked_contact(session: Session, task_id: int, viewer: Viewer) -> Contact | None:
    """Lock the contact, so that an opt-out does not come between the decision and the message.

    It is locked before the follow-up, as everywhere, to prevent deadlocks.
    """
    contact_id = session.scalar(select(FollowUp.contact_id).where(FollowUp.id == task_id, visible(viewer)))
    found = eligibility.lock(session, {contact_id}) if contact_id else []
    return next(iter(found), None)


def _open_channel(
    session: Session, contact: Contact, letter: CustomerLetter, context: Context, now: datetime
) -> CustomerChannel:
    ways: Mapping[str, CustomerChannel] = {
        each.channel: each for each in channels(session, contact, context, now)
    }
    way = ways.get(letter.channel)
    if way is None or way.obstacle == "no_address":
        raise Rejected("This customer has no address for this channel.")
    if way.obstacle == "not_enabled":
        raise Rejected("Ask an admin to set this channel up first.")
    if way.obstacle is not None:
        raise Rejected(
            "This customer may not be written to by this channel: they opted out, or never agreed."
        )
    if not way.leaves_now(now) and not letter.waits:
        raise Rejected(
            "It is outside the customer's contact hours. Choose to send it when they begin, or call the customer."
        )
    return way


def _sent_already(
    session: Session, task: FollowUp, letter: CustomerLetter, viewer: Viewer, now: datetime
) -> Message | None:
    """The same message by the same author, sent moments ago."""
    recent = (
        select(Message)
        .where(Message.follow_up_id == task.id, Message.channel == letter.channel)
        .where(Message.created_at > now - SAME_FOR)
        .order_by(Message.id.desc())
        .limit(1)
    )
    last = session.scalar(recent)
    if last is None:
        return None
    words = composed(letter, last.language)
    wrote = any(
        each.user_id == viewer.user_id and each.detail.get("message") == last.id for each in task.entries
    )
    return last if wrote and (last.body, last.subject) == (words.body, words.subject) else None


def _message(
    task: FollowUp,
    contact: Contact,
    channel: CustomerChannel,
    letter: CustomerLetter,
    author: User,
    context: Context,
    now: datetime,
) -> Message:
    settings = context.settings
    language = message_templates.language_of(task, settings)
    text = composed(letter, language)
    return Message(
        contact_id=contact.id,
        follow_up_id=task.id,
        purpose=outbox.FOLLOW_UP,
        provider=channel.provider,
        channel=channel.channel,
        recipient=channel.address,
        country=channel.country,
        sender=sender(channel, author, settings),
        subject=text.subject,
        body=text.body,
        html=text.html,
        language=language,
        headers={},
        segments=text.segments,
        state=MessageState.QUEUED,
        due_at=channel.at or now,
        not_after=channel.not_after,
        created_at=now,
        is_demo=task.is_demo,
    )


def sender(channel: CustomerChannel, author: User, settings: Settings) -> str | None:
    """For SMS the number of the country; for e-mail the author's name before the organisation's own address, because
    that is the domain that receivers trust."""
    if channel.channel == "sms":
        return terms_of(channel.provider, settings).own_sender(channel.country)
    name, address = parseaddr(settings.smtp.sender)
    company = settings.organisation.name or name
    return (
        formataddr((f"{author.name} ({company})" if company else author.name, address)) if address else None
    )


def _headers(session: Session, task: FollowUp) -> dict[str, str]:
    """A person wrote it, so it is no automatic mail; it continues the thread if the customer has written an e-mail."""
    personal = {"Auto-Submitted": "no", "X-Auto-Response-Suppress": "None"}
    last = session.scalar(
        select(InboundReply.provider_id)
        .where(InboundReply.follow_up_id == task.id, InboundReply.sender.contains("@"))
        .order_by(InboundReply.id.desc())
        .limit(1)
    )
    if last is None or not last.startswith("<"):
        return personal
    return {**personal, "In-Reply-To": last, "References": last}


@dataclass(frozen=True, slots=True)
class CustomerThread:
    """What was written in a follow-up in both directions, by the ids that the entries of its activity name."""

    messages: Mapping[int, Message]
    replies: Mapping[int, InboundReply]

    @property
    def unread(self) -> Sequence[InboundReply]:
        return [each for each in self.replies.values() if each.needs_person]


def thread(session: Session, task: FollowUp) -> CustomerThread:
    """The messages and replies of a follow-up."""
    messages = session.scalars(select(Message).where(Message.follow_up_id == task.id).order_by(Message.id))
    replies = session.scalars(
        select(InboundReply).where(InboundReply.follow_up_id == task.id).order_by(InboundReply.id)
    )
    return CustomerThread({each.id: each for each in messages}, {each.id: each for each in replies})
