"""What every question type shares, and the parts that several of them are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from feedback.core.answer import NOT_APPLICABLE, PREFER_NOT_TO_SAY, Answer, AnswerProblem
from feedback.core.condition import Condition
from feedback.core.text import Text

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Form = Mapping[str, Sequence[str]]
"""Submitted fields: name -> values, as an HTML form sends them."""

Parsed = Answer | AnswerProblem | None
"""What a form says about one question: an answer, a mistake, or nothing."""

MAX_TEXT = 5_000
"""Longest comment that is kept, in characters; a longer one is a mistake that the page explains."""


class Strict(BaseModel):
    """Unknown keys are refused, nothing is converted silently, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class InstrumentClaim(Strict):
    """`instrument: {name: sus, item: 3, source: "Brooke 1996"}`: this wording is a validated item."""

    name: str
    item: int | None = None
    source: str | None = None


def _claim(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Claim = Annotated[InstrumentClaim, BeforeValidator(_claim, json_schema_input_type=str | InstrumentClaim)]


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a scale as a page shows it; `label` is empty where only the ends are labelled."""

    value: int
    label: str


class Question(Strict):
    """One question. Subclasses say how it is read from a form and which widget shows it."""

    widget: ClassVar[str]
    key: Key = Field(description="stable name; answers and reports are kept under it")
    text: Text = Field(description="the question, in every language of the questionnaire")
    help: Text | None = Field(None, description="a short line under the question")
    required: bool = Field(False, description="must be answered to finish; a score is saved all the same")
    purpose: str | None = Field(None, description="which decision the answer changes")
    used_for: str | None = Field(None, description="for demographic questions: what the answer is used for")
    instrument: Claim | None = Field(
        None, description="a validated instrument whose wording this is, e.g. nps"
    )
    show_if: Condition | None = Field(None, description="ask only if earlier answers fit")
    applies_when: str | None = Field(None, description="the event without which the question makes no sense")
    not_applicable: bool | Text = Field(
        False, description='offer "does not apply to me" (true or its wording)'
    )
    prefer_not_to_say: bool | Text = Field(
        False, description='offer "prefer not to say" (true or its wording)'
    )

    @property
    def metric(self) -> str | None:
        """Key of the metric that scores it, None where it is not scored."""
        return None

    def band(self, value: int) -> str | None:  # noqa: ARG002 - unscored questions have no bands
        """The band of a score, such as `promoter`."""
        return None

    def parse(self, form: Form) -> Parsed:
        """The answer that a submitted form holds for this question."""
        opted_out = self._opted_out(form)
        return opted_out if opted_out is not None else self.read(form)

    def read(self, form: Form) -> Parsed:
        """As `parse`, after the answers that every type may offer (not applicable ...)."""
        raise NotImplementedError

    def accepts(self, answer: Answer) -> bool:
        """True for every answer that `parse` can give; what is stored from elsewhere is held to the same."""
        return isinstance(self.parse(self.as_form(answer)), Answer)

    def as_form(self, answer: Answer) -> dict[str, list[str]]:
        """The form that would give this answer (to show a page again, or to check an import)."""
        values = answer.value if isinstance(answer.value, tuple) else (answer.value,)
        form = {self.key: [str(value) for value in values if value is not None]}
        if answer.text is not None:
            form[f"{self.key}.text"] = [answer.text]
        return form

    def mistake(self, code: str, **params: Any) -> AnswerProblem:
        return AnswerProblem(self.key, code, params)

    def _opted_out(self, form: Form) -> Answer | None:
        offered = {NOT_APPLICABLE: self.not_applicable, PREFER_NOT_TO_SAY: self.prefer_not_to_say}
        chosen = one(form, self.key)
        return Answer(chosen) if offered.get(chosen) else None


def one(form: Form, name: str) -> str:
    """The last value of a field, stripped; empty where it is missing."""
    values = form.get(name) or ("",)
    return values[-1].strip()


def written(question: Question, form: Form, name: str) -> str | AnswerProblem | None:
    """Free text of a field: None where nothing was written, a mistake where it is too long to keep.

    NUL and lone surrogates cannot be stored by every database and are replaced.
    """
    text = one(form, name).replace("\r\n", "\n").replace("\x00", "\ufffd")
    text = text.encode("utf-8", "replace").decode("utf-8")
    if len(text) > MAX_TEXT:
        return question.mistake("too_long", limit=MAX_TEXT, length=len(text))
    return text or None
