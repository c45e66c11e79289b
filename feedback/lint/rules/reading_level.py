"""Officialese and rare words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.pack import pack
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="reading-level",
    title="Words that customers use",
    tier="H",
    severity="warning",
    xm=1,
    qas="3a",
    why=(
        "If people have to guess a word, they guess the answer (Question Appraisal System, items "
        "3a and 3b). The rule knows a list of official and rare words with their plain "
        "counterparts; it uses no readability formula, since those are defined on samples of a "
        "hundred words."
    ),
    good=("Was the decision easy or difficult to understand?", "Karar anlaşılır mıydı?", "تصمیم روشن بود؟"),
    bad=(
        "Was the remittance expedited subsequent to your call?",
        "Mezkûr hususun izahı anlaşılır mıydı?",
        "آیا مفاد قرارداد مزبور مستحضر نظر شما قرار گرفت؟",
    ),
)
_WORD = re.compile(r"[\w'-]+")
_POSSESSIVE = re.compile(r"'s?$")
ENOUGH = 2
"""So many rare words in one question are too many; of the rarest, one."""


def find(question: QuestionView) -> Iterator[Hit]:
    """Two words of the list of officialese, or one of the rarest."""
    words = question.words
    found: dict[str, tuple[re.Match[str], str]] = {}
    for match in _WORD.finditer(question.stem.asked):
        plain = _plain(match[0], words.plain_words, words.language)
        if plain is not None:
            found.setdefault(match[0], (match, plain))
    rarest = any(_plain(word, words.rarest_words, words.language) is not None for word in found)
    if len(found) >= ENOUGH or rarest:
        (first, _), *_ = found.values()
        swaps = "; ".join(f"{word} → {plain}" for word, (_, plain) in found.items())
        yield Hit(
            *first.span(),
            "These words are official or rare; say it as you would on the phone.",
            message("{swaps}", swaps=swaps),
        )


def _plain(word: str, listed: dict[str, str], language: str) -> str | None:
    """The plain counterpart; a listed word ending in * is a stem."""
    word = _POSSESSIVE.sub("", word)
    if word in listed:
        return listed[word]
    for ending, plain in pack(language).endings:
        if word.endswith(ending):
            for each in (word.removesuffix(ending) + more for more in plain):
                if each in listed:
                    return listed[each]
    for length in range(len(word), 3, -1):
        if (stem := word[:length] + "*") in listed:
            return listed[stem]
    return None


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
