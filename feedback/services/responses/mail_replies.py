"""Answers to e-mails of a follow-up that the mail server pipes in: each is stored once, and lands in the follow-up.

They come only with `smtp.read_replies`; otherwise they go to the colleague who wrote.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.replies.reply import Stop, understand
from feedback.providers import mail_replies
from feedback.providers.mail_replies import MailReply
from feedback.services.contact import suppression
from feedback.services.followups import customer_replies
from feedback.services.messaging import email_ids, outbox
from feedback.services.responses.incoming_reply import ATTACHMENT
from feedback.settings import Settings
from feedback.store.database import add_once
from feedback.store.models import InboundReply, Message

MailEffect = Literal["nothing", "known", "replied", "automatic", "opted_out"]
SHORT = 160
"""Characters of an answer in which STOP can be a wish to opt out. In a longer one it is a word among others."""


def receive(session: Session, mail: MailReply | None, settings: Settings, now: datetime) -> MailEffect:
    """Store an answer and put it into its follow-up. Returns what it was:

    nothing    no answer to a message of a follow-up   known      stored before
    automatic  no person wrote it                      opted_out  it asks us to stop, which is obeyed
    replied    it is in the follow-up, and in the inbox until somebody has read it
    """
    message = _answered(session, mail, settings) if mail else None
    if mail is None or message is None:
        return "nothing"
    row = _row(mail, message, now)
    if not add_once(session, row):
        return "known"
    effect = _effect(session, mail, row, message, now)
    customer_replies.land(session, row, message, now)
    return effect


def _answered(session: Session, mail: MailReply, settings: Settings) -> Message | None:
    """The message of a follow-up whose reply address the mail was sent to."""

    def nonce_of(number: int) -> str | None:
        return session.scalar(select(Message.nonce).where(Message.id == number))

    numbers = (email_ids.read_return_path(each, settings, nonce_of) for each in mail.addressed_to)
    number = next((each for each in numbers if each is not None), None)
    wanted = (Message.id == number, Message.purpose == outbox.FOLLOW_UP, Message.channel == "email")
    return session.scalar(select(Message).where(*wanted)) if number is not None else None


def _row(mail: MailReply, message: Message, now: datetime) -> InboundReply:
    words = mail_replies.without_copy(mail.text, message.body)
    return InboundReply(
        provider=message.provider,
        provider_id=mail.message_id,
        sender=mail.sender,
        recipient="",  # our reply address, whose check must not be stored
        body="\n".join(filter(None, [words, *(f"{ATTACHMENT} {each}" for each in mail.attachments)])),
        received_at=now,
        meaning=customer_replies.MEANING,
        contact_id=message.contact_id,
        needs_person=True,
    )


def _effect(
    session: Session, mail: MailReply, row: InboundReply, message: Message, now: datetime
) -> MailEffect:
    if mail.is_automatic:
        row.meaning, row.needs_person = "automatic", False
        return "automatic"
    words = row.body.partition(ATTACHMENT)[0].strip()
    is_theirs = suppression.normal(mail.sender) == suppression.normal(message.recipient)
    if len(words) > SHORT or not is_theirs:  # somebody it was forwarded to cannot opt the customer out
        return "replied"
    meaning = understand(words, minimum=0, maximum=10, language=message.language)
    if not isinstance(meaning, Stop):
        return "replied"
    if meaning.kind == "certain" and meaning.said is None:
        row.meaning, row.needs_person = "stop", False
        suppression.opt_out(session, "email", message.recipient, source=f"reply {row.id}", now=now)
        return "opted_out"
    row.meaning = "maybe_stop"
    suppression.suspend(session, "email", message.recipient, source=f"reply {row.id}", now=now)
    return "replied"
