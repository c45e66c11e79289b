"""Lengths of time as people write them in YAML: `30m`, `4h`, `2d`, `2w`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_PATTERN = r"^[1-9][0-9]{0,4}[mhdw]$|^0[mhdw]$"
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Duration:
    """`amount` of `unit` (one of m, h, d, w). Business calendars read the unit, so 1d is not 24h there."""

    amount: int
    unit: str

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"

    @property
    def delta(self) -> timedelta:
        """The length as elapsed time."""
        return timedelta(**{_UNITS[self.unit]: self.amount})


def parse(text: object) -> Duration:
    """A Duration from its written form.

    Raises ValueError with a sentence that shows the right form.
    """
    if isinstance(text, Duration):
        return text
    if isinstance(text, str) and re.match(_PATTERN, text):
        return Duration(int(text[:-1]), text[-1])
    raise ValueError(f"{text!r} is not a length of time; write for example 30m, 4h, 2d or 2w")


DurationField = Annotated[
    Duration,
    BeforeValidator(parse),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": _PATTERN, "examples": ["30m", "4h", "2d", "2w"]}),
]
