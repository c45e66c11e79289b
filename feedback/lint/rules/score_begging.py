"""Asking for a good score instead of an honest one."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.lexicon import lexicon
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView
from feedback.lint.text.sentence import prepare

RULE = Rule(
    id="score-begging",
    title="The survey does not ask for a certain score",
    tier="L",
    severity="error",
    xm=4,
    why=(
        "A score that was asked for measures the asking (best practice 4: no leading words); it "
        "hides the customers who need help."
    ),
    good=(
        "How would you rate the ride? 1 = very poor, 5 = very good.",
        "Yolculuğu nasıl değerlendirirsiniz?",
        "سفر را چگونه ارزیابی می‌کنید؟",
    ),
    bad=("Please give us 5 stars!", "Lütfen 9 veya 10 puan verin.", "لطفاً ۵ ستاره بدهید."),
)
MESSAGE = "This asks for a score; ask for an honest answer and leave the number to the customer."
MESSAGE_ROLES = frozenset({"help", "sms", "reminder_sms", "comment_prompt", "subject", "body"})


def find(question: QuestionView) -> Iterator[Hit]:
    """A target score with a request, a need or a consequence, anywhere in the text."""
    words = question.words
    if match := words.search_outside("score-begging.words", question.stem.text, "score-begging.silent"):
        yield Hit(*match.span(), MESSAGE)


def check(document: Document) -> Iterator[Finding]:
    """In question texts, in the lines under them, and in what is sent."""
    yield from report(document, RULE, find)
    helps = (each for index, _ in document.questions for each in document.question_texts(index))
    for wording in (*helps, *document.messages()):
        words = lexicon(wording.language)
        if wording.role not in MESSAGE_ROLES or words is None:
            continue
        prepared = prepare(wording.text, words)
        if match := words.search_outside("score-begging.words", prepared.text, "score-begging.silent"):
            start, _ = prepared.normalised.span(*match.span())
            said = prepared.quote(*match.span())
            yield document.finding(RULE, wording, MESSAGE, quoted=said, offset=start)
