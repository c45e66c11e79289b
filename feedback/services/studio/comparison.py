"""The difference between two texts, line by line and word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

CONTEXT = 2
"""Unchanged lines that are shown around a change."""

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")

Kind = Literal["same", "old", "new", "gap"]


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of the difference. `parts` are (words, whether they differ). A gap has none: lines are left out there."""

    kind: Kind
    parts: tuple[tuple[str, bool], ...] = ()


def compare(old: str, new: str) -> list[DiffLine]:
    """The lines that differ, each old line before its new one, with some unchanged lines around; [] if all are the
    same."""
    before, after = old.splitlines(), new.splitlines()
    groups = SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(CONTEXT)
    found: list[DiffLine] = []
    for number, group in enumerate(groups):
        if number or group[0][1]:
            found.append(DiffLine("gap"))
        for tag, start, end, begin, stop in group:
            if tag == "equal":
                found += [_whole("same", each, differs=False) for each in before[start:end]]
            else:
                found += _changed(before[start:end], after[begin:stop])
    if not found and old != new:
        found.append(DiffLine("gap"))  # only line ends differ
    return found


def _changed(old: list[str], new: list[str]) -> Iterator[DiffLine]:
    pairs = min(len(old), len(new))
    for before, after in zip(old[:pairs], new[:pairs], strict=True):
        one, other = _by_words(before, after)
        yield DiffLine("old", one)
        yield DiffLine("new", other)
    yield from (_whole("old", each, differs=True) for each in old[pairs:])
    yield from (_whole("new", each, differs=True) for each in new[pairs:])


def _whole(kind: Kind, line: str, *, differs: bool) -> DiffLine:
    return DiffLine(kind, ((line, differs),))


def _by_words(old: str, new: str) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    one: list[tuple[str, bool]] = []
    other: list[tuple[str, bool]] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, start, end, begin, stop in matcher.get_opcodes():
        one.append(("".join(before[start:end]), tag != "equal"))
        other.append(("".join(after[begin:stop]), tag != "equal"))
    return tuple(filter(_has_text, one)), tuple(filter(_has_text, other))


def _has_text(part: tuple[str, bool]) -> bool:
    return bool(part[0])
