"""Questions answered with a typed number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from feedback.core.answer import Answer
from feedback.core.questions.base import Form, Parsed, Question, Tally, one
from feedback.core.text.localized import Text, is_blank
from feedback.core.text.numerals import NumberReading, readings, spelled
from feedback.core.text.translatable import message

LARGEST = 10**12
"""The limit where the file gives none; a larger number is a typing mistake."""


FARTHEST = 10**15 - 1
"""What a bound can be at most: larger numbers lose digits in the databases' JSON and in spreadsheets."""


class NumberQuestion(Question):
    """A number with an optional unit. What is stored is an `int`, or a `float` if there are decimals."""

    type: Literal["number"]
    widget: ClassVar[str] = "number"
    min: int | float | None = Field(None, description="the smallest number that is accepted; 0 by default")
    max: int | float | None = Field(None, description="the largest number that is accepted")
    decimals: int | None = Field(
        None, ge=0, le=2, description="decimal places that are accepted: 0 (whole numbers, the default) to 2"
    )
    unit: Text | None = Field(None, description="shown beside the box: hours, €, km")

    @property
    def places(self) -> int:
        return self.decimals or 0

    @property
    def minimum(self) -> int | float:
        return 0 if self.min is None else self.min

    @property
    def maximum(self) -> int | float:
        return LARGEST if self.max is None else self.max

    def samples(self, bounds: Iterable[float]) -> list[int | float]:
        """Possible answers on both sides of each of these bounds, so that every test with them is met and missed."""
        step = 10**-self.places
        near = {round(each + far, self.places) for each in bounds for far in (-step, 0, step)}
        return sorted(
            each for each in near | {self.minimum, self.maximum} if self.minimum <= each <= self.maximum
        )

    def read(self, form: Form) -> Parsed:
        """The number, however it is typed; a mistake if it can be read in two ways."""
        typed = one(form, self.key)
        if is_blank(typed):
            return None
        found = readings(self._without_unit(typed))
        if not found:
            return self.mistake("not_number", example=self._example)
        return self._chosen(found)

    def _chosen(self, found: Sequence[NumberReading]) -> Parsed:
        if not self.places and any(not each.decimals for each in found):
            found = [each for each in found if not each.decimals]  # "1.200" visits are no fraction
        fitting = [each for each in found if self.minimum <= each.value <= self.maximum]
        if not fitting:
            return self._out_of_range(found)
        if len({each.value for each in fitting}) > 1:
            first, second = (float(each.value) for each in fitting[:2])
            return self.mistake("two_numbers", first=first, second=second)
        value = fitting[0].value
        if value != round(value, self.places):
            return (
                self.mistake("too_precise", limit=self.places) if self.places else self.mistake("not_whole")
            )
        return Answer(int(value) if value == value.to_integral_value() else float(value))

    def values_of(self, answer: Answer) -> Iterator[Tally]:
        if isinstance(answer.value, int | float):
            yield "", spelled(answer.value)

    def as_form(self, answer: Answer) -> dict[str, list[str]]:
        if isinstance(answer.value, int | float):
            return {self.key: [spelled(answer.value)]}
        return super().as_form(answer)

    def _out_of_range(self, found: Sequence[NumberReading]) -> Parsed:
        if self.max is None and all(each.value < self.minimum for each in found):
            return self.mistake("too_small", minimum=self.minimum)
        return self.mistake("not_in_range", minimum=self.minimum, maximum=self.maximum)

    @property
    def _example(self) -> int | float:
        """A number that would be accepted."""
        return min(max(12, self.minimum), self.maximum)

    def _without_unit(self, typed: str) -> str:
        """The text without the unit, a currency sign or a percent sign at its ends."""
        units = [self.unit.root] if self.unit and isinstance(self.unit.root, str) else []
        units += [*self.unit.root.values()] if self.unit and isinstance(self.unit.root, dict) else []
        signs = "|".join([*(re.escape(each.strip()) for each in units if each.strip()), r"[$€£₺₹¥﷼%٪]"])
        return re.sub(rf"^\s*(?:{signs})\s*|\s*(?:{signs})\s*$", "", typed, flags=re.IGNORECASE)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        given = [each for each in (self.min, self.max) if each is not None]
        if not all(abs(each) <= FARTHEST for each in given):  # also refuses .nan
            raise ValueError(message("min and max have at most 15 digits before the decimal point."))
        if self.minimum >= self.maximum:
            raise ValueError(
                message("max ({max}) must be greater than min ({min}).", max=self.maximum, min=self.minimum)
            )
        bounds = (Decimal(repr(each)) for each in given)
        if any(bound != round(bound, self.places) for bound in bounds):
            raise ValueError(
                message("min and max have more decimal places than an answer can have; set `decimals:`.")
            )
        return self
