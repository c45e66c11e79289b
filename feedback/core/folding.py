"""Spellings that mean the same made equal, so that what people type can be compared and read."""

from __future__ import annotations

import unicodedata

_SAME_LETTER = str.maketrans(
    {"I": "i", "İ": "i", "ı": "i", "ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "\u200c": " ", "ß": "ss"}
)
_SILENT = dict.fromkeys(map(ord, "'’‘ʼ´`ـ"))  # apostrophes and the Arabic stretching line


def ascii_digits(text: str) -> str:
    """`text` with the decimal digits of every script (Persian, Arabic, full-width ...) as 0-9; the rest stays."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in text)


def fold(text: str) -> str:
    """Lower case without accents, vowel signs, apostrophes; one form of Turkish i, one of Persian ye.

    The same for every language, so that words of several languages can be looked up in one table. Digits stay
    as they are: see `ascii_digits`.
    """
    same = text.translate(_SILENT).translate(_SAME_LETTER).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", same) if unicodedata.category(c)[0] != "M")
    # Again, because taking a styled letter apart can bring a capital or an apostrophe to light.
    return unicodedata.normalize("NFC", bare.casefold()).translate(_SILENT).translate(_SAME_LETTER)
