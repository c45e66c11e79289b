"""Text as it is compared: letter forms, case, digits, marks and spacing that mean nothing are evened out."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_INVISIBLE = re.compile("[\u00ad\u061c\u200b\u200d-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_ARABIC_SCRIPT = frozenset({"ar", "fa", "ur"})
_LETTERS = str.maketrans(
    {
        "\u064a": "\u06cc",  # Arabic yeh, as Persian writes it
        "\u0649": "\u06cc",
        "\u0643": "\u06a9",  # kaf
        "\u0629": "\u0647",  # teh marbuta
        "\u06c0": "\u0647",
        "\u06d5": "\u0647",
        "\u0623": "\u0627",  # alef with hamza
        "\u0625": "\u0627",
        "\u0671": "\u0627",
    }
)
_QUOTES = str.maketrans("’‘ʼ`´“”„«»", "'''''\"\"\"\"\"")


@lru_cache(maxsize=4096)
def fold(text: str, language: str) -> str:
    """`text` in the one form in which labels and stems are compared; it does not keep offsets.

    Persian and Arabic letters share one form, vowel marks and tatweel go, a zero-width non-joiner is a space,
    digits of every script are 0-9, Turkish capitals lower as Turkish does.
    """
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    text = _INVISIBLE.sub("", text).replace("\u200c", " ").replace("\u0640", "")
    if language in _ARABIC_SCRIPT:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
        text = unicodedata.normalize("NFC", text).translate(_LETTERS)
    text = ascii_digits(lower(text, language))
    return " ".join(text.split())


def lower(text: str, language: str) -> str:
    """Lower case as the language has it: Turkish I is ı and İ is i."""
    if language in ("tr", "az"):
        text = text.replace("İ", "i").replace("I", "ı")
    return text.lower().replace("i\u0307", "i")


def ascii_digits(text: str) -> str:
    """Decimal digits of every script as 0-9; every other character stays as it is, and so does the length."""
    return "".join(str(unicodedata.digit(c, 0)) if c.isdecimal() and not c.isascii() else c for c in text)


_EDGES = " \t.,;:!?؟،؛…-–—'\"()[]*"


def bare(text: str, language: str) -> str:
    """`fold` without punctuation at the ends: how two labels are compared."""
    return fold(text, language).strip(_EDGES)
