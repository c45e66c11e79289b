"""Wording that pushes towards an answer."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="leading-wording",
    title="The wording favours no answer",
    tier="L",
    severity="error",
    xm=4,
    qas="4a",
    why=(
        "Praise, tags, appeals to the majority and words such as should, ought and feel raise the "
        "score without raising the "
        "quality (best practice 4 of question design, Qualtrics XM Institute)."
    ),
    good=(
        "How was the taste of the soup?",
        "Did the room feel dry or humid?",
        "Çorbanın tadı nasıldı?",
        "مزهٔ سوپ چطور بود؟",
    ),
    bad=(
        "How satisfied are you with our world-class support?",
        "Harika ekibimizden memnun kaldınız mı?",
        "از تیم بی‌نظیر ما راضی بودید؟",
    ),
    suppress="A normative item of a social survey.",
)


def find(question: QuestionView) -> Iterator[Hit]:
    """The worst push in the text, one finding a text."""
    yield from next((hits for search in (pressing, _mild) if (hits := list(search(question)))), [])


def pressing(question: QuestionView) -> Iterator[Hit]:
    """Patterns that leave no doubt: errors."""
    words, text = question.words, question.stem.plain
    told = {
        "leading-wording.own": "Praise of your own offering belongs in advertising; leave it out.",
        "leading-wording.how-strong": "The question carries its answer; ask with both ends: “good or bad”.",
        "leading-wording.tag": "This presses for agreement; ask without it.",
        "leading-wording.consensus": "What others think is pressure; ask without it.",
    }
    for name, message in told.items():
        if match := words.search_outside(name, text, "leading-wording.silent"):
            yield Hit(*match.span(), message)
            return
    if question.closed and (
        match := words.search_outside(
            "leading-wording.normative", question.stem.asked, "leading-wording.normative-silent"
        )
    ):
        yield Hit(
            *match.span(), "“Should” asks for approval; ask how people judge what there is, for and against."
        )
    elif question.kind == "agreement":
        for name in ("leading-wording.predicate", "leading-wording.normative-statement"):
            if match := words.search_outside(name, text, "leading-wording.silent"):
                yield Hit(
                    *match.span(), "The statement carries the wanted answer; ask on a scale with both ends."
                )
                return


def _mild(question: QuestionView) -> Iterator[Hit]:
    """Patterns with honest uses: warnings."""
    words = question.words
    text = words.hide(question.stem.plain, "leading-wording.silent", "leading-wording.feel-silent")
    for name, message in {
        "leading-wording.feel": "“Feel” turns a judgement into a mood; ask for the judgement itself.",
        "leading-wording.plea": "Mentioning your effort asks for leniency; leave it out.",
        "leading-wording.flattery": "Flattery asks for a favour; leave it out.",
        "leading-wording.emotion": "A strong feeling in the question suggests one in the answer; "
        "ask neutrally.",
    }.items():
        if match := words.search(name, text):
            yield Hit(*match.span(), message, "", "warning")
            return


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
