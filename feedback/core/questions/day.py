"""Questions answered with a date."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from feedback.core.answer import Answer
from feedback.core.questions.base import Form, Parsed, Question, one
from feedback.core.text.folding import ascii_digits
from feedback.core.text.localized import is_blank
from feedback.core.text.translatable import message

EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)
"""The limits where the file gives none: another year is a typing mistake, or from another calendar."""
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ]+(\d{1,2})[-/. ]+(\d{1,2})\.?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/. ]+)(\d{1,2})[-/. ]+(\d{4})\.?")


def _real(written: str) -> str:
    try:
        date.fromisoformat(written)
    except ValueError:
        raise ValueError(message("There is no day `{day}`.", day=written)) from None
    return written


Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_real)]


class DateQuestion(Question):
    """A day of the Gregorian calendar, stored as `2026-05-31`."""

    type: Literal["date"]
    widget: ClassVar[str] = "date"
    min: Day | None = Field(None, description="the earliest day that is accepted: 2026-01-01")
    max: Day | None = Field(None, description="the latest day that is accepted")

    @property
    def earliest(self) -> date:
        return date.fromisoformat(self.min) if self.min else EARLIEST

    @property
    def latest(self) -> date:
        return date.fromisoformat(self.max) if self.max else LATEST

    def read(self, form: Form) -> Parsed:
        """The day: from the browser's calendar, or as people write one; a mistake if it can be two days."""
        typed = one(form, self.key)
        if is_blank(typed):
            return None
        days = days_in(typed)
        if not days:
            return self.mistake("not_date", example=min(max(date(2026, 5, 31), self.earliest), self.latest))
        fitting = [day for day in days if self.earliest <= day <= self.latest]
        if not fitting:
            return self.mistake("not_in_period", minimum=self.earliest, maximum=self.latest)
        if len(fitting) > 1:
            example = fitting[0].isoformat()
            return self.mistake("two_dates", first=fitting[0], second=fitting[1], example=example)
        return Answer(fitting[0].isoformat())

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.earliest >= self.latest:
            raise ValueError(
                message(
                    "max (`{max}`) must be later than min (`{min}`).",
                    max=str(self.latest),
                    min=str(self.earliest),
                )
            )
        return self


def days_in(typed: str) -> list[date]:
    """The days that a typed date can mean; `3/4/2026` is the third of April or the fourth of March.

    With dots the day always comes first.
    """
    text = ascii_digits(typed).strip(" \t\u200e\u200f\u061c")
    if match := _YEAR_FIRST.fullmatch(text):
        orders = [(match[1], match[2], match[3])]
    elif match := _YEAR_LAST.fullmatch(text):
        orders = [(match[4], match[3], match[1])]
        if "." not in match[2]:
            orders.append((match[4], match[1], match[3]))
    else:
        return []
    found: list[date] = []
    for year, month, day in orders:
        try:
            found.append(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return list(dict.fromkeys(found))
