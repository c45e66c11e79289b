"""What a form says about a visit: an answer to store, a mistake to show, or words that came too late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from feedback.core.answer import AnswerProblem
from feedback.core.questions import AnyQuestion
from feedback.core.questions.base import Form
from feedback.services.responses.submission import Submission
from feedback.web.survey import bot_signals, stamp
from feedback.web.survey.forms import SWITCH, StepForm, step_form, typed
from feedback.web.survey.visit import Visit


@dataclass(frozen=True)
class Onward:
    """The visit goes on at this address, once the submission, if there is one, is stored."""

    address: str
    submission: Submission | None = None


@dataclass(frozen=True)
class Mistaken:
    """Nothing is stored: the question is shown again, with the form as it was sent."""

    question: AnyQuestion
    form: Form
    mistake: AnswerProblem


@dataclass(frozen=True)
class Switched:
    """Nothing is stored: the question is shown in another language, with the form as it was when it was sent."""

    question: AnyQuestion
    form: Form


@dataclass(frozen=True)
class TooLate:
    """Nothing is stored: the question is not open any more. `words` are given back, `following` is the way on."""

    reason: str
    words: Sequence[str]
    following: str


class FormReader:
    """Reads forms that were stamped with one of `keys`."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys
        self._forms: dict[tuple[int, str], type[StepForm]] = {}

    def read(self, visit: Visit, sent: MultiDict[str, str]) -> Onward | Mistaken | Switched | TooLate:
        """What the sent form asks for."""
        question = visit.answered()
        if question is None:
            return _missed(visit, sent)
        if SWITCH in sent:
            return Switched(question, sent.to_dict(flat=False))
        form = self._form(visit, question)(sent)
        rendered = stamp.read(self._keys, visit.token, form.page.stamp)
        # A shared screen shows no earlier answers, so an empty answer does not remove one.
        standing = visit.answers.get(question.key) if visit.shared and form.answer.is_blank else None
        if rendered is None or not (standing or form.validate()):
            problem = form.answer.problem or AnswerProblem(question.key, "stale")
            return Mistaken(question, sent.to_dict(flat=False), problem)
        answer = standing or form.answer.data
        address, was_last = visit.after(question, answer)
        if answer is None and not visit.survey.state:
            return Onward(address)
        evidence = bot_signals.gathered(visit.survey, form, rendered, visit.now)
        submission = Submission(
            answers={question.key: answer},
            at=visit.now,
            source=visit.source,
            language=visit.language,
            evidence=evidence.stored(),
            finished=was_last,
        )
        return Onward(address, submission)

    def _form(self, visit: Visit, question: AnyQuestion) -> type[StepForm]:
        """The form class of a step, cached because versions never change."""
        if not visit.survey.version_id or getattr(question, "options_from", None):
            return step_form(question)  # its options differ from visit to visit
        known = (visit.survey.version_id, question.key)
        if known not in self._forms:
            self._forms[known] = step_form(question)
        return self._forms[known]


def _missed(visit: Visit, sent: MultiDict[str, str]) -> Onward | Mistaken | TooLate:
    """The response to an answer that is not accepted: nothing is stored, and the page says so.

    If it is too late for a change, a notice shows the text again. If another tab has changed the path, the text is
    offered for the open question that is now in its place.
    """
    asked = visit.questionnaire.question(visit.asked or "")
    words = typed(sent, asked)
    if visit.shared or visit.says_the_same(asked, sent) or (asked not in visit.path and not words):
        return Onward(visit.address())
    place = None if asked in visit.path else visit.place_for_words()
    if place is None:
        following = visit.address() if visit.due() else ""
        return TooLate("closed" if asked in visit.path else "moved", words, following)
    earlier = visit.remembered(place).get(f"{place.key}.text", [])
    form = {place.key: ["\n".join([*earlier, *words])]}
    return Mistaken(place, form, AnswerProblem(place.key, "moved"))
