"""Durations as written in questionnaires and settings: 30m, 4h, 2d, 2w.

The unit is kept: in business time "1d" is one business day, while "24h" is three business days of eight hours.
So `Duration.parse("1d") != Duration.parse("24h")`, although their `timedelta` is the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal, Self, get_args

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from feedback.core.text.translatable import message

DurationUnit = Literal["m", "h", "d", "w"]

PATTERN = r"^(0|[1-9][0-9]{0,3})[mhdw]$"
_WRITTEN = re.compile(PATTERN, re.ASCII)
_LONG = re.compile(r"([0-9]{1,6})([smhdw])", re.ASCII)
UNITS: Mapping[str, timedelta] = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


@dataclass(frozen=True, slots=True)
class Duration:
    """`amount` (0 to 9999) minutes, hours, days or weeks; ValueError for anything else."""

    amount: int
    unit: DurationUnit

    def __post_init__(self) -> None:
        if self.unit not in get_args(DurationUnit) or not 0 <= self.amount <= 9999:
            raise ValueError(_complaint(f"{self.amount}{self.unit}"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse '30m', '4h', '2d', '2w'. Raises ValueError with a sentence that says what is expected."""
        if not isinstance(text, str) or not _WRITTEN.fullmatch(text):
            raise ValueError(_complaint(text))
        unit: DurationUnit = text[-1]  # type: ignore[assignment]  # the pattern admits no other letter
        return cls(int(text[:-1]), unit)

    @property
    def timedelta(self) -> timedelta:
        """The length in clock time, with days of 24 hours."""
        return self.amount * UNITS[self.unit]

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"


def length(text: str) -> timedelta:
    """A length on the clock as settings have it: '30s', '15m', '4h', '2d', '2w'. Raises ValueError.

    Looser than `Duration`: seconds, leading zeros and up to six digits are allowed, and the unit is not kept.
    """
    found = _LONG.fullmatch(text)
    if found is None:
        raise ValueError("must be a duration such as 30s, 15m, 4h, 2d or 2w")
    return int(found[1]) * UNITS[found[2]]


def length_text(value: timedelta) -> str:
    """The inverse of `length`, in the largest unit that leaves no rest; whole seconds, none longer than days."""
    for unit in "dhm":
        if value and not value % UNITS[unit]:
            return f"{value // UNITS[unit]}{unit}"
    return f"{value // UNITS['s']}s"


def _complaint(given: object) -> str:
    return message(
        "`{given}` is not a duration: write a whole number up to 9999 and a unit, 30m (minutes), 4h (hours), 2d (days) "
        "or 2w (weeks).",
        given=str(given),
    )


def _from_text(value: object) -> Duration:
    return value if isinstance(value, Duration) else Duration.parse(value)  # type: ignore[arg-type]


DurationField = Annotated[
    Duration,
    BeforeValidator(_from_text),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["30m", "4h", "2d", "2w"]}),
]
"""For pydantic models: a `Duration` that is read from and written to its text form."""
