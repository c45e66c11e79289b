"""Replacing parts of a text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Splice(NamedTuple):
    """Replace `source[start:end]` with `text`."""

    start: int
    end: int
    text: str


def spliced(source: str, edits: Iterable[Splice]) -> str:
    """The source with every edit made; they do not overlap, and all offsets are those of `source`."""
    for edit in sorted(set(edits), reverse=True):
        source = source[: edit.start] + edit.text + source[edit.end :]
    return source
