"""How often, within what time?"""

from __future__ import annotations

from collections.abc import Iterator

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.labels import lexicon, scale
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="recall-period-missing",
    title="Counts of behaviour name their period",
    tier="L",
    severity="warning",
    qas="3d",
    why=(
        "Three complaints in a week and three in ten years are not the same answer (Question "
        "Appraisal System, "
        "item 3d: reference period missing)."
    ),
    good=(
        "In the last 7 days, how many times did you call us?",
        "How often do you fly? (every week, every month, every year, never)",
        "Son 7 günde bizi kaç kez aradınız?",
        "در ۷ روز گذشته چند بار با ما تماس گرفتید؟",
    ),
    bad=(
        "How many times did you return a product?",
        "Kaç kez ürün iade ettiniz?",
        "چند بار کالا پس داده‌اید؟",
    ),
)


def find(question: QuestionView) -> Iterator[Hit]:
    """A count of behaviour without a period in the question, around it, or in the answers."""
    words, stem = question.words, question.stem
    match = words.search("recall-period-missing.behaviour", stem.asked)
    if not match or question.after_event or question.answered("answers.rate") or _judged(question):
        return
    around = f"{stem.text} {question.context}"
    if words.search("recall-period-missing.period", around) or words.search(
        "recall-period-missing.silent", stem.plain
    ):
        return
    if words.search("recall-period-missing.others", stem.plain) and _relative(question):
        return
    yield Hit(*match.span(), "Within what time? Name a period that people can remember.")


def _judged(question: QuestionView) -> bool:
    """Whether the answers count nothing: they judge, from too little over what fits to too much, or they are shares of
    what there was ("all of them, most, some, none")."""
    labels = lexicon(question.words.language)
    if labels is None:
        return False
    shares = sum(labels.says("share", each) for each in question.answers)
    return shares >= 3 or any(labels.says("fitting", each) for each in question.answers[1:-1])


def _relative(question: QuestionView) -> bool:
    """Whether the answers run from never to always, which are shares and no counts."""
    found = scale(question.answers, question.words.language)
    shares = [one for one in found if one and one.dimension == "frequency"]
    return len(shares) >= 3 and any(one.zero for one in shares)


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
