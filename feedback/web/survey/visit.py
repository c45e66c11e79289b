"""One customer's visit to a survey: the current step, the next one, and their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from feedback.core.answer import Answer
from feedback.core.lifecycle import ResponseState
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion, ScaleQuestion, SingleQuestion, TextQuestion
from feedback.services.responses.lookup import SurveyState
from feedback.web.survey.frames import NO_FRAME, Frame

JUST_NOW = timedelta(minutes=1)


@dataclass(frozen=True)
class Visit:
    """`editable`: answers already given may be changed; `asked` is the question that the address names.

    `route` is the path of its page, `preselected` the score that its link carries, `source` that of a Submission.
    Through an open link, `walk_in` is the secret of the visit (`?v=`), `frame` the link's, and `device` tells devices
    apart, except on a shared screen.
    """

    survey: SurveyState
    questionnaire: Questionnaire
    language: str
    now: datetime
    editable: bool
    route: str
    asked: str | None = None
    preselected: int | None = None
    source: str = "link"
    walk_in: str | None = None
    frame: Frame = NO_FRAME
    device: str = ""

    @property
    def token(self) -> str:
        """The secret of this visit."""
        return self.survey.token or self.walk_in or ""

    @property
    def order(self) -> str:
        """The seed of shuffled options: it stays the same when a page is reloaded.

        Through an open link each page that is opened is a new visit until something is stored, so the order follows
        the device; on a shared screen it follows the visit, so that not everybody there sees the same order.
        """
        return self.device or self.token

    @property
    def shared(self) -> bool:
        """Whether it is on a screen that the next person uses, too."""
        return bool(self.frame.start)

    @property
    def answers(self) -> Mapping[str, Answer]:
        return self.survey.answers

    @cached_property
    def path(self) -> list[AnyQuestion]:
        return list(self.questionnaire.path(self.answers))

    def wanted(self) -> AnyQuestion | None:
        """The question to show: the requested one if it is open, else the next open one, else None."""
        return self._open(self.asked) or self.due()

    def due(self) -> AnyQuestion | None:
        """The next open question; None once everything was asked."""
        return None if self.survey.state == ResponseState.COMPLETE else self._unanswered()

    def answered(self) -> AnyQuestion | None:
        """The question that a form answers."""
        return self._open(self.asked) if self.asked else self._unanswered() or next(iter(self.path), None)

    def says_the_same(self, question: AnyQuestion | None, sent: MultiDict[str, str]) -> bool:
        """Whether a form only repeats the stored answer, as after a double tap."""
        answer = question.parse(sent.to_dict(flat=False)) if question else None
        return question is not None and answer == self.answers.get(question.key)

    def place_for_words(self) -> TextQuestion | None:
        """The unanswered open question for a text that was written for a question off the path, if there is one."""
        texts = [
            each
            for each in self.path
            if isinstance(each, TextQuestion) and not each.contact and self._open(each.key)
        ]
        return next((each for each in texts if each.key not in self.answers), texts[0] if texts else None)

    def after(self, question: AnyQuestion, answer: Answer | None) -> tuple[str, bool]:
        """The address after `question` is answered (the next step, a missing one, or the last page), and whether
        everything has been asked."""
        answers = self._with(question, answer)
        path = list(self.questionnaire.path(answers))
        keys = [each.key for each in path]
        later = path[keys.index(question.key) + 1 :] if question.key in keys else []
        was_last = not later
        if self.survey.state == ResponseState.COMPLETE:
            # One answer was changed: ask only the questions that it leads to.
            later = [each for each in later if each.answerable and each.key not in answers]
        missing = [each for each in path if each.required and each.key not in answers]
        return self.address(next(iter((*later, *missing)), None)), was_last

    def before(self, question: AnyQuestion) -> AnyQuestion | None:
        """The previous step, if there is one and its answer can be changed."""
        earlier = reversed(self.path[: self.path.index(question)])
        return next((each for each in earlier if self._open(each.key)), None)

    def back(self, question: AnyQuestion) -> str:
        """The address of the previous step, or empty."""
        before = self.before(question)
        return self.address(before) if before else ""

    def address(
        self,
        question: AnyQuestion | None = None,
        *,
        language: str | None = None,
        trap: bool = False,
        score: int | None = None,
    ) -> str:
        spoken = language or self.language
        query = {
            "v": self.walk_in,
            "q": question.key if question else None,
            "s": score,
            "l": None if spoken == self.survey.language else spoken,
            "all": 1 if trap else None,
        }
        text = urlencode({name: value for name, value in query.items() if value is not None})
        return self.route + (f"?{text}" if text else "")

    def languages(self, question: AnyQuestion | None) -> dict[str, str]:
        """Language -> this page's address in that language; empty if there is only one language."""
        if len(self.questionnaire.languages) < 2:
            return {}
        unanswered = question is not None and question.key not in self.answers
        score = self.preselected if question and unanswered and self.remembered(question) else None
        spoken = self.questionnaire.languages
        return {each: self.address(question, language=each, score=score) for each in spoken}

    def remembered(self, question: AnyQuestion) -> Mapping[str, list[str]]:
        """The form with the earlier answer; without one, with the preselected score."""
        if question.key in self.answers:
            return {} if self.shared else question.as_form(self.answers[question.key])
        score = self.preselected if question is self.path[0] else None
        if score is None:
            return {}
        if isinstance(question, SingleQuestion):  # the position of the option, which e-mail links contain
            return {question.key: [each.key for each in question.options[score - 1 : score]]} if score else {}
        return {question.key: [str(score)]} if isinstance(question, ScaleQuestion) else {}

    @property
    def is_over(self) -> bool:
        """Whether the customer returns after the time for changes, rather than having just finished."""
        finished = self.survey.completed_at or self.survey.answered_at
        return not (self.editable or self.shared) and finished is not None and self.now - finished > JUST_NOW

    def is_open(self, question: AnyQuestion) -> bool:
        """Whether it may be answered now, or answered again."""
        return self._open(question.key) is not None

    def _open(self, key: str | None) -> AnyQuestion | None:
        """The question `key`, if it is on the path and can be answered now."""
        found = next((each for each in self.path if each.key == key), None)
        if found is None or self.editable:
            return found
        over = self.survey.state == ResponseState.COMPLETE and not self.survey.takes_the_rest(self.now)
        return None if over or found.key in self.answers else found

    def _unanswered(self) -> AnyQuestion | None:
        return self.questionnaire.next_question(self.answers)

    def _with(self, question: AnyQuestion, answer: Answer | None) -> dict[str, Answer]:
        others = {key: value for key, value in self.answers.items() if key != question.key}
        return others if answer is None else {**others, question.key: answer}
