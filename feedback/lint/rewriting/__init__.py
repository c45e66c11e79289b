"""Better wordings: one for each finding of a word rule, made from this very text.

A rewrite is a sentence of the questionnaire's language that can stand as it is, or, where the text does not
allow one for certain, advice that quotes the words at fault (a `Said`, for whoever reads the finding).
"""

from __future__ import annotations

from collections.abc import Callable

from feedback.lint.language.asked import Asked
from feedback.lint.rewriting import denied, pressure, recall, split, taken_for_granted

REWRITES: dict[str, Callable[[Asked, int, int], str]] = {
    "absolute-term": denied.absolute,
    "double-negative": denied.double_negative,
    "hypothetical": taken_for_granted.hypothetical,
    "negation": denied.negation,
    "presupposition": taken_for_granted.presupposition,
    "recall-period-missing": recall.period_missing,
    "recall-too-long": recall.too_long,
    "undefined-jargon": taken_for_granted.jargon,
    "vague-wording": recall.vague,
    "double-barrelled": split.better,
    "leading-wording": pressure.leading,
    "score-begging": pressure.score_begging,
}
"""Rule -> what it makes of the words `start` to `end` of the normalised text."""


def better(rule: str, question: Asked, start: int, end: int) -> str:
    """The rewrite for a finding of `rule`; empty where the rule has none."""
    rewrite = REWRITES.get(rule)
    return rewrite(question, start, end) if rewrite else ""
