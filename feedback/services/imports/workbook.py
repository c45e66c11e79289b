"""Reads an XLSX workbook as a CSV file, which everything else reads. Limits hold before anything parses it.

A workbook is a ZIP file of XML, so a small one can unpack to gigabytes. Its entries are therefore unpacked and counted
first, without keeping them, and one that is too large is refused. What the directory of the ZIP file claims is not
believed.
"""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from feedback.errors import ImportRefused

LARGEST_UNPACKED = 300 * 1024 * 1024
"""Bytes of all entries together: a sheet of 100,000 rows with 20 columns has some 80 MB of XML."""
MOST_ENTRIES = 2_000
MOST_CELLS = 5_000_000
_CHUNK = 1 << 16
_HEAD = 30
"""Bytes of a local header before its name (APPNOTE of the ZIP format, 4.3.7)."""


def is_workbook(path: Path) -> bool:
    """Whether the file begins as an XLSX file does."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


@contextmanager
def readable(path: Path) -> Iterator[Path]:
    """The file itself, or for a workbook a CSV file (UTF-8) of its first sheet while the context lasts.

    Line numbers are the rows of the sheet. Raises ImportRefused for a workbook that cannot be read or is too large.
    """
    if not is_workbook(path):
        yield path
        return
    with TemporaryDirectory(prefix="feedback-import-") as directory:
        made = Path(directory) / path.name
        as_csv(path, made)
        yield made


def as_csv(path: Path, made: Path) -> None:
    """Write the first visible sheet with cells as CSV."""
    check(path)
    rows = _rows(path)
    with made.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        cells = 0
        for row in rows:
            cells += len(row)
            if cells > MOST_CELLS:
                raise ImportRefused(
                    f"Split {path.name} into several files: it has more than 5 million cells."
                )
            writer.writerow([_text(cell) for cell in row])


def check(path: Path) -> None:
    """Raise ImportRefused for a file that is no workbook, or unpacks to more than can be read."""
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            entries = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise ImportRefused(f"Save {path.name} as XLSX or CSV (UTF-8): it is another kind of file.")
            if len(entries) > MOST_ENTRIES:
                raise ImportRefused(_too_large(path))
            left = LARGEST_UNPACKED
            for entry in entries:
                left -= _unpacked(file, entry, left)
                if left < 0:
                    raise ImportRefused(_too_large(path))
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError):
        raise ImportRefused(f"Save {path.name} again: this workbook is damaged.") from None


def _too_large(path: Path) -> str:
    return f"Split {path.name} into several files: unpacked, it is larger than 300 MB."


def _unpacked(file: Any, entry: zipfile.ZipInfo, most: int) -> int:
    """The real size of an entry, counted up to a little more than `most`."""
    file.seek(entry.header_offset)
    head = file.read(_HEAD)
    if len(head) < _HEAD or head[:4] != b"PK\x03\x04":
        raise ValueError("no local header")
    file.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), 1)
    if entry.compress_type == zipfile.ZIP_STORED:
        return entry.compress_size
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise ValueError("another compression")
    inflate, size, rest = zlib.decompressobj(-zlib.MAX_WBITS), 0, entry.compress_size
    pending = b""
    while size <= most and not inflate.eof:
        if not pending:
            pending = file.read(min(_CHUNK, rest))
            rest -= len(pending)
            if not pending:
                break
        size += len(inflate.decompress(pending, _CHUNK))
        pending = inflate.unconsumed_tail
    return size


def _rows(path: Path) -> Iterator[list[Any]]:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415  (only workbooks need it)

    try:
        book = CalamineWorkbook.from_path(str(path))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=False)
            if any(cell not in ("", None) for row in rows[:50] for cell in row):
                yield from rows
                return
    except ImportRefused:
        raise
    except Exception as error:  # the library has errors of its own for each kind of damage
        raise ImportRefused(f"Save {path.name} again: this workbook cannot be read.") from error
    raise ImportRefused(f"{path.name} is empty.")


def _text(cell: Any) -> str:
    """A cell as an import reads it: days in ISO 8601, whole numbers without `.0`, one line."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return " ".join(str(cell if cell is not None else "").split("\n")).replace("\r", "")
