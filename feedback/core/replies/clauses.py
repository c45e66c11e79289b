"""Clauses, phrases and words of a reply."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from feedback.core.replies.words import words_in


def without(words: Iterable[str], *lists: Iterable[str]) -> list[str]:
    """The words that are in none of the lists."""
    dropped = frozenset[str]().union(*lists)
    return [word for word in words if word not in dropped]


def begins_with(clause: str, phrases: frozenset[str]) -> bool:
    """Whether a folded clause begins with one of these phrases."""
    return f"{clause} ".startswith(_openings(phrases))


@cache
def _openings(phrases: frozenset[str]) -> tuple[str, ...]:
    return tuple(f"{each} " for each in phrases)


LONGEST_PHRASE = 4  # words in the longest phrase of a lexicon


def has_phrase(message: str, phrases: Iterable[str]) -> bool:
    """Whether one of these phrases is in a folded message, as whole words."""
    return any(f" {each} " in f" {message} " for each in phrases)


def cut_out(message: str, phrases: Iterable[str]) -> str:
    """A folded message without these phrases."""
    padded = f" {message} "
    for each in sorted(phrases, key=len, reverse=True):
        # The dot keeps the words around the phrase from becoming neighbours.
        padded = padded.replace(f" {each} ", " · ")
    return padded.strip()


def taken_out(message: str, phrases: frozenset[str]) -> tuple[list[str], list[str]]:
    """The phrases found in a folded message (longest first at each place), and the remaining words."""
    words = re.findall(r"\d+|[^\W\d]+|[👍👎·]", message)  # also "STOP2"
    found, rest, at = [], [], 0
    while at < len(words):
        candidates = (" ".join(words[at : at + size]) for size in range(LONGEST_PHRASE, 0, -1))
        if known := next((each for each in candidates if each in phrases), None):
            found.append(known)
            at += len(known.split())
        else:
            rest.append(words[at])
            at += 1
    return found, rest


CLAUSE_END = re.compile(r"[\n.!?;,:()…،؛؟]|\s[-–—]\s")


def follows(rest: str, phrases: frozenset[str]) -> bool:
    """Whether `rest` begins with one of these phrases, after optional spaces."""
    if not rest.lstrip()[:1].isalpha():
        return False
    words = words_in(rest[:40])
    return any(" ".join(words[:length]) in phrases for length in (1, 2, 3))


def clauses_of(text: str) -> list[str]:
    """The text, cut at punctuation."""
    return CLAUSE_END.split(text)


def clause_around(text: str, start: int, end: int) -> tuple[str, str]:
    """The text before and after a position, within its clause."""
    return clauses_of(text[:start])[-1], clauses_of(text[end:])[0]
