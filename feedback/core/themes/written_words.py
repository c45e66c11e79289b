"""The words of a comment as they are compared: one spelling for what people type in many ways.

The lists of each language (words that carry no meaning, denials, words that begin a new thought) are in
`core/data/themes`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from feedback.core.text.folding import ascii_digits, fold_any

LANGUAGES = ("en", "tr", "fa")
"""The languages whose comments are read."""

Parts = list[list[str]]
"""The words of each part of a sentence, in their order."""

_TOKEN = re.compile(r"[^\W_]+|[\U0001F300-\U0001FAFF\u2600-\u27BF\u2B50]|[.,!?;:()؟،؛\n\r]")
_MARK = re.compile(r"[.,!?;:()؟،؛\n\r]")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_TURKISH = re.compile(r"[ışğİŞĞ]")
_BEFORE = frozenset({"می", "نمی"})
"""Written apart or together with the verb that follows."""
_AFTER = frozenset(
    {
        "ها",
        "های",
        "هایی",
        "هایم",
        "هایش",
        "هامون",
        "هاتون",
        "هاشون",
        "تر",
        "ترین",
        "ام",
        "ای",
        "اند",
        "ایم",
        "اید",
    }
    | {"اش", "مون", "تون", "شون", "مان", "تان", "شان"}
)
"""Written apart or together with the word before."""


@dataclass(frozen=True, slots=True)
class WordLists:
    """One language's lists, folded. `denials_before` stand before what they deny, `denials_after` behind it; a star
    stands for any letters. `turns` begin a new thought (but, although). `real` are words that are no misspelling of
    a word of a frame."""

    stop: frozenset[str]
    denials_before: frozenset[str]
    denials_after: tuple[re.Pattern[str], ...]
    turns: frozenset[str]
    real: frozenset[str]


@cache
def lists_of(language: str) -> WordLists:
    """The lists of one of LANGUAGES, read from the package."""
    data = files("feedback.core") / "data" / "themes" / f"{language}.toml"
    raw = tomllib.loads(data.read_text("utf-8"))
    found = {name: tuple(_folded(words)) for name, words in raw.items()}
    return WordLists(
        frozenset(found["stop"]),
        frozenset(found["denials_before"]),
        tuple(_pattern(each) for each in raw["denials_after"]),
        frozenset(found["turns"]),
        frozenset(found["real"]),
    )


def _folded(words: Sequence[str]) -> Iterator[str]:
    for each in words:
        yield from words_in(each.replace("*", ""))


def _pattern(word: str) -> re.Pattern[str]:
    """A word in which a star stands for any letters."""
    return re.compile(".*".join(re.escape("".join(words_in(each))) for each in word.split("*")))


def words_in(text: str) -> list[str]:
    """The folded words, without marks: `Müşteri hizmetleri!` is musteri, hizmetleri."""
    return [word for part in parts_of(text, frozenset()) for word in part]


def parts_of(text: str, turns: frozenset[str]) -> Parts:
    """The words between two marks, or up to a word that begins a new thought.

    Case, accents and letter forms are folded, stretched letters are shortened (`slowww`), and what Persian writes apart
    or together (`می شود`) is together.
    """
    folded = ascii_digits(fold_any(text))
    parts: Parts = [[]]
    for token in _TOKEN.findall(folded):
        if _MARK.match(token) or token in turns:
            parts.append([])
        else:
            parts[-1].append(_STRETCHED.sub(r"\1", token))
    return [joined for part in parts if (joined := _together(part))]


def _together(words: Sequence[str]) -> list[str]:
    found: list[str] = []
    for word in words:
        if found and (found[-1] in _BEFORE or (word in _AFTER and _ARABIC.match(found[-1]))):
            found[-1] += word
        else:
            found.append(word)
    return found


def languages_in(text: str, language: str) -> list[str]:
    """The languages in which a comment may be written, the likeliest first: that of the response, those whose letters
    it has, and English, which people write everywhere. Empty for a language that is not read."""
    base = language.partition("-")[0]
    found = [base] if base in LANGUAGES else []
    if _ARABIC.search(text):
        found.append("fa")
    if _TURKISH.search(text):
        found.append("tr")
    return list(dict.fromkeys([*found, "en"]))
