"""Numbers, stars or faces without words at both ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from feedback.core.questions import AnyQuestion, MatrixQuestion, ScaleQuestion
from feedback.core.questions.scale import CsatQuestion
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document, Path
from feedback.lint.engine.rule import Finding, Rule

RULE = Rule(
    id="scale-endpoints-unlabelled",
    title="Both ends of a scale have words",
    qas="7b",
    tier="D",
    severity="error",
    why="Without words nobody knows which end is good; people then use numbers by habit, and habits "
    "differ between "
    "countries (Krosnick and Presser 2010; WCAG 1.1.1 for stars and faces).",
    good=("0 Not at all … 10 Completely", "all five points labelled", "Yes | No under the thumbs"),
    bad=("1-10 without words", "only the right end labelled", "faces without text"),
)


_WORDED = re.compile(r"[^\W\d_]|[%$€£₺]")
"""A digit, a dash or a face alone is no label: it says nothing to a screen reader, nor the same to everybody."""


def check(document: Document) -> Iterator[Finding]:
    for index, question in document.questions:
        for language in document.languages:
            yield from _in(document, index, question, language)


def _in(document: Document, index: int, question: AnyQuestion, language: str) -> Iterator[Finding]:
    if not isinstance(question, ScaleQuestion | MatrixQuestion):
        return
    points = question.points(language)
    bare = [
        end.value
        for end in (points[0], points[-1])
        if not _WORDED.search(end.label) or not _has(question, end.value, language)
    ]
    path: Path = ("questions", index, "scale") if question.scale else ("questions", index)
    if bare:
        where = ", ".join(map(str, bare))
        told = message(
            "There is no label in '{language}' for {where}; both ends need words.",
            language=language,
            where=where,
        )
        rewrite = message(
            "labels: {{{value}: …, {value2}: …}}", value=points[0].value, value2=points[-1].value
        )
        yield document.finding(RULE, path, told, language=language, rewrite=rewrite)
    elif _half_labelled(question, [point.label for point in points]):
        remark = "On a satisfaction scale of 5 or 7 points, words at every point make answers more reliable."
        yield document.finding(RULE, path, remark, language=language, severity="info")


def _has(question: ScaleQuestion | MatrixQuestion, point: int, language: str) -> bool:
    if question.scale and question.scale.labels:
        label = question.scale.labels.get(point)
        return label is not None and label.has(language)
    registered = question.registered if isinstance(question, ScaleQuestion) else None
    return registered is not None and language in registered.labels


def _half_labelled(question: ScaleQuestion | MatrixQuestion, labels: list[str]) -> bool:
    return isinstance(question, CsatQuestion) and len(labels) in (5, 7) and not all(labels)
