"""The cells of an .xlsx file as text; nothing else of a workbook is needed here.

A workbook is a ZIP archive of XML files (ECMA-376, part 1). Sizes are checked before anything is unpacked, and
`zipfile` never unpacks more than the archive declares.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from feedback.services.studio.importing import notes
from feedback.services.studio.importing.guarding import ImportRefusal, xml_of

MOST_ENTRIES = 500
LARGEST_PART = 4_000_000
"""Bytes of one unpacked part."""
LARGEST_WHOLE = 8_000_000
"""Bytes of all parts that are unpacked."""
WIDEST = 200
"""Columns that are read."""

Rows = list[list[str]]


def is_workbook(data: bytes) -> bool:
    """Whether a file is a ZIP archive, as .xlsx files are."""
    return data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06")


def sheets_of(data: bytes) -> dict[str, Rows]:
    """Name of the sheet in lower case -> its rows. Raises ImportRefused."""
    if data.count(b"PK\x01\x02") > MOST_ENTRIES:
        raise ImportRefusal(notes.TOO_MANY_PARTS)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _Workbook(archive).sheets()
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise ImportRefusal(notes.BROKEN_ZIP) from error


class _Workbook:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.sizes = {each.filename: each.file_size for each in archive.infolist()}
        self.unpacked = 0

    def sheets(self) -> dict[str, Rows]:
        if "xl/workbook.xml" not in self.sizes:
            raise ImportRefusal(
                notes.WORD if "word/document.xml" in self.sizes else notes.WRONG_KIND, kind=notes.ARCHIVE
            )
        targets = {
            each.get("Id", ""): each.get("Target", "").lstrip("/").removeprefix("xl/")
            for each in self._part("xl/_rels/workbook.xml.rels")
        }
        shared = [_string(each) for each in self._part("xl/sharedStrings.xml")]
        found: dict[str, Rows] = {}
        for sheet in self._part("xl/workbook.xml").iter():
            if _local(sheet) == "sheet":
                target = next((targets.get(v, "") for k, v in sheet.attrib.items() if k.endswith(":id")), "")
                if f"xl/{target}" in self.sizes:
                    rows = _rows(self._part(f"xl/{target}"), shared)
                    found.setdefault(sheet.get("name", "").strip().lower(), list(rows))
        return found

    def _part(self, name: str) -> Element:
        """A part of the archive; an empty one if it is missing."""
        size = self.sizes.get(name)
        if size is None:
            return Element("missing")
        self.unpacked += size
        if size > LARGEST_PART or self.unpacked > LARGEST_WHOLE:
            raise ImportRefusal(notes.TOO_MANY_PARTS)
        return xml_of(self.archive.read(name))


def _rows(sheet: Element, shared: list[str]) -> Iterator[list[str]]:
    for row in sheet.iter():
        if _local(row) != "row":
            continue
        cells: list[str] = []
        for cell in row:
            column = _column(cell.get("r", ""), len(cells))
            if _local(cell) == "c" and column < WIDEST:
                cells += [""] * (column + 1 - len(cells))
                cells[column] = _value(cell, shared)
        yield cells


def _value(cell: Element, shared: list[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(_string(each) for each in cell if _local(each) == "is").strip()
    raw = next((each.text or "" for each in cell if _local(each) == "v"), "")
    if kind == "s":
        return shared[int(raw)].strip() if raw.isdecimal() and int(raw) < len(shared) else ""
    if kind == "b":
        return "TRUE" if raw == "1" else "FALSE"
    return raw.removesuffix(".0").strip()


def _string(item: Element) -> str:
    """A string, perhaps of several formatted runs, without the hints on pronunciation (`rPh`)."""
    parts = [each.text or "" for each in item if _local(each) == "t"]
    parts += [t.text or "" for run in item if _local(run) == "r" for t in run if _local(t) == "t"]
    return "".join(parts)


def _column(reference: str, following: int) -> int:
    """The index of a cell's column: 27 for AB12; without a reference, the following one."""
    letters = re.match(r"[A-Z]{1,3}", reference)
    if letters is None:
        return following
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _local(element: Element) -> str:
    """The name of an element without its namespace prefix."""
    return str(element.tag).rpartition(":")[2]
