"""Stata files (.dta, format 118 of Stata 14 and later), written row by row.

The format is described in Stata's help ("help dta"). "Does not apply", "don't know" and refusals are the extended
missing values .a, .b and .c; an empty cell is the system missing value. Texts that can be longer than 2,045 bytes are
stored as strL, whose content follows the rows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from feedback import clock
from feedback.errors import Rejected
from feedback.i18n import _
from feedback.services.exports.cells import Cell
from feedback.services.exports.columns import ExportColumn
from feedback.services.exports.formats.base import LabelLanguage, Packed, Spool, as_text, plain, shortened
from feedback.services.exports.reading import ExportTable

MOST_COLUMNS = 32_767
"""Of this format; Stata/BE opens at most 2,048, Stata/SE as many as these."""
_LONGEST_FIXED = 2_045
_STRL, _DOUBLE = 32_768, 65_526
_EPOCH = datetime(1960, 1, 1)  # noqa: DTZ001 - the format has no time zones
_MISSING = 0x7FE0_0000_0000_0000
"""The bits of the double that is `.`; .a, .b ... follow in steps of `_STEP`."""
_STEP = 1 << 40
_MISSING_LABEL = 2_147_483_621
"""The same for value labels, in steps of one."""
_PIECE = 1 << 16


def write(path: Path, table: ExportTable, wording: LabelLanguage) -> int:
    """Raises Rejected for more columns than the format has."""
    if len(table.columns) > MOST_COLUMNS:
        raise Rejected(_("Choose CSV: Stata has 32,767 columns, and this survey needs more."))
    with Spool() as spool, path.open("wb") as file:
        variables = [_Variable(column) for column in table.columns]
        for row in table.rows:
            spool.add([variable.packed(cell) for variable, cell in zip(variables, row, strict=True)])
        _Document(file, variables).write(spool, wording, wording.title(table))
        return spool.rows


@dataclass
class _Variable:
    """A column while it is written. `width` is the longest text so far."""

    column: ExportColumn
    width: int = 1

    def __post_init__(self) -> None:
        self.is_text = self.column.kind == "text"
        self.codes = {
            key: _missing(each.stata) if each.missing else float(each.code)
            for key, each in self.column.values.items()
        }

    def packed(self, cell: Cell) -> float | bytes | None:
        if self.is_text:
            text = as_text(cell).replace("\0", "\ufffd").encode("utf-8", "replace")
            self.width = max(self.width, len(text))
            return text
        if cell is None or isinstance(cell, str):
            return None if cell is None else self.codes.get(cell)
        if isinstance(cell, int | float):
            return float(cell)
        since = plain(cell) - _EPOCH
        return since.total_seconds() * 1000 if self.column.kind == "moment" else float(since.days)

    @property
    def is_long(self) -> bool:
        return self.is_text and self.width > _LONGEST_FIXED

    @property
    def type(self) -> int:
        if not self.is_text:
            return _DOUBLE
        return _STRL if self.is_long else self.width

    @property
    def format(self) -> str:
        if self.is_text:
            return "%9s" if self.is_long else f"%-{min(self.width, 244)}s"
        if self.column.kind in ("date", "moment"):
            return "%td" if self.column.kind == "date" else "%tc"
        return f"%12.{self.column.decimals}f" if self.column.decimals else "%12.0g"


def _missing(shown: str) -> float:
    """The number behind `.a`."""
    found: float = struct.unpack("<d", struct.pack("<Q", _MISSING + _STEP * (ord(shown[1]) - ord("a") + 1)))[
        0
    ]
    return found


_SYSTEM_MISSING = struct.pack("<Q", _MISSING)


class _Document:
    """The parts of the file in their order. The map at its beginning says where each begins."""

    def __init__(self, file: IO[bytes], variables: Sequence[_Variable]) -> None:
        self._file = file
        self._variables = variables
        self._map: list[int] = []

    def write(self, spool: Spool, wording: LabelLanguage, title: str) -> None:
        self._begin(b"<stata_dta>")
        self._file.write(_header(len(self._variables), spool.rows, title))
        self._begin(b"<map>")
        self._file.write(bytes(8 * 14) + b"</map>")
        self._write_variables(wording)
        with TemporaryFile(prefix="feedback-export-") as texts:
            self._begin(b"<data>")
            for number, row in enumerate(spool, 1):
                self._file.write(b"".join(self._row(number, row, texts)))
            self._file.write(b"</data>")
            self._begin(b"<strls>")
            texts.seek(0)
            while piece := texts.read(_PIECE):
                self._file.write(piece)
        self._file.write(b"</strls>")
        self._begin(b"<value_labels>")
        self._file.write(b"".join(self._value_labels(wording)) + b"</value_labels>")
        self._begin(b"</stata_dta>")
        self._map.append(self._file.tell())
        self._file.seek(self._map[1] + len(b"<map>"))
        self._file.write(struct.pack("<14Q", *self._map))

    def _begin(self, tag: bytes) -> None:
        self._map.append(self._file.tell())
        self._file.write(tag)

    def _write_variables(self, wording: LabelLanguage) -> None:
        count, each = len(self._variables), self._variables
        parts: list[tuple[str, bytes]] = [
            ("variable_types", struct.pack(f"<{count}H", *(variable.type for variable in each))),
            ("varnames", _fixed(129, (variable.column.name for variable in each))),
            ("sortlist", bytes(2 * (count + 1))),
            ("formats", _fixed(57, (variable.format for variable in each))),
            ("value_label_names", _fixed(129, (self._set_name(variable) for variable in each))),
            ("variable_labels", _fixed(321, (wording.label(variable.column)[:80] for variable in each))),
            ("characteristics", b""),
        ]
        for name, content in parts:
            self._begin(f"<{name}>".encode())
            self._file.write(content + f"</{name}>".encode())

    def _set_name(self, variable: _Variable) -> str:
        return variable.column.name if variable.codes else ""

    def _row(self, number: int, row: Packed, texts: IO[bytes]) -> Iterator[bytes]:
        for place, (cell, variable) in enumerate(zip(row, self._variables, strict=True), 1):
            if cell is None:
                yield _SYSTEM_MISSING
            elif not isinstance(cell, bytes):
                yield struct.pack("<d", cell)
            elif not variable.is_long:
                yield cell.ljust(variable.width, b"\0")
            elif not cell:
                yield bytes(8)
            else:
                texts.write(b"GSO" + struct.pack("<IQBI", place, number, 130, len(cell) + 1) + cell + b"\0")
                yield struct.pack("<H", place) + struct.pack("<Q", number)[:6]

    def _value_labels(self, wording: LabelLanguage) -> Iterator[bytes]:
        for variable in self._variables:
            labels = wording.value_labels(variable.column)
            by_code = {_label_code(variable.column, key): labels[key] for key in reversed(labels)}
            if by_code:
                yield _label_set(variable.column.name, dict(sorted(by_code.items())))


def _header(columns: int, rows: int, title: str) -> bytes:
    label = shortened(title[:80], 320)
    now = clock.now()
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    stamp = f"{now.day:02} {months[now.month - 1]} {now.year} {now:%H:%M}".encode()
    return b"".join(
        (
            b"<header><release>118</release><byteorder>LSF</byteorder><K>",
            struct.pack("<H", columns),
            b"</K><N>",
            struct.pack("<Q", rows),
            b"</N><label>",
            struct.pack("<H", len(label)) + label,
            b"</label><timestamp>",
            struct.pack("<B", len(stamp)) + stamp,
            b"</timestamp></header>",
        )
    )


def _fixed(width: int, texts: Iterator[str]) -> bytes:
    """The texts, each with zero bytes up to the width, at least one."""
    return b"".join(shortened(text.replace("\0", " "), width - 1).ljust(width, b"\0") for text in texts)


def _label_code(column: ExportColumn, key: str) -> int:
    value = column.values[key]
    return _MISSING_LABEL + ord(value.stata[1]) - ord("a") + 1 if value.missing else value.code


def _label_set(name: str, labels: dict[int, str]) -> bytes:
    texts = [shortened(label.replace("\0", " "), 32_000) + b"\0" for label in labels.values()]
    offsets = [sum(map(len, texts[:number])) for number in range(len(texts))]
    body = struct.pack(f"<ii{len(texts)}i{len(texts)}i", len(texts), sum(map(len, texts)), *offsets, *labels)
    body += b"".join(texts)
    return b"".join(
        (b"<lbl>", struct.pack("<i", len(body)), name.encode().ljust(129, b"\0"), bytes(3), body, b"</lbl>")
    )
