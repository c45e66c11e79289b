"""The question asks for one thing, the labels answer another."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.labels import ANY, lexicon
from feedback.lint.options.scales import LabelledScale, is_worded_scale, scales

RULE = Rule(
    id="scale-stem-mismatch",
    title="The scale is built from the question",
    xm=2,
    qas="7b",
    tier="D",
    severity="error",
    why="A respondent who has to translate the labels into the question makes mistakes and gives up sooner "
    "(XM Institute, practice 2; QAS-99, item 7b).",
    good=(
        "How often …? Never … Daily",
        "How clear …? Not at all … Extremely",
        "Rate …: Very poor … Very good",
    ),
    bad=("How often …? Poor … Excellent", "How clear …? Never … Always", "Ne kadar önemli …? Memnunum …"),
    suppress="A validated instrument that mixes the two.",
)
_KIN = (
    {"quality", "satisfaction", "expectation"},
    {"ease", "effort", "clarity"},
    {"ease", "comfort"},
    {"frequency", "amount"},
    {"importance", "usefulness"},
    {"speed", "amount"},
    {"speed", "timing"},
    {"timing", "expectation"},
)
"""Dimensions that answer each other well enough."""
AMOUNTS = ("amount", "level")
"""What answers every "how much": Persian and Turkish ask "how much polite", and "little, much" is said of anything."""


def check(document: Document) -> Iterator[Finding]:
    for each in scales(document):
        words = lexicon(each.language)
        stem = each.question.text.to(each.language)
        asked = words.asked(stem) if words else None
        answered = each.dimension
        if asked is None or answered in (None, ANY, asked) or not is_worded_scale(each) or not each.own:
            continue
        if each.generic or (words and answered in AMOUNTS and words.mentions("degree_stem", stem)):
            continue
        yield from _mismatch(document, each, stem, asked, str(answered))


def _mismatch(
    document: Document, each: LabelledScale, stem: str, asked: str, answered: str
) -> Iterator[Finding]:
    if asked == "quality":
        # "Rate the speed: slow ... fast" asks for what the labels name.
        wrong = answered in ("agreement", "frequency", "likelihood", "importance")
    else:
        wrong = not any({asked, answered} <= kin for kin in _KIN)
    soft = asked == "satisfaction" and answered == "quality"
    if wrong or soft:
        yield document.finding(
            RULE,
            each.path,
            message(
                "The question asks about {asked}, the labels are about {answered}.",
                asked=message(asked),
                answered=message(answered),
            ),
            quoted=f"{stem} ({' | '.join(each.labels)})",
            language=each.language,
            rewrite=message(
                "Label the scale with degrees of {asked}, or ask for {answered}.",
                asked=message(asked),
                answered=message(answered),
            ),
            severity="warning" if soft else None,
        )
