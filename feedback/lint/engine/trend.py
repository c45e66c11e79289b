"""What makes a series go on: the published version that a questionnaire continues, and what has changed since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from difflib import SequenceMatcher

from feedback.core.composite import Composite
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import ScaleQuestion
from feedback.core.text.folding import bare
from feedback.core.text.translatable import message

SAME = 0.9
"""Similarity of two stems (0 to 1) above which a change counts as a correction."""
MISSPELT = 0.6
"""Similarity of two words above which one is taken for the other, misspelt."""


def continued(questionnaire: Questionnaire, published: Sequence[Questionnaire]) -> Questionnaire | None:
    """The version whose series a questionnaire continues; `published` is in order, the earliest first.

    Versions of the same questionnaire come before others of the series, and what was asked without a bridge
    before what was asked on one: who has published a new wording for a while has not made it the old one. What another
    questionnaire asks on a bridge only, such as a history that was imported, says nothing about the series.
    """
    series = [each for each in published if each.series == questionnaire.series]
    own = [each for each in series if each.key == questionnaire.key]
    settled = [each for each in own or series if not each.trend_bridge]
    return settled[-1] if settled else next(iter(own), None)


def bridge(questionnaire: Questionnaire) -> date | None:
    """The last day of the bridge; None without one, and where it is not a date."""
    try:
        return date.fromisoformat(questionnaire.trend_bridge or "")
    except ValueError:
        return None


def is_bridged(questionnaire: Questionnaire, today: date | None) -> bool:
    """Whether old and new wording may run side by side now; without `today` no bridge has ended."""
    until = bridge(questionnaire)
    return until is not None and (today is None or today <= until)


def changes(new: Questionnaire, old: Questionnaire) -> Iterator[tuple[str, str]]:
    """(question or score, what has changed) wherever the same series would hold answers to another question."""
    languages = set(new.languages) & set(old.languages)
    for question, before in _pairs(new, old):
        for told in _changes(question, before, languages):
            yield question.key, told
    earlier = {each.key: each for each in old.composites}
    for composite in new.composites:
        if (known := earlier.get(composite.key)) is not None and _made_of(composite) != _made_of(known):
            yield composite.key, message("The items of the score, or how they count, have changed")


def _pairs(new: Questionnaire, old: Questionnaire) -> Iterator[tuple[ScaleQuestion, ScaleQuestion]]:
    """Questions that carry one series: by their keys, and the scored ones whatever they are called."""
    found: list[tuple[ScaleQuestion, ScaleQuestion]] = [
        (question, same)
        for question in new.questions
        if isinstance(question, ScaleQuestion)
        and isinstance(same := old.question(question.key), ScaleQuestion)
    ]
    scored = [pair for pair in found if pair[0].metric or pair[1].metric]
    if new.scored and old.scored and not any(new.scored is one for one, _ in scored):
        scored.insert(0, (new.scored, old.scored))
    yield from scored or (found[:1] if new.trend else ())


def _made_of(composite: Composite) -> tuple[object, ...]:
    return composite.metric, composite.least_good, {each.key: each.reversed for each in composite.items}


def _changes(new: ScaleQuestion, old: ScaleQuestion, languages: set[str]) -> Iterator[str]:
    if (new.minimum, new.maximum) != (old.minimum, old.maximum):
        yield message(
            "The scale was {minimum}-{maximum} and is now {minimum2}-{maximum2}",
            minimum=old.minimum,
            maximum=old.maximum,
            minimum2=new.minimum,
            maximum2=new.maximum,
        )
        return
    if new.instrument_name != old.instrument_name:
        yield message("The instrument has changed")
    if new.high_is_bad != old.high_is_bad:
        yield message("The direction of the scale has changed")
    if new.instrument_name == old.instrument_name and new.metric != old.metric:
        yield message("The good points of the scale have changed")
    for language in sorted(languages):
        if _labels(new, language) != _labels(old, language):
            yield message("The labels have changed ('{language}')", language=language)
        if _similarity(new, old, language) < SAME:
            yield message("The question has changed ('{language}')", language=language)


def _labels(question: ScaleQuestion, language: str) -> dict[int, str]:
    return {point: bare(label, language) for point, label in question.labels(language).items()}


def _similarity(new: ScaleQuestion, old: ScaleQuestion, language: str) -> float:
    """Share of letters in common; 0 where other words stand in the place of some, and not only misspelt ones."""
    one, other = bare(new.text.to(language), language), bare(old.text.to(language), language)
    words, others = one.split(), other.split()
    for kind, start, end, begin, stop in SequenceMatcher(None, words, others, autojunk=False).get_opcodes():
        if kind != "replace":
            continue
        here, there = "".join(words[start:end]), "".join(others[begin:stop])
        if SequenceMatcher(None, here, there, autojunk=False).ratio() < MISSPELT:
            return 0.0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
