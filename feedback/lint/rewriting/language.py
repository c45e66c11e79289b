"""What rewrites ask of a language; `languages/<code>/rewriting.py` says it. What it does not say gets advice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from feedback.lint.languages.data import codes

if TYPE_CHECKING:
    from feedback.lint.rewriting.joint import Halves, Joint

NEVER = re.compile(r"(?!)")


@dataclass(frozen=True)
class Phrases:
    """Answers and periods that a rewrite adds, in the language of the questionnaire."""

    never: str
    none: str
    other: str
    not_at_all: str
    did_not_use: str
    or_more: str
    under: str
    period: str
    month: str = ""


@dataclass(frozen=True)
class Rewriting:
    """One language. The patterns match folded text unless they say otherwise.

    `joints` are the words that join two things, in the letters of the source; `broken` shows where a cut left words
    that cannot follow each other. `lately` are the folded phrases that a month replaces, `always_capital` the
    words that keep their capital inside a sentence. `slashes` says whether both sides of a slash can stand alone in
    the sentence.
    """

    phrases: Phrases
    joints: re.Pattern[str] = NEVER
    broken: re.Pattern[str] = NEVER
    both: re.Pattern[str] = NEVER
    also: re.Pattern[str] = NEVER
    lately: frozenset[str] = frozenset()
    always_capital: frozenset[str] = frozenset()
    range_joint: str = "-"
    slashes: bool = True

    def tidy(self, text: str) -> str:
        """`text` with what a cut has left to be put right."""
        return text

    def upper(self, letter: str) -> str:
        return letter.upper()

    def split(self, joint: Joint) -> Halves | None:
        """Two sentences; None where half of one might be wrong."""
        del joint
        return None

    def why(self, asked: str) -> str:
        """The question for a reason; empty where `asked` is no plain question about what somebody did."""
        del asked
        return ""

    def stands_alone(self, after: str, ends: bool) -> bool:
        """Whether the two sides of a slash are whole, with `after` behind them."""
        del after, ends
        return True

    def with_period(self, sentence: str) -> str:
        """The question about a period that people remember; empty where its verb may not be of the past."""
        del sentence
        return ""

    def longer_period(self, text: str, start: int, end: int) -> tuple[int, int]:
        """What goes with the words for a period: the preposition before them, the endings behind them."""
        del text
        return start, end

    def dated(self, before: str, rest: str) -> str | None:
        """The question with the month put first; None in a language that puts it in place of the words."""
        del before, rest
        return None

    def if_anything(self, asked: str) -> tuple[int, str] | None:
        """Where to put "if anything" into a folded question, and the words."""
        del asked
        return None

    def if_at_all(self, asked: str) -> tuple[int, str] | None:
        del asked
        return None


@cache
def rewriting(code: str) -> Rewriting:
    """The rewriting of a language; with English phrases and no grammar where there is none."""
    known = code if code in codes() else ""
    module = import_module(f"feedback.lint.languages.{known or 'en'}.rewriting")
    found: Rewriting = module.REWRITING
    return found if known else Rewriting(found.phrases)
