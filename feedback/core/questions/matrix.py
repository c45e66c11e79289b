"""A matrix: several rows with one scale. The linter advises against it; the page asks it row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from feedback.core.answer import Answer, AnswerProblem
from feedback.core.questions.base import NO_ANSWER, Form, Key, Parsed, Point, Question, Strict, Tally, one
from feedback.core.questions.scale import Scale
from feedback.core.text.localized import Text
from feedback.core.text.translatable import message


class Row(Strict):
    key: Key
    text: Text


class MatrixQuestion(Question):
    type: Literal["matrix"]
    widget: ClassVar[str] = "matrix"
    rows: tuple[Row, ...] = Field(strict=False, min_length=1)
    scale: Scale
    opt_out_in_rows: bool | None = Field(
        None, description="offer the opt-outs of the question (not_applicable ...) in each row"
    )

    def points(self, language: str) -> tuple[Point, ...]:
        """The points of the scale, lowest first."""
        labels = {point: label.to(language) for point, label in self.scale.labels.items()}
        return tuple(
            Point(value, labels.get(value, "")) for value in range(self.scale.min, self.scale.max + 1)
        )

    def values_of(self, answer: Answer) -> Iterator[Tally]:
        """Each row with its point; rows that somebody opted out of have an item of their own."""
        ratings = answer.value if isinstance(answer.value, dict) else {}
        for row, value in ratings.items():
            yield (row if isinstance(value, int) else f"{NO_ANSWER}{row}"), str(value)

    def read(self, form: Form) -> Parsed:
        ratings: dict[str, int | str] = {}
        for row in self.rows:
            raw = one(form, f"{self.key}.{row.key}")
            if not raw:
                continue
            if self.opt_out_in_rows and raw in self.opt_outs:
                ratings[row.key] = raw
                continue
            if not (raw.isascii() and raw.isdigit() and len(raw) <= 4 and self._fits(int(raw))):
                return self.mistake("not_on_scale", minimum=self.scale.min, maximum=self.scale.max)
            ratings[row.key] = int(raw)
        if not ratings:
            return None
        missing = len(self.rows) - len(ratings)
        if self.required and missing:
            return AnswerProblem(self.key, "rows_missing", {"missing": missing})
        return Answer(ratings)

    def as_form(self, answer: Answer) -> dict[str, list[str]]:
        if not isinstance(answer.value, dict):
            return super().as_form(answer)
        return {f"{self.key}.{row}": [str(value)] for row, value in answer.value.items()}

    @model_validator(mode="after")
    def _has_opt_outs(self) -> Self:
        if self.opt_out_in_rows and not self.opt_outs:
            raise ValueError(
                message("opt_out_in_rows needs one of not_applicable, dont_know, prefer_not_to_say.")
            )
        return self

    def _fits(self, value: int) -> bool:
        return self.scale.min <= value <= self.scale.max
