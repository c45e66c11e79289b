"""Keys for questions, options and questionnaires, made of the words that people wrote."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

LONGEST = 48
"""Characters of a proposed key; the format allows 64, so that a number can be added."""

_LETTERS = str.maketrans({"ı": "i", "ß": "ss", "ø": "o", "Ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ł": "l"})


def slug(words: str) -> str:
    """`words` as a key: lower-case ASCII letters, digits and hyphens. Empty if no letter of it has an ASCII form."""
    ascii_words = unicodedata.normalize("NFKD", words[:200].translate(_LETTERS))
    ascii_words = ascii_words.encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9_]+", "-", ascii_words).strip("-_")[:LONGEST].rstrip("-_")
    return made if not made or made[0].isalpha() else f"q-{made}"


def unused(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, or `wanted` with the first number from 2 on that makes it different from those in `taken`."""
    number, key = 1, wanted
    while key in taken:
        number += 1
        key = f"{wanted}-{number}"
    return key
