"""Spellings that mean the same, made equal, so that texts can be compared: letter forms, case, digits, marks, spacing.

`fold` knows the language of a text. `fold_any` is for text whose language nobody knows, such as an SMS reply.
"""

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
_EDGES = " \t.,;:!?؟،؛…-–—'\"()[]*"
_ANY_LETTERS = _LETTERS | str.maketrans({"I": "i", "İ": "i", "ı": "i", "\u200c": " ", "ß": "ss"})
_MOST_MARKS = 30
_SILENT = dict.fromkeys(map(ord, "'’‘ʼ´`\u0640"))  # apostrophes and the Arabic stretching line


@lru_cache(maxsize=4096)
def fold(text: str, language: str) -> str:
    """`text` in the one form in which labels and stems are compared; it does not keep offsets.

    Persian and Arabic letters share one form, vowel marks and tatweel are removed, a zero-width non-joiner becomes a
    space, digits of every script become 0-9, and Turkish capitals are lowered as Turkish does.
    """
    text = unicodedata.normalize("NFKC", stream_safe(text)).translate(_QUOTES)
    text = _INVISIBLE.sub("", text).replace("\u200c", " ").replace("\u0640", "")
    if language in _ARABIC_SCRIPT:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
        text = unicodedata.normalize("NFC", text).translate(_LETTERS)
    text = ascii_digits(lower(text, language))
    return " ".join(text.split())


def fold_any(text: str) -> str:
    """Lower case without accents, vowel marks and apostrophes; one form of Turkish i, one of Persian ye.

    The same for every language, so that words of several languages can be looked up in one table. Digits stay as they
    are: see `ascii_digits`.
    """
    same = stream_safe(text).translate(_SILENT).translate(_ANY_LETTERS).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", same) if unicodedata.category(c)[0] != "M")
    # Again, because decomposing a styled letter can produce a capital or an apostrophe.
    return unicodedata.normalize("NFC", bare.casefold()).translate(_SILENT).translate(_ANY_LETTERS)


def stream_safe(text: str) -> str:
    """`text` with at most 30 marks on each letter, so that normalising it takes time in proportion to its length.

    Unicode normalisation sorts the marks of a letter, and takes the square of their number for it. No language has
    more than a few. Source: Unicode Standard Annex 15, "Stream-Safe Text Format", which says 30.
    """
    if len(text) <= _MOST_MARKS or text.isascii():
        return text
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def lower(text: str, language: str) -> str:
    """Lower case in the language: Turkish I becomes ı, and İ becomes i."""
    if language in ("tr", "az"):
        text = text.replace("İ", "i").replace("I", "ı")
    return text.lower().replace("i\u0307", "i")


def ascii_digits(text: str) -> str:
    """Decimal digits of every script as 0-9. Every other character stays, and so does the length."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in text)


def bare(text: str, language: str) -> str:
    """`fold` without punctuation at the ends: how two labels are compared."""
    return fold(text, language).strip(_EDGES)
