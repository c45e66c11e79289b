"""Options without an order always stand in the same one, or ordered options are shuffled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from feedback.core.questions import ChoiceQuestion
from feedback.core.text.folding import bare
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.choices import Choices, choices, have_numbers, stands_beside
from feedback.lint.options.labels import LabelLexicon, readings

RULE = Rule(
    id="options-not-randomised",
    title="Options without an order are shuffled",
    xm=10,
    tier="D",
    severity="warning",
    why="The first option on a page is chosen more often than the same option further down "
    "(Krosnick and Alwin 1987; XM Institute, practice 10).",
    good=(
        "`randomize: true`, the last option with `role: other`",
        "weekdays in their order",
        "countries from A to Z",
    ),
    bad=("six features in a fixed order", "Never … Always shuffled"),
    suppress="People look for the option where it always stands (a list they know by heart). Under a question "
    "for who, where or what happened, a short list without “other” only informs: people look for their own case, "
    "and the order decides little.",
)
LEAST = 4
LOOKED_UP = ("demographic", "place_stem")
"""Questions in whose answers people look for what they know of themselves."""
LONG = 6
"""From this length on, people read a list until something fits, whatever it asks for."""


def check(document: Document) -> Iterator[Finding]:
    for index, question in document.questions:
        if not isinstance(question, ChoiceQuestion):
            continue
        listed = [found for each in document.languages if (found := choices(document, index, each))]
        if not listed:
            continue
        ordered = [each for each in listed if each.kind in ("bands", "degrees", "calendar")]
        if question.randomize and ordered:
            yield _shuffled(document, index, ordered[0])
        elif not question.randomize and all(is_unordered(question, each) for each in listed):
            yield _fixed(document, index, listed[0], informs=all(map(_asks_for_a_case, listed)))


def is_unordered(question: ChoiceQuestion, listed: Choices) -> bool:
    """Whether the order of the options carries no meaning, as far as can be told."""
    loose = [
        option for _, option, text in listed.real if not option.stays and not stands_beside(text, listed)
    ]
    if listed.kind != "unordered" or len(loose) < LEAST or question.used_for or have_numbers(listed):
        return False
    stem = question.text.to(listed.language)
    return not (listed.words and any(listed.words.mentions(each, stem) for each in LOOKED_UP))


def _asks_for_a_case(listed: Choices) -> bool:
    """Whether a short list of all there can be answers who, where or what happened: people look for their own case,
    where the first option draws those who judge ("Which matters most?") or who stop at what seems to fit. A list with
    "other" names some of many cases."""
    words = listed.words
    return (
        words is not None
        and len(listed.real) < LONG
        and not any(option.role == "other" or words.says("other", text) for _, option, text in listed.options)
        and words.mentions("case_stem", listed.stem)
        and not words.mentions("most_stem", listed.stem)
    )


def is_safe_to_shuffle(question: ChoiceQuestion, listed: Choices) -> bool:
    """Whether nothing in the options hints at an order that nobody has recognised: no yes or no, no degree, no
    number, no two words of judgement. Only then may a program shuffle them unasked."""
    words = listed.words
    if words is None or not is_unordered(question, listed):
        return False
    judging = sum(bool(readings(text, listed.language)) for text in listed.texts)
    return judging < 2 and not any(_hints_at_order(text, words) for text in listed.texts)


def _hints_at_order(text: str, words: LabelLexicon) -> bool:
    plain = bare(text, words.language)
    parts = plain.split()
    found = (
        {*words.degrees, *words.nots, *words.zeros} & {plain, *parts, *map(" ".join, pairwise(parts))}
        or words.says("own_escape", text)
        or re.search(r"\d", text)
    )
    sides = (" ".join(parts[at:]) for at in range(len(parts)))
    return bool(found) or any(words.says(kind, side) for side in sides for kind in ("yes", "no", "partly"))


def _shuffled(document: Document, index: int, listed: Choices) -> Finding:
    return document.finding(
        RULE,
        ("questions", index, "randomize"),
        "These options have an order; do not shuffle them.",
        quoted=" | ".join(listed.texts),
        rewrite="Delete `randomize: true`.",
        severity="error",
    )


def _fixed(document: Document, index: int, listed: Choices, *, informs: bool) -> Finding:
    return document.finding(
        RULE,
        ("questions", index, "options"),
        message(
            "These {count} options have no order of their own, yet everybody sees the same one first.",
            count=len(listed.real),
        ),
        quoted=" | ".join(listed.texts),
        rewrite="randomize: true",
        severity="info" if informs else None,
    )
