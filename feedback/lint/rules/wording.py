"""What the word rules share: they look at one question text at a time and point at words in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

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
        for hit, quoted, rewrite in _hits(rule.id, find, _Alike(question.content, question)):
            start, _ = question.stem.normalised.span(hit.start, hit.end)
            yield document.finding(
                rule,
                question.wording,
                hit.message,
                quoted=quoted,
                rewrite=rewrite,
                severity=hit.severity,
                offset=start,
            )


@dataclass(frozen=True, slots=True)
class _Alike:
    """A question that is the same as any other with this content, wherever it stands in whatever file."""

    content: tuple[object, ...]
    question: QuestionView = field(compare=False)


@lru_cache(maxsize=4096)
def _hits(rule: str, find: Find, alike: _Alike) -> tuple[tuple[Hit, str, str], ...]:
    """Each hit with the words that it quotes and a better wording. While somebody types in one question, the others are
    found here: about fifteen rules look at each text."""
    question = alike.question
    return tuple(
        (
            hit,
            question.stem.quote(hit.start, hit.end),
            hit.rewrite or better(rule, question, hit.start, hit.end),
        )
        for hit in find(question)
    )
