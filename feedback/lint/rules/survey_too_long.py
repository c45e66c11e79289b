"""More questions than people answer on this channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from feedback.core.questions import AnyQuestion, ChoiceQuestion, MatrixQuestion, RankingQuestion, TextQuestion
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.context import LintContext
from feedback.lint.engine.rule import Finding, Rule, Severity
from feedback.lint.options.routes import ways

RULE = Rule(
    id="survey-too-long",
    title="A survey asks only what is necessary",
    xm=11,
    tier="D",
    severity="warning",
    why="Every further question loses answers, most of all on phones "
    "(XM Institute, practice 11; Galesic and Bosnjak 2009).",
    good=("a score and why", "5 questions by e-mail", "a long set behind “May we ask more?”"),
    bad=("9 questions by SMS", "24 questions by e-mail", "3 grids of 8 rows"),
)


class LengthLimits(NamedTuple):
    """Above these, an information or an error."""

    warn_questions: int
    warn_seconds: float
    most_questions: int
    most_seconds: float


SMS = LengthLimits(3, 60, 5, 90)
PAGE = LengthLimits(10, 180, 20, float("inf"))


_BY_SMS = (
    "The longest path has {count} questions and takes about {seconds} s; there is an SMS text, and by SMS people "
    "answer at most {most} questions and {longest} s well."
)
_ON_A_PAGE = (
    "The longest path has {count} questions and takes about {seconds} s; on a page, people "
    "answer at most {most} questions and {longest} s well."
)


def check(document: Document) -> Iterator[Finding]:
    questionnaire = document.questionnaire
    if questionnaire is None:
        return
    by_sms = bool(questionnaire.messages.sms)
    limits = SMS if by_sms else PAGE
    most = SMS if by_sms and not questionnaire.messages.email else PAGE
    count, seconds = longest(document)
    severity: Severity | None = None
    if count > most.most_questions or seconds > most.most_seconds:
        severity = "error"
    elif count > limits.warn_questions or seconds > limits.warn_seconds:
        severity = "info"  # it costs answers, which the author may accept
    if severity:
        told = message(
            _BY_SMS if by_sms else _ON_A_PAGE,
            count=f"{count:g}",
            seconds=f"{seconds:.0f}",
            most=limits.warn_questions,
            longest=f"{limits.warn_seconds:g}",
        )
        yield document.finding(
            RULE,
            ("questions",),
            told,
            rewrite="Keep the questions whose answers change a decision.",
            severity=severity,
        )


def longest(document: Document) -> tuple[float, float]:
    """The most questions that one respondent is asked, and the most seconds that answering takes; (0, 0) where the
    file breaks the format."""
    count = seconds = 0.0
    for way in ways(document.questionnaire) if document.questionnaire else ():
        count = max(count, sum(_weight(question) for question in way))
        seconds = max(seconds, sum(_seconds(question, document) for question in way))
    return count, seconds


def _weight(question: AnyQuestion) -> int:
    if not question.answerable:
        return 0
    return len(question.rows) if isinstance(question, MatrixQuestion) else 1


def _seconds(question: AnyQuestion, document: Document) -> float:
    """How long reading and answering take, in the questionnaire's first language."""
    settings: LintContext = document.settings
    language = document.languages[0]
    texts = [question.text.to(language)]
    if isinstance(question, ChoiceQuestion):
        texts += [option.text.to(language) for option in question.options]
    if isinstance(question, MatrixQuestion):
        texts += [row.text.to(language) for row in question.rows]
        answering = settings.row_seconds * len(question.rows)
    elif isinstance(question, RankingQuestion):
        answering = settings.closed_seconds * question.places
    elif not question.answerable:
        answering = 0.0
    else:
        answering = settings.open_seconds if isinstance(question, TextQuestion) else settings.closed_seconds
    return answering + settings.word_seconds * sum(len(text.split()) for text in texts)
