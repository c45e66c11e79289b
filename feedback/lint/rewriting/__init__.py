"""Better wordings: one for each finding of a word rule, made from this very text.

A rewrite is a sentence of the questionnaire's language where grammar leaves no doubt: a question that splits at its
conjunction, a period put before it, a sentence left out. Everywhere else it is advice that quotes the words at
fault (a `Message`, in the reader's language). The modules of this room are loaded with the first finding that
needs them: a clean questionnaire does without.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from feedback.lint.text.question import QuestionView

Rewrite = Callable[[QuestionView, int, int], str]

REWRITES: dict[str, str] = {
    "absolute-term": "advice.absolute",
    "double-barrelled": "split.better",
    "double-negative": "advice.double_negative",
    "hypothetical": "advice.hypothetical",
    "leading-wording": "advice.leading",
    "negation": "advice.negation",
    "presupposition": "presupposition.better",
    "recall-period-missing": "period.missing",
    "recall-too-long": "period.too_long",
    "score-begging": "advice.score_begging",
    "undefined-jargon": "advice.jargon",
    "vague-wording": "period.vague",
}
"""Rule -> the function in this room that rewrites the words `start` to `end` of the normalised text."""


def better(rule: str, question: QuestionView, start: int, end: int) -> str:
    """The rewrite for a finding of `rule`; empty where the rule has none."""
    if rule not in REWRITES:
        return ""
    module, _, name = REWRITES[rule].partition(".")
    rewrite = cast(Rewrite, getattr(import_module(f"{__name__}.{module}"), name))
    return rewrite(question, start, end)
