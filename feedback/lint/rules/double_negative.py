"""Two negatives that the reader has to cancel out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="double-negative",
    title="No two negatives in one question",
    tier="L",
    severity="error",
    qas="3a",
    why=(
        "To answer, people have to work out that two negatives make a positive, or that "
        "disagreeing with a 'not' means yes; many get it wrong (Question Appraisal System, item "
        "3a)."
    ),
    good=("Did you get a reply?", "Randevu almak kolay mıydı, zor muydu?", "لغو سفارش آسان بود یا دشوار؟"),
    bad=(
        "Is it untrue that you never got a reply?",
        "Sonucun bildirilmemesi sizce yanlış değil mi?",
        "آیا نرسیدن پاسخ برایتان ناخوشایند نبود؟",
    ),
    suppress="A validated item with a negated statement.",
)


def find(question: QuestionView) -> Iterator[Hit]:
    """Two negatives in one clause, or a negated statement to agree or disagree with."""
    words = question.words
    text = words.hide(words.hide_poles(question.stem.main), "double-negative.silent")
    negatives = _negatives(question, text)
    for first, second in pairwise(negatives):
        between = text[first.end() : second.start()]
        if "," not in between and "،" not in between and not words.search("double-barrelled.or", between):
            yield Hit(first.start(), second.end(), "Two negatives in one question; say it positively.")
            return
    if question.kind == "agreement" and (match := words.search("double-negative.agreement", text)):
        yield Hit(
            *match.span(), "Disagreeing with a negated statement is a double negative; state it positively."
        )


def _negatives(question: QuestionView, text: str) -> list[re.Match[str]]:
    """Negations and second negatives in order of the text, the same words counted once; at least one is
    a negation
    or a negative adjective, since two verbs such as "stop" and "avoid" do not cancel out."""
    words = question.words
    lists = ("negation.words", "double-negative.adjectives", "double-negative.firm")
    firm = [match for name in lists for match in words.finditer(name, text)]
    if not firm:
        return []
    found: list[re.Match[str]] = []
    for match in sorted(
        [*firm, *words.finditer("double-negative.verbs", text)], key=lambda each: each.start()
    ):
        if not found or match.start() >= found[-1].end():
            found.append(match)
    return found


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
