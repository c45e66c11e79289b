"""Private matters without a way to decline."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="sensitive-without-opt-out",
    title="Private questions can be declined",
    tier="L",
    severity="warning",
    qas="6a",
    why=(
        "If people must state an income, a faith or an illness to go on, they leave or lie "
        "(Question Appraisal System, item 6a: sensitive content); in the European Union many of "
        "these are special categories of data (GDPR, article 9)."
    ),
    good=(
        "What is your religion? (… Prefer not to say)",
        "Aylık geliriniz hangi aralıktadır? (… Belirtmek istemiyorum)",
        "درآمد ماهانهٔ شما در کدام بازه است؟ (… ترجیح می‌دهم نگویم)",
    ),
    bad=(
        "What is your ethnic background? (required)",
        "Mezhebiniz nedir? (zorunlu)",
        "دین شما چیست؟ (اجباری)",
    ),
)


def find(question: QuestionView) -> Iterator[Hit]:
    """A private matter of the respondent, asked without an answer that declines."""
    words, stem = question.words, question.stem
    if question.opt_out or words.search("sensitive-without-opt-out.attitude", stem.asked):
        return
    if match := words.search_outside(
        "sensitive-without-opt-out.words", stem.asked, "sensitive-without-opt-out.silent"
    ):
        yield Hit(
            *match.span(),
            "This is private; let people decline.",
            "prefer_not_to_say: true",
            "error" if question.required else "warning",
        )


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
