"""The words of text replies, per language, and the normalisation that makes spellings comparable.

The words are in data files, one per language in `data/replies`. Everything in a `ReplyLexicon` is folded; fold what
you look up in it with `words_in` or `phrase`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from feedback.core.text.folding import ascii_digits, fold_any

LANGUAGES = ("en", "tr", "fa", "de", "es", "fr", "ar")


@dataclass(frozen=True)
class ReplyLexicon:
    """One language's words and phrases; phrases have single spaces. The data files explain each list."""

    stop: frozenset[str] = frozenset()
    stop_phrases: frozenset[str] = frozenset()
    stop_alone: frozenset[str] = frozenset()
    refusals: frozenset[str] = frozenset()
    stop_objects: frozenset[str] = frozenset()
    harmless: frozenset[str] = frozenset()
    start: frozenset[str] = frozenset()
    help: frozenset[str] = frozenset()
    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    dont_know: frozenset[str] = frozenset()
    not_applicable: frozenset[str] = frozenset()
    prefer_not_to_say: frozenset[str] = frozenset()
    filler: frozenset[str] = frozenset()
    out_of: frozenset[str] = frozenset()
    out_of_reversed: frozenset[str] = frozenset()
    out_of_loose: frozenset[str] = frozenset()
    scale_of: frozenset[str] = frozenset()
    connectives: frozenset[str] = frozenset()
    corrections: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    stars: frozenset[str] = frozenset()
    negations: frozenset[str] = frozenset()
    negations_after: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    only_alone: frozenset[str] = frozenset()
    endings: frozenset[str] = frozenset()
    reactions: frozenset[str] = frozenset()
    reactions_alone: frozenset[str] = frozenset()
    automatic: frozenset[str] = frozenset()
    automatic_maybe: frozenset[str] = frozenset()
    articles: frozenset[str] = frozenset()
    bounds: frozenset[str] = frozenset()
    bounds_after: frozenset[str] = frozenset()
    counted_one: frozenset[str] = frozenset()
    counted_many: frozenset[str] = frozenset()
    modifiers: frozenset[str] = frozenset()
    stop_tails: frozenset[str] = frozenset()
    stop_actions: frozenset[str] = frozenset()
    numbers: Mapping[str, int] = field(default_factory=dict)
    numbers_in_fractions: Mapping[str, int] = field(default_factory=dict)


@cache
def lexicon_of(language: str) -> ReplyLexicon:
    """The words of one of `LANGUAGES`, read from the package."""
    data = files("feedback.core") / "data" / "replies" / f"{language}.toml"
    raw: dict[str, Any] = tomllib.loads(data.read_text("utf-8"))
    return ReplyLexicon(**{key: _folded(value) for key, value in raw.items()})


def _folded(words: list[str] | dict[str, int]) -> Any:
    if isinstance(words, dict):
        return {phrase(word): value for word, value in words.items()}
    return frozenset(map(phrase, words))


def lexicon_for(language: str) -> ReplyLexicon:
    """The words for a language tag such as "en-GB"; empty where the language is not one of `LANGUAGES`."""
    code = language.lower().replace("_", "-").partition("-")[0]
    return lexicon_of(code) if code in LANGUAGES else ReplyLexicon()


@cache
def all_languages() -> ReplyLexicon:
    """The words that are recognised in every language of the invitation."""
    shared = (
        *("stop", "stop_phrases", "stop_alone", "refusals", "stop_objects", "start", "help", "filler"),
        *("out_of", "out_of_reversed", "out_of_loose", "scale_of"),
        *(
            "endings",
            "reactions",
            "reactions_alone",
            "automatic",
            "automatic_maybe",
            "stop_tails",
            "stop_actions",
        ),
    )
    union: dict[str, Any] = {
        key: frozenset().union(*(getattr(lexicon_of(one), key) for one in LANGUAGES)) for key in shared
    }
    return ReplyLexicon(**union)


_WORD = re.compile(r"\w+|👍|👎")


def words_in(text: str) -> list[str]:
    """The folded words of `text`, and its thumb emoji."""
    return _WORD.findall(fold_any(text))


def phrase(text: str) -> str:
    """`text` in the folded form of a `ReplyLexicon`."""
    return " ".join(words_in(plain_digits(text)))


def plain_digits(text: str) -> str:
    """`text` with all kinds of digits as 0-9 (Persian, full-width, keycaps, circled); ½ becomes ".5"."""
    return "".join(map(_plain_digit, ascii_digits(text.replace("🔟", " 10 ")))).strip()


def _plain_digit(character: str) -> str:
    category = unicodedata.category(character)
    if category == "No":
        value = unicodedata.numeric(character)
        return f" {int(value)} " if value.is_integer() else ".5"
    if character in "\ufe0f\u20e3" or (category == "Cf" and character not in "\u200c\u200d"):
        return ""  # keycap frames and direction marks
    return character
