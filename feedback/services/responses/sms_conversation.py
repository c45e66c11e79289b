"""The SMS conversation: score, comment, thanks; and all other replies.

await_score -> (asked once more) -> await_comment -> done. A stop word has priority in every state. A reply that is
not understood is kept and goes to the inbox; the conversation repeats its question at most once. Text is only
added to earlier text, also if it comes late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.core.contact.recipient import dialled, spellings
from feedback.core.lifecycle import INVITATION_OUT, MessageState
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import ScaleQuestion, TextQuestion
from feedback.core.questions.base import MAX_TEXT
from feedback.core.replies.reply import (
    Automatic,
    Help,
    Meaning,
    ScoreReply,
    Start,
    Stop,
    Unclear,
    has_words,
    says_something,
    understand,
    understand_apart_from_stop,
)
from feedback.core.replies.words import phrase
from feedback.core.text.message import fill, segments
from feedback.errors import LinkClosed
from feedback.i18n import translator
from feedback.providers import terms_of
from feedback.providers.base import Reply
from feedback.services.contact import facts, suppression
from feedback.services.context import Context
from feedback.services.messaging import content
from feedback.services.responses import lookup, recording
from feedback.services.responses.submission import Submission
from feedback.settings import Settings
from feedback.store.models import Contact, InboundReply, Invitation, Message

LATE = timedelta(days=7)
"""A reply within this time after an invitation was closed still belongs to it, as a comment."""


PROMPT = timedelta(hours=1)
"""Our reply to an incoming SMS is dropped after this time, because later it would confuse or come at night."""

ATTACHMENT = "📎"
"""Begins a line of a stored reply that names a picture or another attachment."""

_UNDERSTOOD: Mapping[str | None, Meaning] = {"STOP": Stop("certain"), "START": Start(), "HELP": Help()}
"""Opt-out types that the provider has recognised and acted on, possibly in words that we do not know."""

THUMBS = 5
"""Up to so many points, a thumb is the end of the scale."""

UNCLEAR = "Sorry, we need a number from {minimum} to {maximum}. Please reply with one, or answer here: {link}"
OFF_SCALE = "This number is not on our scale. Please reply with one from {minimum} to {maximum}, or answer here: {link}"
SEVERAL = "We need one number only. Please reply with one from {minimum} to {maximum}, or answer here: {link}"
_QUESTIONS: Mapping[str | None, str] = {None: UNCLEAR, "off_scale": OFF_SCALE, "several": SEVERAL}


def receive(
    session: Session, provider: str, reply: Reply, context: Context, now: datetime
) -> InboundReply | None:
    """Store and process a reply once, even if the provider delivers it several times. Returns None for a known one."""
    reply = replace(reply, from_=dialled(reply.from_))
    row = _stored(session, provider, reply, now)
    if row is None:
        return None
    same = spellings(reply.from_)
    contact = session.scalars(select(Contact).where(Contact.phone.in_(same)).order_by(Contact.id)).first()
    open_key = select(Invitation).where(Invitation.reply_key.in_(same)).order_by(Invitation.sent_at.desc())
    invitation = session.scalars(open_key.limit(1).with_for_update()).first()
    contact = invitation.contact if invitation else contact
    if invitation and invitation.expires_at < now - LATE:
        invitation = None  # too old to be related to the survey
    row.invitation_id = invitation.id if invitation else None
    row.contact_id = contact.id if contact else None
    conversation = _Conversation(session, row, reply, contact, context.settings, now)
    if reply.media:
        row.needs_person = True
        if not says_something(reply.body) and reply.opt_out_type is None:
            row.meaning = "attachment"  # we see no picture, so we neither ask nor thank
            return row
    if invitation is None:
        last = conversation.without_invitation(_meaning(reply, None, conversation.language))
        if last and last.conversation:
            _OpenSurvey(conversation, last, _questionnaire(context, last)).store_late_comment()
    else:
        questionnaire = _questionnaire(context, invitation)
        meaning = _meaning(reply, _scored(questionnaire), invitation.language)
        _OpenSurvey(conversation, invitation, questionnaire).handle(meaning)
    return row


def hear_again(session: Session, row: InboundReply, context: Context, now: datetime) -> None:
    """Take the score of a reply that a person has found to be no opt-out, unless the survey has one by now."""
    invitation = session.get(Invitation, row.invitation_id) if row.invitation_id else None
    if invitation is None or row.meaning != "maybe_stop":
        return
    questionnaire = _questionnaire(context, invitation)
    question = _scored(questionnaire)
    if question is None:
        return
    body = row.body.partition(ATTACHMENT)[0].rstrip()
    reply = Reply(row.provider_id, row.sender, row.recipient, body, row.received_at, None)
    conversation = _Conversation(session, row, reply, invitation.contact, context.settings, now)
    said = understand_apart_from_stop(
        body,
        minimum=question.minimum,
        maximum=question.maximum,
        language=invitation.language,
        labels=_labels(question, invitation.language),
    )
    _OpenSurvey(conversation, invitation, questionnaire).take_score(said)


def _questionnaire(context: Context, invitation: Invitation) -> Questionnaire:
    """The questionnaire for this customer."""
    return context.library.questionnaire_of(invitation.version).asked_of(facts.kept(invitation))


def _stored(session: Session, provider: str, reply: Reply, now: datetime) -> InboundReply | None:
    row = InboundReply(
        provider=provider,
        provider_id=reply.provider_id,
        sender=reply.from_,
        recipient=reply.to,
        body="\n".join(filter(None, [reply.body, *(f"{ATTACHMENT} {each}" for each in reply.media)])),
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
    labels = _labels(question, language) if question else {}
    return understand(reply.body, minimum=minimum, maximum=maximum, language=language, labels=labels)


def _labels(question: ScaleQuestion, language: str) -> dict[str, int]:
    """The words of the scale, and thumbs: their points. On longer scales a thumb may be any of several points."""
    labels = {label: point for point, label in question.labels(language).items()}
    if question.maximum - question.minimum < THUMBS and not question.high_is_bad:
        labels |= {"👍": question.maximum, "👎": question.minimum}
    return labels


def _scored(questionnaire: Questionnaire) -> ScaleQuestion | None:
    """The question that a number answers: the first one that is not a note, if it is a scale."""
    first = next((each for each in questionnaire.path({}) if each.answerable), None)
    return first if isinstance(first, ScaleQuestion) else None


@dataclass(frozen=True)
class _Conversation:
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

    def without_invitation(self, meaning: Meaning) -> Invitation | None:
        """Process a reply without an open survey: follow STOP, START and HELP; anything else goes to the inbox.

        Returns the closed survey to which it belongs, if any.
        """
        meaning = self.set_aside(meaning)
        return None if self.follow(meaning) else self._late()

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


@dataclass(frozen=True)
class _OpenSurvey:
    """The survey to which a reply belongs."""

    conversation: _Conversation
    invitation: Invitation
    questionnaire: Questionnaire

    def handle(self, meaning: Meaning) -> None:
        """Process the reply, depending on the answers so far.

        The first number is the score. After that, only a bare number is a score, which corrects the first one;
        everything else is the comment, as a whole.
        """
        meaning = self.conversation.set_aside(meaning)
        question = _scored(self.questionnaire)
        given = self._answers()
        scored = question is not None and question.key in given
        if self.conversation.follow(meaning):
            if scored and meaning == Stop("likely"):
                self._add_words()  # a comment that also contains an opt-out
        elif isinstance(meaning, ScoreReply) and question and (meaning.bare or not scored):
            self._score(question, meaning)
        elif scored and self.invitation.conversation != "done":
            self._comment()
        elif self.invitation.conversation == "await_score" and question:
            self._ask_again(question, meaning)
        else:
            self._keep()

    def take_score(self, meaning: Meaning) -> None:
        """Store the score of a reply that was set aside; a survey that has a score keeps it."""
        question = _scored(self.questionnaire)
        if isinstance(meaning, ScoreReply) and question and question.key not in self._answers():
            self._score(question, meaning)

    def store_late_comment(self) -> None:
        """Append the reply to the comment of a response that can no longer be changed.

        Without a response nothing is stored; the reply is in the inbox in any case.
        """
        self.conversation.for_a_person("late")
        words = self._words()
        if words and self._answers():
            self._store(words, added=True)

    def _score(self, question: ScaleQuestion, meaning: ScoreReply) -> None:
        given = {question.key: Answer(meaning.value)}
        comment = self._comment_question(given)
        if comment:
            given |= self._words_with(question, comment, meaning.comment)
        self.conversation.mean("score")
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

    def _words_with(self, question: ScaleQuestion, comment: TextQuestion, said: str) -> dict[str, Answer]:
        """All words that belong to a score: those that came before it, and those beside it."""
        answers = self._answers()
        stored = answers[comment.key].text or "" if comment.key in answers else ""
        before = [] if question.key in answers else self._said_before(stored)
        text = "\n".join(filter(None, [*before, stored, said if says_something(said) else ""]))
        if len(text) > MAX_TEXT:
            self.conversation.row.needs_person = True  # as in `_add_words`
            return {}
        return {comment.key: Answer(None, text)} if text and text != stored else {}

    def _said_before(self, stored: str) -> list[str]:
        """Words that came before the score and are not in the `stored` comment yet, oldest first."""
        earlier = self.conversation.session.scalars(
            select(InboundReply.body)
            .where(InboundReply.invitation_id == self.invitation.id)
            .where(InboundReply.id != self.conversation.row.id)
            .where(InboundReply.meaning.in_(("unclear", "maybe_stop")))
            .order_by(InboundReply.received_at, InboundReply.id)
        )
        words = (body.partition(ATTACHMENT)[0].rstrip() for body in earlier)
        return [said for said in words if has_words(said, self._language) and said not in stored]

    def _comment(self) -> None:
        self.conversation.mean("comment")
        if self._add_words():
            self._thank()

    def _keep(self) -> None:
        """Store unexpected text with the answers if there is a place for it, and put the reply into the inbox."""
        self.conversation.for_a_person("unclear")
        self._add_words()

    def _ask_again(self, question: ScaleQuestion, meaning: Meaning) -> None:
        """Ask for the score once more, in words that fit the mistake."""
        self.conversation.for_a_person("unclear")  # because they may never write again
        self.invitation.conversation = "asked_again"
        link = content.link(self.conversation.settings, self.invitation.token or "")
        limits = {"minimum": question.minimum, "maximum": question.maximum}
        wanted = _QUESTIONS[meaning.fault if isinstance(meaning, Unclear) else None]
        words = self.conversation.words(wanted, self._language, link=link, **limits)
        self.conversation.say("reprompt", words, self._language)

    def _thank(self) -> None:
        """End the conversation and the survey, with thanks. The link offers the questions that were not asked."""
        if self.invitation.conversation == "done":
            return
        self.invitation.conversation = "done"
        self._store({}, added=True, finished=True)
        thanks = self.questionnaire.thanks_for(self._answers())
        words = self.conversation.words("Thank you for your answer!", self._language)
        self._say("thanks", thanks.text.to(self._language) if thanks else words)

    def _add_words(self) -> bool:
        """Append the reply to earlier text. Returns False if it is too late."""
        if not says_something(self.conversation.reply.body):
            return True  # "." is not a comment
        words = self._words()
        if not words:
            over = self.invitation.expires_at <= self.conversation.now
            self.conversation.for_a_person("late" if over else "unclear")
            return False
        if any(len(answer.text or "") > MAX_TEXT for answer in words.values()):
            self.conversation.row.needs_person = True  # the page would refuse the whole comment
            return True
        return self._record(words)

    def _words(self, said: str | None = None, given: Mapping[str, Answer] | None = None) -> dict[str, Answer]:
        """`said` (or the whole reply) appended to earlier text; empty if no question takes it.

        `given` are answers in this reply that are not stored yet.
        """
        answers = {**self._answers(), **(given or {})}
        question = self._comment_question(answers)
        said = said or self.conversation.reply.body
        if question is None or not says_something(said):
            return {}
        earlier = answers[question.key].text if question.key in answers else None
        return {question.key: Answer(None, f"{earlier}\n{said}" if earlier else said)}

    def _record(self, given: Mapping[str, Answer]) -> bool:
        """Store answers; if the link is closed, append the text to the response and put the reply into the inbox."""
        try:
            self._store(given)
        except LinkClosed:
            self.store_late_comment()
            return False
        return True

    def _store(self, given: Mapping[str, Answer], *, added: bool = False, finished: bool = False) -> None:
        conversation = self.conversation
        submission = Submission(given, conversation.now, "sms_reply", added=added, finished=finished)
        recording.record(
            conversation.session, self.invitation, self.questionnaire, submission, conversation.settings
        )

    def _answers(self) -> dict[str, Answer]:
        """What has been answered so far."""
        connection = lookup.connection_of(self.conversation.session)
        return lookup.answers_to(connection, self.invitation.id)

    def _comment_question(self, given: Mapping[str, Answer]) -> TextQuestion | None:
        """The open question that a text reply answers, given the answers so far."""
        return next((each for each in self.questionnaire.path(given) if isinstance(each, TextQuestion)), None)

    def _say(self, purpose: str, template: str) -> None:
        given = self._answers()
        values = {
            **content.values(self.invitation, self.conversation.settings),
            **self.questionnaire.repeated(given, self._language),
        }
        self.conversation.say(purpose, fill(template, values), self._language)

    @property
    def _language(self) -> str:
        return self.invitation.language
