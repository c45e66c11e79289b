"""Turkish endings: they take their vowels from the word before them."""

from __future__ import annotations

import re

from feedback.core.text.folding import lower

_VOWELS = "aeıioöuüâîû"
_NARROW = {
    "a": "ı",
    "ı": "ı",
    "â": "ı",
    "e": "i",
    "i": "i",
    "î": "i",
    "o": "u",
    "u": "u",
    "û": "u",
    "ö": "ü",
    "ü": "ü",
}
_VOICELESS = "çfhkpsşt"


def narrow(word: str) -> str:
    """The vowel of a narrow ending (-ı, -i, -u, -ü) after `word`."""
    return next((_NARROW[letter] for letter in reversed(lower(word, "tr")) if letter in _NARROW), "i")


def wide(word: str) -> str:
    """The vowel of a wide ending (-a, -e) after `word`."""
    return "a" if narrow(word) in "ıu" else "e"


def ends_in_vowel(word: str) -> bool:
    return lower(word[-1:], "tr") in _VOWELS


def _d(word: str) -> str:
    return "t" if lower(word[-1:], "tr") in _VOICELESS else "d"


def past(word: str) -> str:
    """`word` with "was": hızlı -> hızlıydı, kibar -> kibardı, sert -> sertti."""
    vowel = narrow(word)
    return f"{word}yd{vowel}" if ends_in_vowel(word) else f"{word}{_d(word)}{vowel}"


def ablative(word: str, owned: bool) -> str:
    """`word` with "from": fiyat -> fiyattan; `owned` for what belongs to something: hızı -> hızından."""
    vowel = wide(word)
    return f"{word}nd{vowel}n" if owned else f"{word}{_d(word)}{vowel}n"


def asking(word: str, ending: str = "") -> str:
    """The particle that asks about `word`: hızlı -> mı; with `ending` such as "ydı" or "sınız" its vowels fit."""
    vowel = narrow(word)
    return f"m{vowel}" + re.sub("[ıiuü]", vowel, ending)
