"""One reply by SMS, with what is needed to act on it: opt-outs, help, automatic messages, our answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.contact.recipient import dialled, spellings
from feedback.core.lifecycle import INVITATION_OUT, MessageState
from feedback.core.replies.reply import Automatic, Help, Meaning, Start, Stop, understand
from feedback.core.replies.words import phrase
from feedback.core.text.message import segments
from feedback.i18n import translator
from feedback.providers import terms_of
from feedback.providers.base import Reply
from feedback.services.contact import suppression
from feedback.services.followups import customer_replies
from feedback.services.messaging import content
from feedback.settings import Settings
from feedback.store.models import Contact, InboundReply, Invitation, Message

LATE = timedelta(days=7)
"""A reply within this time after an invitation was closed still belongs to it, as a comment."""
PROMPT = timedelta(hours=1)
"""Our reply to an incoming SMS is dropped after this time, because later it would confuse or come at night."""
ATTACHMENT = "📎"
"""Begins a line of a stored reply that names a picture or another attachment."""
UNDERSTOOD: Mapping[str | None, Meaning] = {"STOP": Stop("certain"), "START": Start(), "HELP": Help()}
"""Opt-out types that the provider has recognised and acted on, possibly in words that we do not know."""


@dataclass(frozen=True)
class IncomingReply:
    """One reply, with what is needed to process it."""

    session: Session
    row: InboundReply
    reply: Reply
    contact: Contact | None
    settings: Settings
    now: datetime

    @property
    def language(self) -> str:
        known = self.contact.language if self.contact else None
        return known or self.settings.organisation.default_language

    @property
    def known_already(self) -> Meaning | None:
        """What the provider has recognised, if it has."""
        return UNDERSTOOD.get(self.reply.opt_out_type)

    def without_invitation(self) -> Invitation | None:
        """Process a reply without an open survey: follow STOP, START and HELP; anything else goes to the inbox.

        Returns the closed survey to which it belongs, if any.
        """
        said = understand(self.reply.body, minimum=0, maximum=10, language=self.language)
        meaning = self.set_aside(self.known_already or said)
        return None if self.follow(meaning) else self._late()

    def without_survey(self) -> None:
        """Follow STOP, START and HELP in a reply whose survey cannot be read; anything else goes to the inbox."""
        self.row.contact_id = self.contact.id if self.contact else None
        said = understand(self.reply.body, minimum=0, maximum=10, language=self.language)
        if not self.follow(self.set_aside(self.known_already or said)):
            self.for_a_person("unclear")

    def to_follow_up(self, written: Message) -> None:
        """Process an answer to what somebody wrote in a follow-up. It is never a score; STOP, START and HELP count."""
        said = understand(self.reply.body, minimum=0, maximum=10, language=self.language)
        meaning = self.set_aside(self.known_already or said)
        if not self.follow(meaning):
            self.for_a_person(customer_replies.MEANING)
        customer_replies.land(self.session, self.row, written, self.now)

    def follow(self, meaning: Meaning) -> bool:
        """Act on STOP, START, HELP and on what no person wrote. Returns False for other meanings."""
        if isinstance(meaning, Stop):
            self._stop(meaning)
        elif isinstance(meaning, Start):
            self.row.meaning = "start"
            suppression.opt_in(self.session, "sms", self.reply.from_, source=self._source, now=self._said_at)
        elif isinstance(meaning, Help):
            self._help()
        elif isinstance(meaning, Automatic):
            self._put_aside(meaning)
        else:
            return False
        return True

    def say(self, purpose: str, text: str, language: str | None = None) -> None:
        """Queue a reply to the customer. Quiet hours do not apply, because they have just written."""
        self.session.add(
            Message(
                invitation_id=self.row.invitation_id,
                contact_id=self.row.contact_id,
                purpose=purpose,
                occurrence=self.row.id,
                provider=self.row.provider,
                channel="sms",
                recipient=self.reply.from_,
                sender=self._sender,
                body=text,
                language=language or self.language,
                state=MessageState.QUEUED,
                due_at=self.now,
                not_after=self._said_at + PROMPT,
                segments=segments(text).count,
                created_at=self.now,
                is_demo=bool(self.contact and self.contact.is_demo),
            )
        )

    def words(self, message: str, language: str | None = None, **params: object) -> str:
        return translator("messages", language or self.language).gettext(message, **params)

    def mean(self, meaning: str) -> None:
        """Store the meaning of the reply; a possible opt-out keeps that meaning."""
        if self.row.meaning != "maybe_stop":
            self.row.meaning = meaning

    def for_a_person(self, meaning: str) -> None:
        self.mean(meaning)
        self.row.needs_person = True

    def set_aside(self, meaning: Meaning) -> Meaning:
        """Suspend sending if the message may be an opt-out, and return the meaning of the rest of it."""
        if not isinstance(meaning, Stop) or meaning.said is None:
            return meaning
        self._suspend()
        return meaning.said

    @property
    def _sender(self) -> str | None:
        """The number that they wrote to; None if it is the usual sender, whose rate limit then applies, or no number.

        We answer by SMS, which an RCS agent cannot send.
        """
        usual, ours = terms_of(self.row.provider, self.settings).sender, dialled(self.reply.to)
        return None if ours == usual or ":" in ours else ours

    @property
    def _source(self) -> str:
        return f"reply {self.row.id}"

    @property
    def _said_at(self) -> datetime:
        """When they wrote it, which decides the order of STOP and START: missed replies are read later."""
        return self.row.received_at

    def _stop(self, meaning: Stop) -> None:
        if meaning.kind != "certain":
            self._suspend()
            return
        self.row.meaning = "stop"
        if self.contact is None:  # they get our messages at a number that we do not know as theirs
            self.row.needs_person = True
        fresh = suppression.opt_out(
            self.session, "sms", self.reply.from_, source=self._source, now=self._said_at
        )
        if fresh and self.reply.opt_out_type != "STOP":  # otherwise the provider has confirmed it already
            self.say("opt_out_confirmation", self.words("You will get no more surveys from us."))

    def _put_aside(self, meaning: Automatic) -> None:
        """Keep what no person wrote, and wait on. In doubt a person reads it: it may be a person's after all."""
        self.mean("automatic")
        if meaning.doubtful or (meaning.kind == "reaction" and not self._is_ours(meaning.quoted)):
            self.row.needs_person = True

    def _is_ours(self, quoted: str) -> bool:
        """Whether one of our latest messages to them contains this text, which phones shorten."""
        bodies = self.session.scalars(
            select(Message.body)
            .where(Message.channel == "sms", Message.recipient.in_(spellings(self.reply.from_)))
            .order_by(Message.id.desc())
            .limit(20)
        )
        said = phrase(quoted)
        return bool(said) and any(said in phrase(body or "") for body in bodies)

    def _suspend(self) -> None:
        """Suspend sending to the author until a person has read the reply."""
        self.for_a_person("maybe_stop")
        suppression.suspend(self.session, "sms", self.reply.from_, source=self._source, now=self._said_at)

    def _help(self) -> None:
        self.row.meaning = "help"
        if self.reply.opt_out_type == "HELP":  # the provider has answered already
            return
        if suppression.is_suppressed(self.session, "sms", self.reply.from_):
            return
        company, words = self.settings.organisation, translator("messages", self.language)
        ways = words.comma.join(filter(None, (company.support_phone, company.support_email)))
        survey = self._open_survey()
        parts = (
            words.gettext("{company} surveys.", company=company.name),
            words.gettext("Help: {support}.", support=ways) if ways else "",
            words.gettext("Answer here: {link}", link=content.link(self.settings, survey)) if survey else "",
            words.gettext("Reply STOP to end."),
        )
        self.say("thanks", " ".join(filter(None, parts)))

    def _open_survey(self) -> str | None:
        """The token of the contact's latest survey that can still be answered."""
        return self.session.scalar(
            select(Invitation.token)
            .where(Invitation.contact_id == self.row.contact_id, Invitation.state.in_(INVITATION_OUT))
            .where(Invitation.expires_at > self.now)
            .order_by(Invitation.sent_at.desc())
            .limit(1)
        )

    def _late(self) -> Invitation | None:
        """The last survey if it is recent, for a late comment; the inbox gets the reply in any case."""
        self.for_a_person("unclear" if self.contact else "unknown_sender")
        last = self.session.scalars(
            select(Invitation)
            .where(Invitation.contact_id == self.row.contact_id, Invitation.sent_at.is_not(None))
            .order_by(Invitation.sent_at.desc())
        ).first()
        if last is None or last.expires_at < self.now - LATE:
            return None
        self.mean("late")
        self.row.invitation_id = last.id
        return last
