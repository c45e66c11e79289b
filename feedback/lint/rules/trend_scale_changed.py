"""The series goes on under its key, but the question is no longer the same."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import ScaleQuestion
from feedback.lint.document import Document
from feedback.lint.fold import bare
from feedback.lint.rule import Problem, Rule
from feedback.lint.said import say

RULE = Rule(
    id="trend-scale-changed",
    title="A series keeps its question and its scale",
    tier="D",
    severity="error",
    why="A change of wording or scale moves the score by more than most real changes do; the line would lie "
    "(Schuman and Presser 1981).",
    good=("a typing error corrected", "a new `trend:` key", "a translation added"),
    bad=(
        "1-5 becomes 1-7 under the same `trend:`",
        "the order of the labels turned round",
        "“visit” becomes “service”",
    ),
    suppress="Both wordings run side by side until a date: set `trend_bridge:` to that date.",
)
SAME = 0.9
"""Similarity of two stems (0 to 1) above which a change counts as a correction."""


def check(document: Document) -> Iterator[Problem]:
    questionnaire = document.questionnaire
    previous = document.settings.previous.get(questionnaire.trend or "") if questionnaire else None
    if questionnaire is None or previous is None or questionnaire.trend_bridge:
        return
    pair = _tracked(questionnaire, previous)
    if pair is None:
        return
    index, new, old = pair
    for told in _changes(new, old, set(questionnaire.languages) & set(previous.languages)):
        yield document.finding(
            RULE,
            ("questions", index),
            say("{told}, but the series “{trend}” goes on.", told=told, trend=questionnaire.trend),
            quoted=new.text.to(questionnaire.languages[0]),
            rewrite="Give it a new `trend:` key, or run both until a date with `trend_bridge:`.",
        )


def _tracked(new: Questionnaire, old: Questionnaire) -> tuple[int, ScaleQuestion, ScaleQuestion] | None:
    now, before = new.scored, old.scored
    if now is not None and before is not None:
        return _index(new, now), now, before
    for question in new.questions:
        same = old.question(question.key)
        if isinstance(question, ScaleQuestion) and isinstance(same, ScaleQuestion):
            return _index(new, question), question, same
    return None


def _index(questionnaire: Questionnaire, question: ScaleQuestion) -> int:
    return [each.key for each in questionnaire.questions].index(question.key)


def _changes(new: ScaleQuestion, old: ScaleQuestion, languages: set[str]) -> Iterator[str]:
    if (new.minimum, new.maximum) != (old.minimum, old.maximum):
        yield say(
            "The scale was {minimum}-{maximum} and is now {minimum2}-{maximum2}",
            minimum=old.minimum,
            maximum=old.maximum,
            minimum2=new.minimum,
            maximum2=new.maximum,
        )
        return
    if new.instrument_name != old.instrument_name:
        yield "The instrument has changed"
    if new.high_is_bad != old.high_is_bad:
        yield "The direction of the scale has changed"
    for language in sorted(languages):
        if _labels(new, language) != _labels(old, language):
            yield say("The labels have changed ('{language}')", language=language)
        if _similarity(new, old, language) < SAME:
            yield say("The question has changed ('{language}')", language=language)


def _labels(question: ScaleQuestion, language: str) -> dict[int, str]:
    return {point: bare(label, language) for point, label in question.labels(language).items()}


def _similarity(new: ScaleQuestion, old: ScaleQuestion, language: str) -> float:
    """Share of words in common, and of letters where a word was only misspelt."""
    one, other = bare(new.text.to(language), language), bare(old.text.to(language), language)
    letters = SequenceMatcher(None, one, other, autojunk=False).ratio()
    changed = [
        SequenceMatcher(None, a, b).ratio()
        for a, b in zip(one.split(), other.split(), strict=False)
        if a != b and len(one.split()) == len(other.split())
    ]
    return min(letters, 0.0) if any(ratio < 0.6 for ratio in changed) else letters
