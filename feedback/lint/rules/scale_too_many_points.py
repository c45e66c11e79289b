"""More points than people can tell apart."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.questions import MatrixQuestion, ScaleQuestion
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.scales import is_worded_scale, scales

RULE = Rule(
    id="scale-too-many-points",
    title="A scale has no more points than people can tell apart",
    qas="7c",
    tier="D",
    severity="warning",
    why="Reliability does not grow beyond 7 worded or 11 numbered points, effort does; sliders are "
    "slow and inexact on "
    "phones (Krosnick and Presser 2010; Funke 2016).",
    good=("5 labels", "7 labels", "0-10 NPS"),
    bad=("1-15", "a slider from 0 to 100", "9 worded labels"),
    suppress="A validated instrument with more points.",
)
MOST_NUMBERS = 11
MOST_LABELS = 7


def check(document: Document) -> Iterator[Finding]:
    worded: dict[int, int] = {}
    for each in scales(document):
        if is_worded_scale(each):
            worded[each.index] = max(worded.get(each.index, 0), len(each.labels))
    for index, question in document.questions:
        scale = question.scale if isinstance(question, ScaleQuestion | MatrixQuestion) else None
        points = scale.max - scale.min + 1 if scale else 0
        labels = max(worded.get(index, 0), len(scale.labels) if scale else 0)
        if points > MOST_NUMBERS:
            told = message(
                "The scale has {points} points; people can use at most {MOST_NUMBERS}.",
                points=points,
                MOST_NUMBERS=MOST_NUMBERS,
            )
            yield document.finding(
                RULE, ("questions", index, "scale"), told, rewrite="min: 0, max: 10, or five labels"
            )
        elif labels > MOST_LABELS:
            told = message(
                "The scale has {labels} worded points; people can tell at most {MOST_LABELS} apart.",
                labels=labels,
                MOST_LABELS=MOST_LABELS,
            )
            yield document.finding(
                RULE, ("questions", index), told, rewrite="five labels, mirrored around a middle"
            )
