"""Very few points, or none in the middle."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.questions.scale import RatingQuestion
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule

RULE = Rule(
    id="scale-few-points",
    title="A scale has enough points, and a middle",
    tier="D",
    severity="info",
    why="Two to four points hide differences that people do feel, and without a middle the undecided "
    "choose at random "
    "(Krosnick and Presser 2010). A remark, not a fault.",
    good=("five points", "seven points"),
    bad=("1-3", "1-4", "1-6"),
)


_EVEN = "The scale has {points} points; there is no middle."


def check(document: Document) -> Iterator[Finding]:
    for index, question in document.questions:
        if not isinstance(question, RatingQuestion) or question.scale is None:
            continue
        points = question.maximum - question.minimum + 1
        if points < 5 or (points % 2 == 0 and points < 10):
            even = points % 2 == 0
            told = message(_EVEN if even else "The scale has {points} points.", points=points)
            yield document.finding(RULE, ("questions", index, "scale"), told)
