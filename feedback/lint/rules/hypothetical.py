"""What customers would do, if: they do not know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from feedback.core.text.folding import fold
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.data import codes, data
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="hypothetical",
    title="Ask what people did, not what they would do",
    tier="L",
    severity="warning",
    qas="5",
    why=(
        "People answer for the person they would like to be; what they did last week predicts better "
        "(Question Appraisal System, item 5: knowledge and recall)."
    ),
    good=(
        "Did you drive here today?",
        "Would you like a reply?",
        "Bugün buraya arabayla mı geldiniz?",
        "آیا امروز با ماشین آمدید؟",
    ),
    bad=(
        "If parking cost less, would you drive to us?",
        "Otopark ücretsiz olsaydı arabayla gelir miydiniz?",
        "اگر پارکینگ رایگان بود با ماشین می‌آمدید؟",
    ),
)
EXEMPT_TYPES = frozenset({"nps", "enps", "pmf"})


@cache
def _money() -> re.Pattern[str]:
    """An amount of money, in the currencies of every language."""
    listed = ((code, data(code, "numbers").get("units", {}).get("money", ())) for code in codes())
    units = {fold(unit, code) for code, named in listed for unit in named}
    return re.compile(rf"[€$£₺]|\d\s*(?:{'|'.join(sorted(map(re.escape, units)))})\b")


def find(question: QuestionView) -> Iterator[Hit]:
    """An imagined condition in a closed question; validated instruments and price ladders live from it."""
    if not question.closed or question.kind == "agreement" or question.type in EXEMPT_TYPES:
        return
    if sum(bool(_money().search(answer)) for answer in question.answers) >= 2:
        return
    words = question.words
    if words.search("hypothetical.silent", question.stem.plain):
        return
    if match := words.search("hypothetical.words", question.stem.plain):
        yield Hit(*match.span(), "Nobody knows what they would do; ask what they did, the last time.")


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
