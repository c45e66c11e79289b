"""A customer's answer to one question, independent of the channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

NOT_APPLICABLE = "not_applicable"
PREFER_NOT_TO_SAY = "prefer_not_to_say"
DONT_KNOW = "dont_know"

Chosen = int | float | str | tuple[str, ...] | dict[str, int | str] | None
"""A point on a scale or a number, an option's key (or a day, or the wording of a consent), several keys (in order, of
a ranking), one value per matrix row, or None (free text)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` is the choice, `text` the customer's words (a comment, or the text beside "other")."""

    value: Chosen = None
    text: str | None = None

    def stored(self) -> Any:
        """`value` in JSON form (tuples become lists)."""
        return list(self.value) if isinstance(self.value, tuple) else self.value

    @classmethod
    def from_stored(cls, value: Any, text: str | None) -> Answer:
        return cls(tuple(value) if isinstance(value, list) else value, text)


@dataclass(frozen=True, slots=True)
class AnswerProblem:
    """A mistake in a customer's answer: `code` identifies the sentence in the catalogues, `params` fill it."""

    question: str
    code: str
    params: Mapping[str, str | int | float | date] = field(default_factory=dict)
