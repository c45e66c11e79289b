"""Always, never, everything: yes or no to these says little."""

from __future__ import annotations

import re
from collections.abc import Iterator

from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.rules import double_negative
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="absolute-term",
    title="No absolutes in yes/no and agreement questions",
    tier="L",
    severity="warning",
    why=(
        "One late parcel in forty makes 'always' untrue, so an honest answer is nearly always no; "
        "it tells nothing about "
        "how often (Dillman, Smyth and Christian 2014, on wording of questions)."
    ),
    good=(
        "How many of your last 5 orders came on time?",
        "All in all, how satisfied or dissatisfied are you?",
        "Son 5 siparişinizden kaçı zamanında geldi?",
        "از ۵ سفارش آخر شما چند تا به موقع رسید؟",
    ),
    bad=(
        "Do our couriers always ring the bell?",
        "Kuryelerimiz her zaman zili çalar mı?",
        "آیا پیک همیشه زنگ می‌زند؟",
    ),
)


def find(question: QuestionView) -> Iterator[Hit]:
    """An absolute in the question sentence of a yes/no question or in a statement to agree with."""
    if question.kind not in ("yes-no", "agreement"):
        return
    if question.kind == "agreement" and any(_nobody(question, hit) for hit in double_negative.find(question)):
        return
    if match := _absolute(question):
        said = question.stem.quote(*match.span())
        yield Hit(
            *match.span(),
            message("One exception makes “{said}” untrue; ask how often, how many or how much.", said=said),
        )


def _absolute(question: QuestionView) -> re.Match[str] | None:
    """The first absolute of the main clause; what excuses it ("all the documents you need") may be in another."""
    words, stem = question.words, question.stem
    if not words.search("absolute-term.words", stem.main):
        return None
    excused = words.hide(stem.asked, "absolute-term.silent")
    text = "".join(own if kept != " " else " " for own, kept in zip(stem.main, excused, strict=True))
    for match in words.finditer("absolute-term.words", text):
        if "-" not in (text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]):
            return match
    return None


def _nobody(question: QuestionView, hit: Hit) -> bool:
    """A statement negated by the very word, as in "nobody helped", is a double negative and nothing else; so is
    one whose "nobody" asks for a negated verb, as in Turkish and Persian."""
    said = question.stem.main[hit.start : hit.end]
    if question.words.search("absolute-term.concord", question.stem.main):
        return True
    return question.words.pattern("absolute-term.words").fullmatch(said) is not None


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
