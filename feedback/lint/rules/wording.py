"""What the word rules share: they look at one question text at a time and point at words in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule, Severity
from feedback.lint.rewriting import better
from feedback.lint.text.question import QuestionView, question_views


@dataclass(frozen=True, slots=True)
class Hit:
    """Words at fault: `start` and `end` in the stem's normalised text, what is wrong with them, and a
    better wording.

    `severity` is set where it differs from the rule's own.
    """

    start: int
    end: int
    message: str
    rewrite: str = ""
    severity: Severity | None = None


Find = Callable[[QuestionView], Iterator[Hit]]


def report(document: Document, rule: Rule, find: Find) -> Iterator[Finding]:
    """The findings of one word rule in every question text of a document."""
    for question in question_views(document):
        for hit in find(question):
            start, _ = question.stem.normalised.span(hit.start, hit.end)
            yield document.finding(
                rule,
                question.wording,
                hit.message,
                quoted=question.stem.quote(hit.start, hit.end),
                rewrite=hit.rewrite or better(rule.id, question, hit.start, hit.end),
                severity=hit.severity,
                offset=start,
            )
