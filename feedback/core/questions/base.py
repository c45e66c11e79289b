"""The base class of question types, and parts that several types use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from feedback.core.answer import DONT_KNOW, NOT_APPLICABLE, PREFER_NOT_TO_SAY, Answer, AnswerProblem
from feedback.core.condition import Condition
from feedback.core.text.localized import Text, is_blank
from feedback.core.text.translatable import message

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Form = Mapping[str, Sequence[str]]
"""Submitted fields: name -> values, as an HTML form sends them."""

Parsed = Answer | AnswerProblem | None
"""The result of reading one question from a form: an answer, a mistake, or None."""

Tally = tuple[str, str]
"""(item, value): what one answer is counted as. The item is the row of a matrix, the ranked option, or empty."""

GIVEN: Tally = ("", "")
"""Counts the people, where one answer can hold several values."""
NO_ANSWER = "-"
"""The item of what somebody chose instead of an answer: "does not apply", "I don't know" ..."""

_OPT_OUTS = frozenset({NOT_APPLICABLE, DONT_KNOW, PREFER_NOT_TO_SAY})

MAX_TEXT = 5_000
"""Maximum length of a comment in characters; a longer one is a mistake that the page explains."""


class Strict(BaseModel):
    """A frozen model that refuses unknown keys and converts no types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class InstrumentClaim(Strict):
    """`instrument: {name: sus, item: 3, source: "Brooke 1996"}`: this wording is a validated item."""

    name: str
    item: int | None = None
    source: str | None = Field(None, description="where the wording was published")
    declared: bool | None = Field(
        None, description="true for a validated item that the registry lacks; needs its source"
    )
    variant: str | None = Field(
        None, description="how and why the wording differs from the registered one; it is then no error"
    )

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        if self.declared and is_blank(self.source or ""):
            raise ValueError(
                message("A declared instrument needs its `source:`, where the wording was published.")
            )
        return self


def _claim(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Claim = Annotated[InstrumentClaim, BeforeValidator(_claim, json_schema_input_type=str | InstrumentClaim)]


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a scale for a page; `label` is empty if only the ends are labelled."""

    value: int
    label: str


class Question(Strict):
    """One question. Subclasses define how it is read from a form and which widget shows it."""

    widget: ClassVar[str]
    answerable: ClassVar[bool] = True
    key: Key = Field(description="stable name, which answers and reports refer to")
    text: Text = Field(description="the question, in every language of the questionnaire")
    help: Text | None = Field(None, description="a short line under the question")
    required: bool = Field(
        False, description="must be answered to complete the survey; earlier answers are saved without it"
    )
    purpose: str | None = Field(None, description="the decision that the answer can change")
    used_for: str | None = Field(None, description="for demographic questions: what the answer is used for")
    instrument: Claim | None = Field(
        None, description="a validated instrument whose wording this is, e.g. nps"
    )
    show_if: Condition | None = Field(
        None, description="ask only if this condition on answers or the customer holds"
    )
    applies_when: str | None = Field(None, description="the event that the question presupposes")
    not_applicable: bool | Text = Field(
        False, description='offer "does not apply to me" (true or its wording)'
    )
    prefer_not_to_say: bool | Text = Field(
        False, description='offer "prefer not to say" (true or its wording)'
    )
    dont_know: bool | Text | None = Field(None, description='offer "I don\'t know" (true or its wording)')
    by_sms: bool | None = Field(
        None,
        description="ask it by SMS, too: a scale or a short choice of one, by number; of other types it sends the link",
    )

    @property
    def metric(self) -> str | None:
        """Key of the metric that scores the question; None if it is not scored."""
        return None

    @property
    def opt_outs(self) -> dict[str, Literal[True] | Text]:
        """The ways to give no answer that are offered: stored value -> its wording, or True for the page's own."""
        ways = {
            NOT_APPLICABLE: self.not_applicable,
            DONT_KNOW: self.dont_know,
            PREFER_NOT_TO_SAY: self.prefer_not_to_say,
        }
        return {value: wording for value, wording in ways.items() if wording}

    def band(self, value: int) -> str | None:  # noqa: ARG002 - unscored questions have no bands
        """The band of a score, such as `promoter`."""
        return None

    def tallies(self, answer: Answer) -> Iterator[Tally]:
        """What an answer is counted as in the results. Scored questions have their scores instead of values."""
        if isinstance(answer.value, str) and answer.value in self.opt_outs:
            yield NO_ANSWER, answer.value
        elif self.metric is None:
            yield from self.values_of(answer)

    def values_of(self, answer: Answer) -> Iterator[Tally]:
        """The tallies of an answer that is none of the opt-outs; by default its one value, nothing of a text."""
        if answer.value is not None:
            yield "", str(answer.value)

    def parse(self, form: Form) -> Parsed:
        """Read the answer to this question from a submitted form."""
        opted_out = self._opted_out(form)
        if opted_out is None:
            return self.read(form)
        return self.mistake("exclusive_option") if self._answers_too(form) else opted_out

    def _answers_too(self, form: Form) -> bool:
        """Whether a form that opts out also answers the question, by another choice or in words."""
        names = (name for name in form if name == self.key or name.startswith(f"{self.key}."))
        given = (value for name in names for value in form[name])
        return any(not is_blank(value) and value.strip() not in _OPT_OUTS for value in given)

    def narrowed(self, answers: Mapping[str, Answer]) -> Self | None:  # noqa: ARG002 - most types ask everybody alike
        """The question as it is asked after these answers; None if nothing of it is left to ask."""
        return self

    def read(self, form: Form) -> Parsed:
        """Like `parse`, including the answers that every type can offer (not applicable ...)."""
        raise NotImplementedError

    def accepts(self, answer: Answer) -> bool:
        """Whether `parse` could return this answer; used to check answers from other sources."""
        return isinstance(self.parse(self.as_form(answer)), Answer)

    def as_form(self, answer: Answer) -> dict[str, list[str]]:
        """The form for which `parse` returns this answer (to show a page again, or to check an import)."""
        values = answer.value if isinstance(answer.value, tuple) else (answer.value,)
        form = {self.key: [str(value) for value in values if value is not None]}
        if answer.text is not None:
            form[f"{self.key}.text"] = [answer.text]
        return form

    def mistake(self, code: str, **params: Any) -> AnswerProblem:
        return AnswerProblem(self.key, code, params)

    def _opted_out(self, form: Form) -> Answer | None:
        chosen = [value.strip() for value in form.get(self.key, ())]
        return next((Answer(value) for value in reversed(chosen) if value in self.opt_outs), None)


def one(form: Form, name: str) -> str:
    """The last value of a field, stripped; empty if it is missing."""
    values = form.get(name) or ("",)
    return values[-1].strip()


def written(question: Question, form: Form, name: str) -> str | AnswerProblem | None:
    """The free text of a field; None if nothing of it can be seen, a mistake if it is too long.

    NUL and lone surrogates are replaced, because not every database can store them.
    """
    text = one(form, name).replace("\r\n", "\n").replace("\x00", "\ufffd")
    text = text.encode("utf-8", "replace").decode("utf-8")
    if len(text) > MAX_TEXT:
        return question.mistake("too_long", limit=MAX_TEXT, length=len(text))
    return None if is_blank(text) else text
