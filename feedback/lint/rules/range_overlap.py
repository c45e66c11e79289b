"""Two bands of numbers share a value."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from feedback.core.text.folding import fold
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.choices import BandedAnswers, banded
from feedback.lint.options.labels import lexicon
from feedback.lint.options.numeric_bands import NumberRange, overlap, shown
from feedback.lint.rewriting.bands import without_overlap

RULE = Rule(
    id="range-overlap",
    title="Bands of numbers do not overlap",
    xm=6,
    qas="7e",
    tier="D",
    severity="error",
    why="If a value belongs to two bands, people can choose either, and the counts mean nothing "
    "(XM Institute, practice 6; QAS-99, item 7e).",
    good=("1-3 | 4-6", "5 km to less than 10 km | 10 km to less than 20 km", "۱۰ تا ۱۹ | ۲۰ تا ۲۹"),
    bad=("1-3 | 3-6", "up to 2 | up to 4", "۱۰ تا ۲۰ | ۲۰ تا ۳۰"),
    suppress="Bands fixed by a regulator or by a series that must stay comparable.",
)

MOST_COMPARED = 60
"""Nobody reads a longer list of bands."""


def check(document: Document) -> Iterator[Finding]:
    for listed in banded(document):
        if not _are_limits(document, listed):
            yield from _in(document, listed)


def _are_limits(document: Document, listed: BandedAnswers) -> bool:
    """Whether the answers are limits to choose from ("Until what time should we be open?"), and not ranges."""
    words, question = lexicon(listed.language), document.questions[int(listed.path[1])][1]
    asked = words is not None and words.mentions("limit_stem", question.text.to(listed.language))
    return asked and all(band.low <= 0 for _, _, band in listed.bands)


def _in(document: Document, listed: BandedAnswers) -> Iterator[Finding]:
    if are_years([band for _, _, band in listed.bands]):
        return
    clock = _are_times_of_day(document, listed)
    for (_, text, band), (place, other_text, other) in combinations(listed.bands[:MOST_COMPARED], 2):
        shared = overlap(band, other)
        if (
            shared is None
            or (clock and _touch(band, other))
            or fold(text, listed.language) == fold(other_text, listed.language)
        ):
            continue  # the same text twice is the business of `options-not-exclusive`
        yield document.finding(
            RULE,
            (*listed.path, place),
            message(
                "“{one}” and “{other}” both contain {value}, so two answers are right.",
                one=text,
                other=other_text,
                value=shown(shared, other),
            ),
            quoted=f"{text} | {other_text}",
            rewrite=without_overlap(listed.bands, listed.language)
            or message("Let “{other}” begin after “{one}” ends.", one=text, other=other_text),
            language=listed.language,
        )
        return


def _are_times_of_day(document: Document, listed: BandedAnswers) -> bool:
    """Whether the answers are parts of a day ("before 10 o'clock, 10 to 14, 14 to 18"): one ends where the next begins,
    as the hours on a door."""
    words = lexicon(listed.language)
    stem = document.questions[int(listed.path[1])][1].text.to(listed.language)
    asked = words is not None and words.mentions("clock_stem", stem)
    return asked and not any(band.family for _, _, band in listed.bands)


def _touch(one: NumberRange, other: NumberRange) -> bool:
    return one.high == other.low or other.high == one.low


CALENDARS = ((1900, 2100), (1340, 1420))
"""The years that people may mean, of the common era and of the solar calendar of Iran."""


def are_years(bands: list[NumberRange]) -> bool:
    """Calendar years ("2019-2020") are names of seasons and cohorts, not quantities."""
    ends = [end for band in bands for end in (band.low, band.high) if abs(end) != float("inf")]
    plain = bool(ends) and not any(band.family or band.noun for band in bands)
    return plain and any(all(first <= end <= last for end in ends) for first, last in CALENDARS)
