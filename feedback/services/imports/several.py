"""Cells with several values, as CRMs and spreadsheets write them: "a@x.com; b@x.com", "101;102", two phone numbers.

Nobody but the source knows which of them is meant, so one is taken only if the cell marks it as the primary one, or if
the mapping says that the first one is. Otherwise the cell is refused: a value made of two belongs to nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

Several = Literal["refuse", "first"]
"""What a mapping says of cells with several values."""

_ENTITY = re.compile(r"&#?\w+;")
"""A character in HTML, whose semicolon separates nothing: R&amp;D."""
_BETWEEN_ADDRESSES = re.compile(r"[\s;,|/<>]+|:::")
_BETWEEN_NUMBERS = re.compile(r"\s*(?:;|\||:::|,|/|[\r\n]+|\s-\s|\s(?:or|and|veya|ve|oder|und|یا|و)\s)\s*")
_PRIMARY = re.compile(r"[(\[]\s*primary\s*[)\]]|\bprimary\s*:|^\*\s*", re.IGNORECASE)
_SHORTEST_NUMBER = 7
"""Digits of what can be a phone number by itself: in 0171/1234567 the slash only ends the area code."""

REFUSED = {
    "email": "Leave one e-mail address in this cell: it has several.",
    "phone": "Leave one phone number in this cell: it has several.",
    "id": "Leave one id in this cell, or write a row for each: it has several.",
}
FIRST = "This cell has several values: the first valid one is stored."
PRIMARY = "This cell has several values: the one marked as primary is stored."


def kind_of(section: str, name: str) -> str | None:
    """`email`, `phone` or `id`; None for fields whose cells are not looked at, such as names."""
    if name in ("email", "phone") and section == "contact":
        return name
    return "id" if name == "external_id" or (section, name) == ("event", "contact") else None


def parts(kind: str, cell: str) -> list[str]:
    """The values in a cell; those marked as primary still have their mark."""
    if kind == "phone":
        return [each for each in _BETWEEN_NUMBERS.split(cell) if _digits(each) >= _SHORTEST_NUMBER]
    if kind == "email" or cell.count("@") > 1:
        return _addresses(cell)
    return [each.strip() for each in _ENTITY.sub("", cell).split(";") if each.strip()]


def chosen(
    kind: str, found: Sequence[str], several: Several, parse: Callable[[str], Any]
) -> tuple[Any, str | None]:
    """The parsed value that is meant, and what to say about the choice; nothing if all of them are the same.

    Raises ValueError if that is not known, or if no value can be read.
    """
    marked = [each for each in found if _PRIMARY.search(each)]
    if len(marked) == 1:
        return parse(_unmarked(marked[0])), PRIMARY
    valid, mistake = [], None
    for each in found:
        try:
            valid.append(parse(_unmarked(each)))
        except ValueError as error:
            mistake = mistake or error
    if not valid and mistake is not None:
        raise mistake
    if mistake is None and len(set(valid)) == 1:
        return valid[0], None
    if several == "first":
        return valid[0], FIRST
    raise ValueError(REFUSED[kind])


def _addresses(cell: str) -> list[str]:
    """Each address, with the mark next to it."""
    found: list[str] = []
    for word in _BETWEEN_ADDRESSES.split(_PRIMARY.sub(lambda mark: f" {_mark(mark)} ", cell)):
        if "@" in word:
            before = found.pop() if found and found[-1] == "primary:" else ""
            found.append(f"{before}{word}")
        elif word == "primary:":
            found.append(word)
        elif word == "(primary)" and found:
            found[-1] += word
    return [each for each in found if "@" in each]


def _mark(mark: re.Match[str]) -> str:
    """The mark as one word: those with brackets belong to the address before them, the others to the next one."""
    return "(primary)" if mark[0].startswith(("(", "[")) else "primary:"


def _unmarked(value: str) -> str:
    return _PRIMARY.sub("", value).strip()


def _digits(text: str) -> int:
    return sum(char.isdecimal() for char in text)
