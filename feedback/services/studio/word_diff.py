"""The difference between two texts, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Change = Literal["same", "removed", "added"]

_TOKEN = re.compile(r"[\w\u200c\u200d]+|\s+|.", re.DOTALL)
"""A word, with the joiners that Persian writes inside words; spaces; or one other character."""
MOST_WORDS = 2_000
"""Tokens of both texts together that are compared; the time grows with the square of their number."""


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """A run of words and what happened to it."""

    change: Change
    text: str


def word_diff(before: str, after: str) -> list[DiffPiece]:
    """The pieces in the order in which they are read, what was removed before what was added.

    Without the added pieces they are `before`, without the removed ones `after`.
    """
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    if len(old) + len(new) > MOST_WORDS:
        return list(_pieces(("removed", before), ("added", after)))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    found: list[DiffPiece] = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            found += _pieces(("same", "".join(old[i:j])))
        else:
            found += _pieces(("removed", "".join(old[i:j])), ("added", "".join(new[k:m])))
    return found


def _pieces(*pairs: tuple[Change, str]) -> Iterator[DiffPiece]:
    return (DiffPiece(change, text) for change, text in pairs if text)
