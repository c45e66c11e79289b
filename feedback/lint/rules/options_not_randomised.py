"""Options without an order always stand in the same one, or ordered options are shuffled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from feedback.core.questions import ChoiceQuestion
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Problem, Rule
from feedback.lint.options.choices import Choices, choices
from feedback.lint.text.messages import message

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
    suppress="People look for the option where it always stands (a list they know by heart).",
)
LEAST = 4


def check(document: Document) -> Iterator[Problem]:
    for index, question in document.questions:
        if not isinstance(question, ChoiceQuestion):
            continue
        listed = choices(document, index, document.languages[0])
        if listed is None:
            continue
        if question.randomize and listed.kind in ("bands", "degrees", "calendar"):
            yield _shuffled(document, index, listed)
        elif not question.randomize and is_unordered(question, listed):
            yield _fixed(document, index, listed)


def is_unordered(question: ChoiceQuestion, listed: Choices) -> bool:
    """Whether the order of the options carries no meaning, as far as can be told."""
    loose = [option for _, option, _ in listed.real if not option.stays]
    if listed.kind != "unordered" or len(loose) < LEAST or question.used_for or _has_numbers(listed):
        return False
    stem = question.text.to(listed.language)
    return not (listed.words and listed.words.mentions("demographic", stem))


def _has_numbers(listed: Choices) -> bool:
    return sum(bool(re.search(r"\d", text)) for text in listed.texts) * 2 >= len(listed.texts)


def _shuffled(document: Document, index: int, listed: Choices) -> Problem:
    return document.finding(
        RULE,
        ("questions", index, "randomize"),
        "These options have an order; do not shuffle them.",
        quoted=" | ".join(listed.texts),
        rewrite="Delete `randomize: true`.",
        severity="error",
    )


def _fixed(document: Document, index: int, listed: Choices) -> Problem:
    return document.finding(
        RULE,
        ("questions", index, "options"),
        message(
            "These {count} options have no order of their own, yet everybody sees the same one first.",
            count=len(listed.real),
        ),
        quoted=" | ".join(listed.texts),
        rewrite="randomize: true",
    )
