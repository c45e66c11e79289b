"""The survey to which a reply by SMS belongs: the answer in it, and what is asked next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from feedback.core.answer import Answer
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import ScaleQuestion, TextQuestion
from feedback.core.questions.base import MAX_TEXT
from feedback.core.replies import conversation as plan
from feedback.core.replies import written
from feedback.core.replies.offered import Numbered, Offered, is_askable
from feedback.core.replies.reply import (
    Meaning,
    ScoreReply,
    Stop,
    Unclear,
    has_words,
    says_something,
    understand,
    understand_apart_from_stop,
)
from feedback.core.replies.words import lexicon_for, words_in
from feedback.core.text.message import compose_sms
from feedback.errors import LinkClosed
from feedback.i18n import translator
from feedback.services.messaging import content
from feedback.services.responses import lookup, recording
from feedback.services.responses.incoming_reply import ATTACHMENT, IncomingReply
from feedback.services.responses.submission import Submission
from feedback.store.models import InboundReply, Invitation

UNCLEAR = "Sorry, we need a number from {minimum} to {maximum}. Please reply with one, or answer here: {link}"
OFF_SCALE = "This number is not on our scale. Please reply with one from {minimum} to {maximum}, or answer here: {link}"
SEVERAL = "We need one number only. Please reply with one from {minimum} to {maximum}, or answer here: {link}"
_QUESTIONS: Mapping[str | None, str] = {None: UNCLEAR, "off_scale": OFF_SCALE, "several": SEVERAL}
MORE = "More questions, if you like: {link}"
REST = "Please answer the rest here: {link}"

AWAITED, AGAIN = "await:", "again:"
"""Before the place of a further question in its questionnaire: it was asked, or asked once more."""


@dataclass(frozen=True)
class SmsSurvey:
    """One reply and the survey that it belongs to. `questionnaire` is the one for this customer."""

    conversation: IncomingReply
    invitation: Invitation
    questionnaire: Questionnaire

    def handle(self) -> None:
        """Process the reply, depending on the answers so far.

        Until the first question is answered, the first number answers it; then a reply answers the question that was
        asked last. After that, only a bare number is an answer, which corrects an earlier one; everything else is the
        comment, as a whole.
        """
        first, given = plan.opening(self.questionnaire), self._answers()
        begun = first is not None and first.key in given
        awaited = self._awaited(given) if begun else first
        meaning = self.conversation.set_aside(self._meaning(awaited or first))
        if self.conversation.follow(meaning):
            if begun and meaning == Stop("likely"):
                self._add_words()  # a comment that also contains an opt-out
        elif begun and awaited is not None:
            self._take(awaited, meaning, given)
        elif awaited is not None and isinstance(meaning, ScoreReply):
            self._answer(awaited, meaning)
        elif awaited is not None and self.invitation.conversation == "await_score":
            self._ask_again(awaited, meaning, "asked_again")
        elif begun and (corrected := self._correction(given)):
            self._correct(*corrected)
        elif begun and self.invitation.conversation != "done":
            self._comment()
        else:
            self._keep()

    def hear_again(self) -> None:
        """Take the answer to the first question from a reply that is no opt-out; one that was given is kept."""
        first = plan.opening(self.questionnaire)
        if first is None or first.key in self._answers():
            return
        said = self._offer(first).read(self._body, self._language, understand_apart_from_stop)
        if isinstance(said, ScoreReply):
            self._answer(first, said)

    def store_late_comment(self) -> None:
        """Append the reply to the comment of a response that can no longer be changed.

        Without a response nothing is stored; the reply is in the inbox in any case.
        """
        self.conversation.for_a_person("late")
        words = self._words()
        if words and self._answers():
            self._store(words, added=True)

    # --- What was asked ------------------------------------------------------------------------------

    def _awaited(self, given: Mapping[str, Answer]) -> Numbered | None:
        """The further question that was asked last, if it is still to be answered."""
        state = self.invitation.conversation or ""
        if not state.startswith((AWAITED, AGAIN)):
            return None
        key = self.questionnaire.questions[int(state.partition(":")[2])].key
        found = next((each for each in plan.asked(self.questionnaire, given) if each.key == key), None)
        return found if found is not None and is_askable(found) and key not in given else None

    def _meaning(self, question: Numbered | None) -> Meaning:
        if known := self.conversation.known_already:
            return known
        if question is None:
            return understand(self._body, minimum=0, maximum=10, language=self._language)
        return self._offer(question).read(self._body, self._language)

    def _offer(self, question: Numbered) -> Offered:
        return written.offer(question, self._language, self.invitation.token or "", translator)

    # --- An answer by number ---------------------------------------------------------------------------

    def _answer(self, question: Numbered, meaning: ScoreReply) -> None:
        """Store the answer with its words, and go on."""
        if self._store_answer(question, meaning):
            self._go_on(question)

    def _store_answer(self, question: Numbered, meaning: ScoreReply) -> bool:
        offer, before = self._offer(question), self._answers()
        given = {question.key: offer.answer(meaning)}
        comment = plan.comment_of(self.questionnaire, {**before, **given})
        if comment:
            said = "" if offer.takes_words(meaning) else meaning.comment
            given |= self._words_with(question, comment, said)
        self.conversation.mean("score" if isinstance(question, ScaleQuestion) else "answer")
        return self._record(given)

    def _correction(self, given: Mapping[str, Answer]) -> list[tuple[Numbered, ScoreReply]]:
        """The answered questions that a bare number can correct; of several, nobody knows which one is meant."""
        return list(self._corrections(given))

    def _corrections(self, given: Mapping[str, Answer]) -> Iterator[tuple[Numbered, ScoreReply]]:
        for question in plan.asked(self.questionnaire, given):
            if question.key in given and is_askable(question):
                meaning = self._meaning(question)
                if isinstance(meaning, ScoreReply) and meaning.bare:
                    yield question, meaning

    def _correct(self, *possible: tuple[Numbered, ScoreReply]) -> None:
        """Store the corrected answer. It is not asked about again, unless it leads to another question."""
        if len(possible) > 1:
            self.conversation.for_a_person("unclear")
            return
        question, meaning = possible[0]
        if not self._store_answer(question, meaning) or self.invitation.conversation == "done":
            return
        answers = self._answers()
        comment = plan.comment_of(self.questionnaire, answers)
        waits = self.invitation.conversation == "await_comment" and comment and comment.key not in answers
        if not waits and self._awaited(answers) is None:
            self._go_on(question)

    def _ask_again(self, question: Numbered, meaning: Meaning, state: str) -> None:
        """Ask for the number once more, in words that fit the mistake."""
        self.conversation.for_a_person("unclear")  # because they may never write again
        self.invitation.conversation = state
        link = content.link(self.conversation.settings, self.invitation.token or "")
        offer = self._offer(question)
        limits = {"minimum": offer.minimum, "maximum": offer.maximum}
        wanted = _QUESTIONS[meaning.fault if isinstance(meaning, Unclear) else None]
        words = self.conversation.words(wanted, self._language, link=link, **limits)
        self.conversation.say("reprompt", words, self._language)

    def _take(self, question: Numbered, meaning: Meaning, given: Mapping[str, Answer]) -> None:
        """The reply to a further question: its answer, or "sorry, I meant 8" of an earlier one. If it can be both, or
        neither, its words are kept and the question is asked once more."""
        says_so = lexicon_for(self._language).corrections.intersection(words_in(self._body))
        corrected = self._correction(given) if says_so else []
        if isinstance(meaning, ScoreReply) and not (meaning.bare and corrected):
            self._answer(question, meaning)
        elif corrected and not isinstance(meaning, ScoreReply):
            self._correct(*corrected)
        else:
            self._not_an_answer(question, meaning)

    def _not_an_answer(self, question: Numbered, meaning: Meaning) -> None:
        if has_words(self._body, self._language):
            self._add_words()
        state = self.invitation.conversation or ""
        if state.startswith(AWAITED):
            self._ask_again(question, meaning, state.replace(AWAITED, AGAIN))
        else:
            self.conversation.for_a_person("unclear")
            self._go_on(question)

    # --- What is asked next ------------------------------------------------------------------------------

    def _go_on(self, after: Numbered | TextQuestion) -> None:
        """Ask the next question, or say thanks."""
        answers = self._answers()
        asked = plan.asked(self.questionnaire, answers)
        places = [place for place, each in enumerate(asked) if each.key == after.key]
        following = next(
            (each for each in asked[places[0] + 1 if places else 0 :] if each.key not in answers), None
        )
        if isinstance(following, TextQuestion):
            self.invitation.conversation = "await_comment"
            prompt = self.questionnaire.messages.comment_prompt or following.text
            self._say("comment_prompt", prompt.to(self._language))
        elif following is not None and is_askable(following):
            keys = [each.key for each in self.questionnaire.questions]
            self.invitation.conversation = f"{AWAITED}{keys.index(following.key)}"
            seed = self.invitation.token or ""
            self._say("question", written.template(following, self._language, seed, translator))
        else:
            self._thank()

    def _thank(self) -> None:
        """End the conversation and the survey, with thanks, and with the link if there are questions left."""
        if self.invitation.conversation == "done":
            return
        self.invitation.conversation = "done"
        self._store({}, added=True, finished=True)
        answers = self._answers()
        thanks = self.questionnaire.thanks_for(answers)
        words = self.conversation.words("Thank you for your answer!", self._language)
        text = thanks.text.to(self._language) if thanks else words
        if left := plan.left_for_the_page(self.questionnaire, answers):
            more = REST if any(each.required for each in left) else MORE
            text = f"{text}\n{self.conversation.words(more, self._language)}"
        self._say("thanks", text)

    # --- Words -----------------------------------------------------------------------------------------

    def _comment(self) -> None:
        self.conversation.mean("comment")
        comment = plan.comment_of(self.questionnaire, self._answers())
        if self._add_words():
            if comment is None:
                self._thank()
            else:
                self._go_on(comment)

    def _keep(self) -> None:
        """Store unexpected text with the answers if there is a place for it, and put the reply into the inbox."""
        self.conversation.for_a_person("unclear")
        self._add_words()

    def _words_with(self, question: Numbered, comment: TextQuestion, said: str) -> dict[str, Answer]:
        """All words that belong to a score: those that came before it, and those beside it."""
        answers = self._answers()
        stored = answers[comment.key].text or "" if comment.key in answers else ""
        first = plan.opening(self.questionnaire)
        fresh = first is not None and question.key == first.key and question.key not in answers
        before = self._said_before(stored) if fresh else []
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

    def _add_words(self) -> bool:
        """Append the reply to earlier text. Returns False if it is too late."""
        if not says_something(self._body):
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
        question = plan.comment_of(self.questionnaire, answers)
        said = said or self._body
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

    def _say(self, purpose: str, template: str) -> None:
        values = {
            **content.values(self.invitation, self.conversation.settings),
            **self.questionnaire.repeated(self._answers(), self._language),
        }
        link = content.link(self.conversation.settings, self.invitation.token or "")
        self.conversation.say(purpose, compose_sms(template, values, link=link).text, self._language)

    @property
    def _body(self) -> str:
        return self.conversation.reply.body

    @property
    def _language(self) -> str:
        return self.invitation.language
