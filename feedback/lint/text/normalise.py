"""Text evened out for matching, with the way back to the characters of the source."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from feedback.core.text.folding import fold
from feedback.lint.languages.pack import pack

_HALF_SPACE = "\u200c"
_CLUSTER = re.compile(r"(?s).[\u0300-\u036f\u064b-\u065f\u0670\u06d6-\u06ed]*")
_ENDLESS = re.compile(r"\w{61,}")
"""No language has such words; left in, they would keep the patterns for suffixes busy for seconds."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """`text` is folded and in lower case; `cased` has the source's own letters, character for character.

    `offsets[i]` is the place in the source of character i, and the last entry is the source's length.
    """

    source: str
    text: str
    cased: str
    offsets: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the source that `text[start:end]` came from."""
        return self.offsets[start], self.offsets[max(start, end)]

    def quote(self, start: int, end: int) -> str:
        first, last = self.span(start, end)
        return self.source[first:last].strip()


@lru_cache(maxsize=2048)
def normalise(source: str, language: str) -> Normalised:
    """Even out letter forms, case, digits and spaces; every kept character remembers where it stood."""
    letters: list[str] = []
    cased: list[str] = []
    offsets: list[int] = []
    for match in _CLUSTER.finditer(source):
        folded = _folded(match[0], language)
        letters.append(folded)
        cased.append(match[0][0] * len(folded))
        offsets.extend([match.start()] * len(folded))
    text = _ENDLESS.sub(lambda match: "·" * len(match[0]), "".join(letters))
    text = pack(language).written(text)
    return Normalised(source, text, "".join(cased), (*offsets, len(source)))


@lru_cache(maxsize=8192)
def _folded(cluster: str, language: str) -> str:
    if cluster[0].isspace() or cluster[0] == _HALF_SPACE:
        return " "
    if unicodedata.category(cluster[0]) in ("Cc", "Cs"):
        return " "
    return fold(cluster, language)
