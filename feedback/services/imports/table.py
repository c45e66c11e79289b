"""Reads a CSV file as rows of text, and detects its encoding and delimiter."""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from feedback.core.text import spreadsheet
from feedback.errors import ImportRefused

DELIMITERS = (",", ";", "\t", "|")
LARGEST_CELL = 100_000
_CHUNK = 1 << 20
_HIGHEST_HEADER = 20
"""The header is looked for in so many lines."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class TableLine:
    """A row, with the line of the file where it begins; `fault` says why it cannot be read. `last` is the line where it
    ends if it has more than one. `is_footer`: it stands below the table."""

    number: int
    cells: list[str]
    fault: str | None = None
    last: int | None = None
    is_footer: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """The format of a file. `guessed` is True if its encoding could not be detected and the fallback is used. `above`
    is the number of lines above the header, such as a title."""

    encoding: str
    delimiter: str
    lines: int
    guessed: bool = False
    above: int = 0


def examine(
    path: Path,
    fallback: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    is_column: Callable[[str], bool] = lambda _: False,
) -> Shape:
    """Read the whole file once to detect its encoding before anything is stored.

    `fallback` is the encoding for a file that has no byte order mark and is not UTF-8. The header is the first line, or
    the first one with two names for which `is_column` is true. Raises ImportRefused.
    """
    csv.field_size_limit(LARGEST_CELL)
    if encoding is not None:
        lines = _lines(path, encoding)
        if lines is None:
            raise ImportRefused(
                f"Correct `encoding` in the mapping: {path.name} is not encoded in {encoding}."
            )
        return _with_header(path, Shape(encoding, delimiter or "", lines), is_column)
    for candidate in _candidates(path, fallback):
        if (lines := _lines(path, candidate)) is not None:
            guessed = candidate in (fallback, "latin-1")
            return _with_header(path, Shape(candidate, delimiter or "", lines, guessed), is_column)
    raise ImportRefused(f"Save {path.name} as CSV (UTF-8): it is not a text file.")


@contextmanager
def opened(path: Path, shape: Shape) -> Iterator[Iterator[TableLine]]:
    """The rows of the file, the header first, blank lines left out."""
    with path.open(encoding=shape.encoding, newline="") as file:
        yield _footer_marked(_rows(file, shape.delimiter, shape.above))


def _footer_marked(rows: Iterable[TableLine]) -> Iterator[TableLine]:
    """Without blank lines, and with the footer marked that reports have below the table: after a blank line, and up to
    the end of the file, rows of nothing but a first cell."""
    width = 0
    below: list[TableLine] = []  # would be the footer, if nothing but such rows follows
    after_blank = False
    for row in rows:
        filled = sum(map(bool, row.cells))
        if row.fault is None and not filled:
            after_blank = True
        elif after_blank and width >= 3 and filled == 1 and row.cells[0]:
            below.append(row)
        else:
            yield from below
            below.clear()
            after_blank, width = False, width or len(row.cells)
            yield row
    yield from (replace(row, is_footer=True) for row in below)


def _rows(file: TextIO, delimiter: str, above: int) -> Iterator[TableLine]:
    """The rows of a file, also the blank ones. A row that cannot be read is one line, so that an unclosed quotation
    mark takes no others."""
    source = _Lines(file)
    for _ in range(above):
        next(source)
    width = 0
    while (number := source.number + 1) and (found := _next_row(source, delimiter)) is not None:
        if found.fault is not None:
            source.go_back_to(number + 1)
            yield found
            continue
        cells = [spreadsheet.original(cell.strip()) for cell in found.cells]
        if swallowed := _swallowed(source.last_row(), delimiter, width):
            source.go_back_to(number + 1)
            yield TableLine(
                number, [], f"Check the quotation marks: line {number + swallowed} is inside this row."
            )
        elif not any(cells):
            yield TableLine(number, [])
        elif not _is_excels_hint(number, cells):
            width = width or len(cells)
            yield TableLine(number, cells, last=source.number if source.number > number else None)


class _Lines:
    """The lines of a file, which can be read again from any line of the row that was read last."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._row: deque[str] = deque()
        self._again: deque[str] = deque()
        self.number = 0

    def begin_row(self) -> None:
        self._row.clear()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._file)
        self._row.append(line)
        self.number += 1
        return line

    def last_row(self) -> list[str]:
        """The lines of the row that was read last."""
        return list(self._row)

    def go_back_to(self, number: int) -> None:
        """Read line `number`, which belongs to the last row, again next."""
        while self.number >= number:
            self._again.appendleft(self._row.pop())
            self.number -= 1


def _next_row(source: _Lines, delimiter: str) -> TableLine | None:
    """The next row, or None at the end of the file."""
    source.begin_row()
    number = source.number + 1
    try:
        return TableLine(number, next(csv.reader(source, delimiter=delimiter, strict=True)))
    except StopIteration:
        return None
    except csv.Error as error:
        return TableLine(number, [], f"Check the quotation marks: this cannot be read as CSV ({error}).")


def _swallowed(lines: Sequence[str], delimiter: str, width: int) -> int:
    """Which of the lines of one row looks like a row of its own, of `width` cells; 0 if none does.

    Such a row lies between two quotation marks that were never closed. Lines of less than three cells are not judged,
    because a sentence in a cell easily looks like them.
    """
    if width < 3:
        return 0
    for index, line in enumerate(lines[1:], 1):
        try:
            cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        if len(cells) == width and line.count('"') % 2 == 0:
            return index
    return 0


def _candidates(path: Path, fallback: str) -> list[str]:
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}.") from None
    if not start.strip():
        raise ImportRefused(f"{path.name} is empty.")
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ImportRefused(f"Save {path.name} as CSV (UTF-8) and import that: it is a spreadsheet.")
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return [encoding]
    if start[1::2].count(0) > len(start) // 4:
        return ["utf-16-le"]
    if start[0::2].count(0) > len(start) // 4:
        return ["utf-16-be"]
    return ["utf-8", fallback, "latin-1"]


def _lines(path: Path, encoding: str) -> int | None:
    """The number of lines, or None if the file cannot be decoded with this encoding."""
    lines = 1
    try:
        with path.open(encoding=encoding, newline="") as file:
            while chunk := file.read(_CHUNK):
                lines += chunk.count("\n")
    except (UnicodeError, LookupError):
        return None
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}.") from None
    return lines


def _with_header(path: Path, shape: Shape, is_column: Callable[[str], bool]) -> Shape:
    """The shape with its delimiter and the place of its header."""
    with path.open(encoding=shape.encoding, newline="") as file:
        start = re.split(r"\r\n|\r|\n", file.read(LARGEST_CELL))[:_HIGHEST_HEADER]
    written = [(number, line) for number, line in enumerate(start) if line.strip()]
    if not written or written[0][1].lower().startswith("sep="):
        return replace(shape, delimiter=shape.delimiter or _delimiter(written[0][1] if written else ""))
    for number, line in written:
        delimiter = shape.delimiter or _delimiter(line)
        known = sum(is_column(cell) for cell in _cells(line, delimiter))
        if known >= 2 or (known and number == written[0][0]):
            return replace(shape, delimiter=delimiter, above=number if number > written[0][0] else 0)
    return replace(shape, delimiter=shape.delimiter or _delimiter(written[0][1]))


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _delimiter(line: str) -> str:
    """The delimiter that occurs most often in the header, outside quotation marks; or the one in a `sep=;` line."""
    if line.lower().startswith("sep=") and len(line) == 5:
        return line[4]
    header = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=header.count)


def _is_excels_hint(number: int, cells: list[str]) -> bool:
    return number == 1 and len(cells) <= 2 and cells[0].lower().startswith("sep=")
