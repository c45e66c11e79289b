"""Reads a CSV file as rows of text, and detects its encoding and delimiter."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from feedback.errors import ImportRefused

DELIMITERS = (",", ";", "\t", "|")
LARGEST_CELL = 100_000
_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class TableLine:
    """A row, with the line of the file where it begins; `fault` says why it cannot be read."""

    number: int
    cells: list[str]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """The format of a file. `guessed` is True if its encoding could not be detected and the fallback is used."""

    encoding: str
    delimiter: str
    lines: int
    guessed: bool = False


def examine(path: Path, fallback: str, encoding: str | None = None, delimiter: str | None = None) -> Shape:
    """Read the whole file once to detect its encoding before anything is stored.

    `fallback` is the encoding for a file that has no byte order mark and is not UTF-8. Raises ImportRefused.
    """
    csv.field_size_limit(LARGEST_CELL)
    if encoding is not None:
        lines = _lines(path, encoding)
        if lines is None:
            raise ImportRefused(
                f"Correct `encoding` in the mapping: {path.name} is not encoded in {encoding}."
            )
        return Shape(encoding, delimiter or _delimiter(path, encoding), lines)
    for candidate in _candidates(path, fallback):
        if (lines := _lines(path, candidate)) is not None:
            guessed = candidate in (fallback, "latin-1")
            return Shape(candidate, delimiter or _delimiter(path, candidate), lines, guessed)
    raise ImportRefused(f"Save {path.name} as CSV (UTF-8): it is not a text file.")


@contextmanager
def opened(path: Path, shape: Shape) -> Iterator[Iterator[TableLine]]:
    """The rows of the file, the header first, blank lines left out."""
    with path.open(encoding=shape.encoding, newline="") as file:
        yield _rows(file, shape.delimiter)


def _rows(file: TextIO, delimiter: str) -> Iterator[TableLine]:
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield TableLine(number, [], f"Check the quotation marks: this cannot be read as CSV ({error}).")
            continue
        if any(cell.strip() for cell in cells) and not _is_excels_hint(number, cells):
            yield TableLine(number, [cell.strip() for cell in cells])


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


def _delimiter(path: Path, encoding: str) -> str:
    """The delimiter that occurs most often in the header, outside quotation marks; or the one in a `sep=;` line."""
    with path.open(encoding=encoding, newline="") as file:
        start = file.read(LARGEST_CELL).lstrip("\r\n")
    first = start.splitlines()[0] if start else ""
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4]
    header = "".join(first.split('"')[::2])
    return max(DELIMITERS, key=header.count)


def _is_excels_hint(number: int, cells: list[str]) -> bool:
    return number == 1 and len(cells) <= 2 and cells[0].lower().startswith("sep=")
