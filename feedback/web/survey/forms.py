"""The WTForms form of a step. Pages are rendered with Jinja macros, which need a tenth of the time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.fields.core import Field
from wtforms.utils import unset_value
from wtforms.validators import StopValidation

from feedback.core.answer import Answer, AnswerProblem
from feedback.core.questions import AnyQuestion, ChoiceQuestion, TextQuestion


class AnswerField(Field):
    """The answer to one question, with one or more inputs; the question parses it."""

    data: Answer | None

    def __init__(self, question: AnyQuestion, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.question = question
        self.problem: AnswerProblem | None = None

    def process(
        self,
        formdata: Any,
        data: Any = unset_value,  # noqa: ARG002  (a step is never filled from an object)
        extra_filters: Sequence[Any] | None = None,  # noqa: ARG002
    ) -> None:
        self.process_errors = []
        parsed = self.question.parse(formdata.to_dict(flat=False) if formdata else {})
        self.data = parsed if isinstance(parsed, Answer) else None
        self.problem = parsed if isinstance(parsed, AnswerProblem) else None

    @property
    def is_blank(self) -> bool:
        """Whether nothing was chosen or written."""
        return self.data is None and self.problem is None

    def pre_validate(self, form: object) -> None:  # noqa: ARG002
        if self.problem is None and self.data is None and self.question.required:
            code = _MISSING.get(self.question.type, "required")
            self.problem = AnswerProblem(self.question.key, code)
        if self.problem is not None:
            raise StopValidation(self.problem.code)


_MISSING = {"text": "empty", "number": "empty", "date": "empty", "consent": "not_ticked"}
"""Question type -> the mistake of leaving out a required answer."""


class PageField(Field):
    """What every page sends beside the answer, as one field, because each field of a form takes time.

    `website` is an input that people cannot see; `seen` is set if a finger, mouse or key was used.
    """

    stamp = seen = website = ""

    def process(
        self,
        formdata: Any,
        data: Any = unset_value,  # noqa: ARG002
        extra_filters: Sequence[Any] | None = None,  # noqa: ARG002
    ) -> None:
        self.process_errors = []
        sent = formdata or {}
        self.stamp, self.seen, self.website = (sent.get(name, "") for name in ("stamp", "seen", "website"))


class StepForm(Form):
    """One step."""

    page = PageField()
    answer: AnswerField


def typed(sent: MultiDict[str, str], question: AnyQuestion | None = None) -> list[str]:
    """The text in a form whose question is not known any more."""
    if question is None:
        written = [each for name, values in sent.lists() if name not in _UNWRITTEN for each in values]
        return [text for each in written if (text := each.strip()) and not _CHOSEN.fullmatch(text)]
    own = question.boxes.values() if isinstance(question, ChoiceQuestion) else ()
    boxes = [*dict.fromkeys((f"{question.key}.text", *own))] + [question.key] * isinstance(
        question, TextQuestion
    )
    return [text for box in boxes for each in sent.getlist(box) if (text := each.strip())]


SWITCH = "switch"
"""The name of the buttons that show the page in another language."""
_UNWRITTEN = frozenset(("stamp", "seen", "website", SWITCH))
_CHOSEN = re.compile(r"[0-9]{1,4}|not_applicable|dont_know|prefer_not_to_say")


def step_form(question: AnyQuestion) -> type[StepForm]:
    """The form class of the step that asks `question`."""
    return type("StepForm", (StepForm,), {"answer": _field(question)})


def _field(question: AnyQuestion) -> Any:
    return AnswerField(question=question)
