"""A grid of rows and columns."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import groupby, pairwise

from feedback.core.questions import AnyQuestion, MatrixQuestion, ScaleQuestion
from feedback.core.text.folding import bare
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule, Severity
from feedback.lint.options.labels import scale

RULE = Rule(
    id="matrix-question",
    title="No grids",
    xm=14,
    tier="D",
    severity="warning",
    why="Grids are answered in straight lines and do not fit a phone "
    "(XM Institute, practice 14; Couper et al. 2013; Mavletova and Couper 2015). The page shows the rows one below the "
    "other, each with its labels; up to five of them with at most five labels in words are only a remark.",
    good=("one question a page", "a choice of the three most important", "two separate ratings"),
    bad=("a grid of 6 rows", "one row per branch", "4 statements with Strongly disagree … Strongly agree"),
    suppress="A validated instrument that is a grid.",
)


def check(document: Document) -> Iterator[Finding]:
    questionnaire = document.questionnaire
    if questionnaire is None:
        return
    for index, question in document.questions:
        if isinstance(question, MatrixQuestion):
            yield document.finding(
                RULE,
                ("questions", index),
                message("This is a grid of {count} rows.", count=len(question.rows)),
                quoted=question.text.to(document.languages[0]),
                rewrite="Ask the rows that matter as questions of their own, or let people choose "
                "the top three.",
                severity=_severity(document, question),
            )
    if document.settings.questions_per_page >= 3:
        yield from _hidden_grids(document)


FEW = 5
"""The rows, and the labels of a row, that a phone shows as questions of their own."""


def _severity(document: Document, question: MatrixQuestion) -> Severity | None:
    if document.questionnaire and document.questionnaire.messages.sms:
        return "error"
    language = document.languages[0]
    labels = [point.label for point in question.points(language)]
    readable = len(question.rows) <= FEW and 0 < len(labels) <= FEW and all(labels)
    agreement = any(one.dimension == "agreement" for one in scale(labels, language) if one)
    return "info" if readable and not agreement else None


def _hidden_grids(document: Document) -> Iterator[Finding]:
    language = document.languages[0]
    numbered = [(index, q) for index, q in document.questions if isinstance(q, ScaleQuestion)]
    for _, group in groupby(numbered, key=lambda each: tuple(sorted(each[1].labels(language).items()))):
        run = list(group)
        consecutive = [run[0], *(b for a, b in pairwise(run) if b[0] == a[0] + 1)]
        if len(consecutive) >= 3 and all(_alike(a[1], b[1], language) for a, b in pairwise(run)):
            told = message("{count} questions with one scale on one page are a grid.", count=len(run))
            yield document.finding(RULE, ("questions", run[0][0]), told, rewrite="Show one question a page.")


def _alike(one: AnyQuestion, other: AnyQuestion, language: str) -> bool:
    first, second = (bare(each.text.to(language), language).split() for each in (one, other))
    return SequenceMatcher(None, first, second).ratio() >= 0.6
