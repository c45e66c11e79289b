"""Everyday acts that nobody counts over a year."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="recall-too-long",
    title="Everyday acts are counted over at most three months",
    tier="L",
    severity="info",
    qas="3d",
    why=(
        "People do not remember everyday acts one by one for long; they estimate (Question "
        "Appraisal System, items 3d and 5c)."
    ),
    good=(
        "In the last 7 days, how many times did you buy coffee?",
        "Son 7 günde kaç kez kahve aldınız?",
        "در ۷ روز گذشته چند بار قهوه خریدید؟",
    ),
    bad=(
        "In the last 12 months, how many times did you buy coffee?",
        "Son 12 ayda kaç kez kahve aldınız?",
        "در ۱۲ ماه گذشته چند بار قهوه خریدید؟",
    ),
)


def find(question: QuestionView) -> Iterator[Hit]:
    """A count of an everyday act over more than three months."""
    words, text = question.words, question.stem.text
    if not words.search("recall-period-missing.behaviour", text):
        return
    match = words.search("recall-period-missing.long", text)
    if match and words.search("recall-period-missing.everyday-acts", text):
        yield Hit(
            *match.span(), "Nobody counts this over so long a time; a week or a month gives better answers."
        )


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
