"""A survey by text message: the score, then the comment, then thanks; and everything else people write back.

await_score -> (asked once more) -> await_comment -> done. A stop word wins over everything, in any state.
Whatever is not understood is kept and reaches a person; nothing is asked twice. Words are only ever added to
what was written before, also when they come late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback.channels.base import Reply
from feedback.core.answer import Answer
from feedback.core.message import fill, segments
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import ScaleQuestion, TextQuestion
from feedback.core.reply import Help, Meaning, Score, Start, Stop, says_something, understand
from feedback.errors import LinkClosed
from feedback.i18n import translator
from feedback.library import Library
from feedback.services import composing, optouts, responses, sheets
from feedback.settings import Settings
from feedback.store.models import Contact, InboundReply, Invitation, Message

LATE = timedelta(days=7)
"""A reply up to this long after an invitation was closed still belongs to it, as a comment."""

OPEN = ("sent", "delivered", "opened", "started")
"""States of an invitation that has reached its customer and can still be answered."""

PROMPT = timedelta(hours=1)
"""What we answer is worth sending for so long after they wrote: later it would only puzzle, or ring at night."""

_UNDERSTOOD: Mapping[str | None, Meaning] = {"STOP": Stop("certain"), "START": Start(), "HELP": Help()}
"""What a provider has understood by itself, in words that we may not know, and acted on."""

UNCLEAR = "Sorry, we need a number from {minimum} to {maximum}. Please reply with one, or answer here: {link}"


def receive(
    session: Session, channel: str, reply: Reply, library: Library, settings: Settings, now: datetime
) -> InboundReply | None:
    """Store a reply and act on it, once, however often the provider delivers it. None for one already known."""
    row = _stored(session, channel, reply, now)
    if row is None:
        return None
    contact = session.scalars(select(Contact).where(Contact.phone == reply.from_)).first()
    open_key = select(Invitation).where(Invitation.reply_key == reply.from_)
    invitation = session.scalar(open_key.with_for_update())
    contact = invitation.contact if invitation else contact
    if invitation and invitation.expires_at < now - LATE:
        invitation = None  # nobody remembers what it was about
    row.invitation_id = invitation.id if invitation else None
    row.contact_id = contact.id if contact else None
    talk = _Talk(session, row, reply, contact, settings, now)
    if invitation is None:
        last = talk.without_invitation(_meaning(reply, None, talk.language))
        if last and last.conversation:
            _Survey(talk, last, library.of(last.version)).keep_late()
    else:
        questionnaire = library.of(invitation.version)
        meaning = _meaning(reply, _scored(questionnaire), invitation.language)
        _Survey(talk, invitation, questionnaire).hear(meaning)
    return row


def _stored(session: Session, channel: str, reply: Reply, now: datetime) -> InboundReply | None:
    row = InboundReply(
        channel=channel,
        provider_id=reply.provider_id,
        sender=reply.from_,
        recipient=reply.to,
        body=reply.body,
        received_at=reply.received_at or now,
        meaning="unclear",
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None
    return row


def _meaning(reply: Reply, question: ScaleQuestion | None, language: str) -> Meaning:
    if reply.opt_out_type in _UNDERSTOOD:
        return _UNDERSTOOD[reply.opt_out_type]
    minimum, maximum = (question.minimum, question.maximum) if question else (0, 10)
    return understand(reply.body, minimum=minimum, maximum=maximum, language=language)


def _scored(questionnaire: Questionnaire) -> ScaleQuestion | None:
    """The question that a bare number answers: the first one, if it is a scale."""
    first = questionnaire.questions[0]
    return first if isinstance(first, ScaleQuestion) else None


@dataclass(frozen=True)
class _Talk:
    """One reply and what it takes to answer it."""

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

    def without_invitation(self, meaning: Meaning) -> Invitation | None:
        """Nothing is open for this number: a wish is followed, anything else is a matter for a person.

        Returns the survey that it is late for.
        """
        meaning = self.set_aside(meaning)
        return None if self.follow(meaning) else self._late()

    def follow(self, meaning: Meaning) -> bool:
        """Act on a wish (stop, start, help); False where it is none."""
        if isinstance(meaning, Stop):
            self._stop(meaning)
        elif isinstance(meaning, Start):
            self.row.meaning = "start"
            optouts.opt_in(self.session, "sms", self.reply.from_, source=self._source, now=self._said_at)
        elif isinstance(meaning, Help):
            self._help()
        else:
            return False
        return True

    def say(self, purpose: str, text: str, language: str | None = None) -> None:
        """Answer the customer at once (they have just written, so no quiet hours), through the outbox."""
        self.session.add(
            Message(
                invitation_id=self.row.invitation_id,
                contact_id=self.row.contact_id,
                purpose=purpose,
                occurrence=self.row.id,
                channel=self.row.channel,
                kind="sms",
                recipient=self.reply.from_,
                sender=self._sender,
                body=text,
                language=language or self.language,
                state="queued",
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
        """What the reply is; a doubt whether it is an opt-out stays with it whatever else it says."""
        if self.row.meaning != "maybe_stop":
            self.row.meaning = meaning

    def for_a_person(self, meaning: str) -> None:
        self.mean(meaning)
        self.row.needs_person = True

    def set_aside(self, meaning: Meaning) -> Meaning:
        """What else a message says in which a stop word stands; sending is suspended before anything is heard."""
        if not isinstance(meaning, Stop) or meaning.said is None:
            return meaning
        self._suspend()
        return meaning.said

    @property
    def _sender(self) -> str | None:
        """The number that they wrote to; None where that is the usual sender, whose pace it has to share."""
        return None if self.reply.to == self.settings.twilio.sender else self.reply.to

    @property
    def _source(self) -> str:
        return f"reply {self.row.id}"

    @property
    def _said_at(self) -> datetime:
        """When they wrote it, by which wishes are put in order: what was missed is read back later."""
        return self.row.received_at

    def _stop(self, meaning: Stop) -> None:
        if meaning.kind != "certain":
            self._suspend()
            return
        self.row.meaning = "stop"
        fresh = optouts.opt_out(self.session, "sms", self.reply.from_, source=self._source, now=self._said_at)
        if fresh and self.reply.opt_out_type != "STOP":  # else the provider has confirmed it already
            self.say("opt_out_confirmation", self.words("You will get no more surveys from us."))

    def _suspend(self) -> None:
        """Nothing is sent to its author until a person has read the reply."""
        self.for_a_person("maybe_stop")
        optouts.suspend(self.session, "sms", self.reply.from_, source=self._source, now=self._said_at)

    def _help(self) -> None:
        self.row.meaning = "help"
        if self.reply.opt_out_type == "HELP":  # the provider has answered already
            return
        if optouts.is_suppressed(self.session, "sms", self.reply.from_):
            return
        company, words = self.settings.organisation, translator("messages", self.language)
        ways = words.comma.join(filter(None, (company.support_phone, company.support_email)))
        survey = self._open_survey()
        parts = (
            words.gettext("{company} surveys.", company=company.name),
            words.gettext("Help: {support}.", support=ways) if ways else "",
            words.gettext("Answer here: {link}", link=composing.link(self.settings, survey))
            if survey
            else "",
            words.gettext("Reply STOP to end."),
        )
        self.say("thanks", " ".join(filter(None, parts)))

    def _open_survey(self) -> str | None:
        """The token of the contact's latest survey that still takes answers."""
        return self.session.scalar(
            select(Invitation.token)
            .where(Invitation.contact_id == self.row.contact_id, Invitation.state.in_(OPEN))
            .where(Invitation.expires_at > self.now)
            .order_by(Invitation.sent_at.desc())
            .limit(1)
        )

    def _late(self) -> Invitation | None:
        """A comment on the last survey where that is recent; in any case somebody reads it."""
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


@dataclass(frozen=True)
class _Survey:
    """The survey that a reply belongs to."""

    talk: _Talk
    invitation: Invitation
    questionnaire: Questionnaire

    def hear(self, meaning: Meaning) -> None:
        """Go one step on: what has been answered so far decides what the reply is.

        The first number is the score. After it only a bare number is one, and corrects it; everything else is
        the comment, whole.
        """
        meaning = self.talk.set_aside(meaning)
        question = _scored(self.questionnaire)
        given = sheets.answers_to(self.talk.session, self.invitation.id)
        scored = question is not None and question.key in given
        if self.talk.follow(meaning):
            if scored and meaning == Stop("likely"):
                self._add_words()  # a comment in which they also ask to be left alone
        elif isinstance(meaning, Score) and question and (meaning.bare or not scored):
            self._score(question, meaning)
        elif scored and self.invitation.conversation != "done":
            self._comment()
        elif self.invitation.conversation == "await_score" and question:
            self._ask_again(question)
        else:
            self._keep()

    def keep_late(self) -> None:
        """Put the reply to the comment of an answer that is closed to changes: words only add to it.

        Without an answer there is nothing to add to; the reply itself waits for a person in any case.
        """
        self.talk.for_a_person("late")
        words = self._words()
        if words and sheets.answers_to(self.talk.session, self.invitation.id):
            self._store(words, added=True)

    def _score(self, question: ScaleQuestion, meaning: Score) -> None:
        given = {question.key: Answer(meaning.value)}
        comment = self._comment_question(given)
        if meaning.comment and comment:
            given |= self._words(meaning.comment, given)
        self.talk.mean("score")
        if not self._record(given):
            return
        if comment is None or comment.key in given:
            self._thank()
        elif self.invitation.conversation in (
            "await_score",
            "asked_again",
        ):  # a correction is not asked about again
            self.invitation.conversation = "await_comment"
            prompt = self.questionnaire.messages.comment_prompt or comment.text
            self._say("comment_prompt", prompt.to(self._language))

    def _comment(self) -> None:
        self.talk.mean("comment")
        if self._add_words():
            self._thank()

    def _keep(self) -> None:
        """Words that came when none were asked for: kept with the answers where they fit, and read by a person."""
        self.talk.for_a_person("unclear")
        self._add_words()

    def _ask_again(self, question: ScaleQuestion) -> None:
        self.talk.for_a_person("unclear")  # for perhaps they never write again
        self.invitation.conversation = "asked_again"
        link = composing.link(self.talk.settings, self.invitation.token or "")
        limits = {"minimum": question.minimum, "maximum": question.maximum}
        self.talk.say(
            "reprompt", self.talk.words(UNCLEAR, self._language, link=link, **limits), self._language
        )

    def _thank(self) -> None:
        """The conversation is over, and with it the survey: a link answers what it did not ask, if they like."""
        if self.invitation.conversation == "done":
            return
        self.invitation.conversation = "done"
        self._store({}, added=True, finished=True)
        thanks = self.questionnaire.thanks_for(sheets.answers_to(self.talk.session, self.invitation.id))
        words = self.talk.words("Thank you for your answer!", self._language)
        self._say("thanks", thanks.text.to(self._language) if thanks else words)

    def _add_words(self) -> bool:
        """Put the reply behind what was written before; False where it came too late for that."""
        if not says_something(self.talk.row.body):
            return True  # "." is a way to say nothing
        words = self._words()
        if not words:
            self.talk.for_a_person("late")
            return False
        return self._record(words)

    def _words(self, said: str | None = None, given: Mapping[str, Answer] | None = None) -> dict[str, Answer]:
        """What they `said` (else the whole reply) behind what they wrote before; empty where it has no place.

        `given` are answers of this reply that are not stored yet.
        """
        answers = {**sheets.answers_to(self.talk.session, self.invitation.id), **(given or {})}
        question = self._comment_question(answers)
        said = said or self.talk.row.body
        if question is None or not says_something(said):
            return {}
        earlier = answers[question.key].text if question.key in answers else None
        return {question.key: Answer(None, f"{earlier}\n{said}" if earlier else said)}

    def _record(self, given: Mapping[str, Answer]) -> bool:
        """Store answers; where the link has been closed, the words are added to the answer for a person to read."""
        try:
            self._store(given)
        except LinkClosed:
            self.keep_late()
            return False
        return True

    def _store(self, given: Mapping[str, Answer], *, added: bool = False, finished: bool = False) -> None:
        talk = self.talk
        responses.record(
            talk.session, self.invitation, self.questionnaire, given, source="sms_reply",
            followup=talk.settings.followup, now=talk.now, edit_window=talk.settings.link.edit_window,
            added=added, finished=finished,
        )  # fmt: skip

    def _comment_question(self, given: Mapping[str, Answer]) -> TextQuestion | None:
        """The open question that a reply in words answers, given the answers so far."""
        return next((each for each in self.questionnaire.path(given) if isinstance(each, TextQuestion)), None)

    def _say(self, purpose: str, template: str) -> None:
        given = sheets.answers_to(self.talk.session, self.invitation.id)
        values = {
            **composing.values(self.invitation, self.talk.settings),
            **self.questionnaire.repeated(given, self._language),
        }
        self.talk.say(purpose, fill(template, values), self._language)

    @property
    def _language(self) -> str:
        return self.invitation.language
