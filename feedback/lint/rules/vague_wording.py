"""Words that everybody fills differently: often, recently, some, various."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="vague-wording",
    title="Quantities and times are stated, not hinted at",
    tier="L",
    severity="warning",
    xm=1,
    qas="3c",
    why=(
        "'Regularly' is daily for one customer and yearly for another, so equal answers mean "
        "different things "
        "(Question Appraisal System, item 3c: vague)."
    ),
    good=(
        "In the last 30 days, how many times did you visit us?",
        "Did you have a problem paying online today?",
        "Son 30 günde bizi kaç kez aradınız?",
        "در ۳۰ روز گذشته چند بار از اپلیکیشن خرید کردید؟",
    ),
    bad=(
        "Do you regularly shop with us?",
        "Mağazamıza sık sık uğrar mısınız?",
        "آیا اغلب از اپلیکیشن ما خرید می‌کنید؟",
    ),
)


def find(question: QuestionView) -> Iterator[Hit]:
    """A vague word in a closed question without a period, a number or a definition beside it."""
    if not question.closed or question.kind == "agreement":
        return
    words, stem = question.words, question.stem
    if _opens_bare(question) and (match := words.search("vague-wording.subject", stem.asked)):
        yield Hit(*match.span(), "Nothing before this sentence says what it refers to; name the thing.")
        return
    around = words.hide(f"{stem.text} {question.context}", "vague-wording.words")
    match = words.search_outside("vague-wording.words", stem.main, "vague-wording.silent")
    if match is None and question.yes_no:
        match = words.search("vague-wording.usual", stem.main)
    if match and not words.search("vague-wording.cancelled-by", around):
        said = stem.quote(*match.span())
        yield Hit(
            *match.span(),
            message(
                "“{said}” means something else to everybody; give a period, a number or the thing itself.",
                said=said,
            ),
        )


def _opens_bare(question: QuestionView) -> bool:
    """The first question, with no line before or under it and no title that says what the survey is about."""
    titled = question.title and not question.words.pattern("vague-wording.empty-title").fullmatch(
        question.title
    )
    return question.first and not titled and not question.context.strip()


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
