"""One request's answers and what is known about how they came, made where the request is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feedback.core.answer import Answer

Given = Mapping[str, Answer | None]
"""Question -> answer; None takes an earlier answer back."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Answers that came `at` this moment, by a `source`: `link`, `sms_reply` or the kind of an open link.

    `language` is the one they were given in, None where the response keeps its own. `evidence` is
    `core.bot_signals.Evidence.stored()` of the request; None is for ways in that no scanner uses, such as an SMS.
    `finished` says that the customer was asked everything, also where questions are left open. `added` is for words
    behind earlier ones: they take nothing back, so an answer gets them also after its end.
    """

    answers: Given
    at: datetime
    source: str
    language: str | None = None
    evidence: Mapping[str, Any] | None = None
    finished: bool = False
    added: bool = False
