"""Cutting and joining sentences so that what is left can be read aloud."""

from __future__ import annotations

import re
from itertools import pairwise

from feedback.core.text.folding import fold, lower
from feedback.lint.rewriting.language import rewriting
from feedback.lint.text.question import QuestionView

_SPACED_MARK = re.compile(r"\s+([,.;:!?؟،؛])")
_LEADING = re.compile(r"^[\s,;:،؛.!–—-]+")
_COMMAS = re.compile(r"([,،])\s*[,،]|[,،]\s*(?=[.?!؟])")
_WORD = re.compile(r"[\w'’\u200c-]+")


def cut(question: QuestionView, start: int, end: int, filling: str = "") -> str:
    """The text with `filling` in place of the characters `start` to `end` of its normalised form."""
    normalised = question.stem.normalised
    first, last = normalised.span(start, end)
    source = normalised.source
    while not filling and last < len(source) and source[last] == "\u200c":
        last += 1
    return mended(source[:first] + filling + source[last:], question)


def mended(text: str, question: QuestionView) -> str:
    """`text` with its spaces, commas and first letter in order; nothing where it cannot be a good sentence."""
    tidy = " ".join(text.replace(" \u200c", " ").split())
    tidy = _SPACED_MARK.sub(r"\1", _LEADING.sub("", tidy))
    tidy = _COMMAS.sub(r"\1", tidy)
    language = question.words.language
    tidy = capital(rewriting(language).tidy(tidy), language)
    return tidy if sound(tidy, question.stem.normalised.source, language) else ""


def capital(text: str, language: str) -> str:
    """`text` with a capital at its beginning."""
    first = next((place for place, letter in enumerate(text) if letter.isalnum()), None)
    if first is None or text[:first].strip(" \"'“«¿¡("):
        return text
    return text[:first] + rewriting(language).upper(text[first]) + text[first + 1 :]


def small(text: str, language: str) -> str:
    """`text` as it stands inside a sentence: without its capital, unless the word always has one ("I") or is all
    capitals."""
    word = text.split(" ", 1)[0]
    if not word or word in rewriting(language).always_capital or (len(word) > 1 and word.isupper()):
        return text
    return lower(text[0], language) + text[1:]


def sound(text: str, original: str, language: str) -> bool:
    """Whether nothing in a rewritten text shows the seam: a word twice, an article before an article, a small
    letter at the beginning."""
    plain = fold(text, language)
    words = _WORD.findall(plain)
    known = _WORD.findall(fold(original, language))
    pairs = set(pairwise(known))
    if any(one == two and (one, two) not in pairs for one, two in pairwise(words)):
        return False
    broken = rewriting(language).broken
    if broken.search(plain) and not broken.search(fold(original, language)):
        return False
    first = next((letter for letter in text if letter.isalnum()), "")
    return bool(words) and not (first.islower() and _first(original).isupper())


def _first(text: str) -> str:
    return next((letter for letter in text if letter.isalnum()), "")
