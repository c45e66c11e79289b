"""Better wordings: one for each finding of a word rule, made from this very text.

A rewrite is a sentence of the questionnaire's language that can stand as it is, or, where the text does not
allow one for certain, advice that quotes the words at fault (a `Message`, for whoever reads the finding). The
modules of this room are loaded with the first finding that needs them: a clean questionnaire does without.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from feedback.lint.text.question import QuestionView

Rewrite = Callable[[QuestionView, int, int], str]

REWRITES: dict[str, str] = {
    "absolute-term": "denied.absolute",
    "double-barrelled": "split.better",
    "double-negative": "denied.double_negative",
    "hypothetical": "taken_for_granted.hypothetical",
    "leading-wording": "pressure.leading",
    "negation": "denied.negation",
    "presupposition": "taken_for_granted.presupposition",
    "recall-period-missing": "recall.period_missing",
    "recall-too-long": "recall.too_long",
    "score-begging": "pressure.score_begging",
    "undefined-jargon": "taken_for_granted.jargon",
    "vague-wording": "recall.vague",
}
"""Rule -> the function in this room that rewrites the words `start` to `end` of the normalised text."""


def better(rule: str, question: QuestionView, start: int, end: int) -> str:
    """The rewrite for a finding of `rule`; empty where the rule has none."""
    if rule not in REWRITES:
        return ""
    module, _, name = REWRITES[rule].partition(".")
    rewrite = cast(Rewrite, getattr(import_module(f"{__name__}.{module}"), name))
    return rewrite(question, start, end)


def direct(question: QuestionView | None) -> str:
    """The direct question for a statement to agree with; None stands for a language without word lists."""
    found: str = import_module(f"{__name__}.agreement").direct(question)
    return found
