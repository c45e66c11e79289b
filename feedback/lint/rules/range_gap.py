"""Bands of numbers leave a value out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feedback.core.text.folding import fold
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.data import data
from feedback.lint.options.choices import Band, BandedAnswers, banded
from feedback.lint.options.numeric_bands import gap, shown
from feedback.lint.rewriting.bands import without_gap
from feedback.lint.rules.range_overlap import are_years

RULE = Rule(
    id="range-gap",
    title="Bands of numbers leave nothing out",
    xm=5,
    qas="7f",
    tier="D",
    severity="error",
    why="If a value falls into a gap, people have to give a wrong answer or none (XM Institute, "
    "practice 5; QAS-99, item 7f).",
    good=("0-9 | 10-19 | 20+", "<1 h | 1-2 h", "none | 1 | 2+"),
    bad=("1-4 | 6-9", "under 10 | 12+", "0-9 | 20+"),
    suppress="Values in the gap cannot occur; say why.",
)


def check(document: Document) -> Iterator[Finding]:
    for listed in banded(document):
        yield from _in(document, listed)


def _in(document: Document, listed: BandedAnswers) -> Iterator[Finding]:
    bands = [band for _, _, band in listed.bands]
    if are_years(bands) or all(band.is_point for band in bands) or _are_deadlines(listed):
        return
    ordered = sorted(listed.bands, key=lambda each: (each[2].family != "time", each[2].low, each[2].high))
    for (before, text, lower), (place, other_text, upper) in _neighbours(ordered):
        hole = gap(lower, upper)
        if hole is None or _may_fill(listed, before, place):
            continue
        low, high = shown(hole[0], lower), shown(hole[1], upper)
        yield document.finding(
            RULE,
            (*listed.path, place),
            message(
                "Nothing fits between “{one}” and “{other}” ({low} and {high}); somebody may be there.",
                one=text,
                other=other_text,
                low=low,
                high=high,
            ),
            quoted=f"{text} | {other_text}",
            rewrite=without_gap((before, text, lower), (place, other_text, upper), listed.language)
            or message("Let “{other}” begin where “{one}” ends.", one=text, other=other_text),
            language=listed.language,
        )


def _are_deadlines(listed: BandedAnswers) -> bool:
    """Whether several answers say by when ("within 3 days, within a week"): each reaches down to the one before it."""
    words = {fold(each, listed.language) for each in data(listed.language, "numbers").get("deadline", ())}
    texts = [fold(text, listed.language).split() for _, text, _ in listed.bands]
    return sum(not words.isdisjoint(text) for text in texts) >= 2


def _may_fill(listed: BandedAnswers, before: int, after: int) -> bool:
    """Whether an answer that is no plain band stands between the two, or before the upper one where the lower one ends
    the list: "in the last week, 8 to 30 days ago, never"."""
    between = range(min(before, after) + 1, max(before, after))
    return any(place in between or place == after - 1 < before - 1 for place in listed.unclear)


def _neighbours(bands: Sequence[Band]) -> Iterator[tuple[Band, Band]]:
    """Each band behind the one that reaches furthest before it: "none" lies inside "less than 100"."""
    furthest = bands[0]
    for each in bands[1:]:
        yield furthest, each
        if each[2].family != furthest[2].family:
            furthest = each
        furthest = max(furthest, each, key=lambda band: (band[2].high, band[2].high_closed))
