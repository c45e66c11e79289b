"""SPSS system files (.sav), written row by row.

The format is described in the developers' guide of PSPP ("System File Format"). Labels are in UTF-8. "Does not apply",
"don't know" and refusals are user-missing values; an empty cell is system-missing. Rows are compressed with bytecodes,
so the empty rest of a text costs an eighth of its width.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from feedback import __version__, clock
from feedback.services.exports.cells import Cell
from feedback.services.exports.columns import ExportColumn
from feedback.services.exports.formats.base import LabelLanguage, Packed, Spool, as_text, plain, shortened
from feedback.services.exports.reading import ExportTable

LONGEST_TEXT = 32_767
"""Bytes of a text; a longer one is cut."""
_LABEL, _VALUE_LABEL = 255, 120
_BLOCK = 8
_BIAS = 100
_SEGMENT, _WIDTH_OF_SEGMENT = 255, 252
"""A text of more than 255 bytes is stored as several variables, each counted as 252 bytes and holding 255."""
_SYSTEM_MISSING = -1.7976931348623157e308
_LOWEST, _HIGHEST = struct.unpack(
    "<dd", bytes.fromhex("feffffffffffefff") + bytes.fromhex("ffffffffffffef7f")
)
_EPOCH = datetime(1582, 10, 14)  # noqa: DTZ001 - the format has no time zones
_PADDING, _RAW, _SPACES, _MISSING = 0, 253, 254, 255
_AT_CASES = 80
"""Where the header holds the number of rows."""


def write(path: Path, table: ExportTable, wording: LabelLanguage) -> int:
    with Spool() as spool:
        variables = [_Variable(column, number) for number, column in enumerate(table.columns, 1)]
        for row in table.rows:
            spool.add([variable.packed(cell) for variable, cell in zip(variables, row, strict=True)])
        with path.open("wb") as file:
            _write_dictionary(file, variables, wording, wording.title(table))
            compressed = _Compressed(file, [variable.blocks() for variable in variables])
            for packed in spool:
                compressed.add(packed)
            compressed.end()
            file.seek(_AT_CASES)
            file.write(struct.pack("<i", spool.rows))
        return spool.rows


@dataclass
class _Variable:
    """A column while it is written. `width` is 0 for numbers, else the longest text so far."""

    column: ExportColumn
    number: int
    width: int = 0

    def __post_init__(self) -> None:
        self.codes = {key: float(each.code) for key, each in self.column.values.items()}
        self.is_text = self.column.kind == "text"
        self.width = 1 if self.is_text else 0

    def packed(self, cell: Cell) -> float | bytes | None:
        if self.is_text:
            text = shortened(as_text(cell).replace("\0", "\ufffd"), LONGEST_TEXT)
            self.width = max(self.width, len(text))
            return text
        if cell is None or isinstance(cell, str):
            return None if cell is None else self.codes.get(cell)
        if isinstance(cell, int | float):
            return float(cell)
        return (plain(cell) - _EPOCH).total_seconds()

    def segments(self) -> list[int]:
        """The widths of the variables that hold the column."""
        if self.width <= _SEGMENT:
            return [self.width]
        full, rest = divmod(self.width - 1, _WIDTH_OF_SEGMENT)
        return [_SEGMENT] * full + [rest + 1]

    def blocks(self) -> int:
        """How many times eight bytes the column takes in a row."""
        return sum(max(1, -(-width // _BLOCK)) for width in self.segments())

    def short_name(self, segment: int) -> str:
        """Eight characters that no other variable has."""
        return f"V{self.number:04X}{segment:03X}"[:_BLOCK]

    @property
    def print_format(self) -> int:
        """Type, width and decimals in one number: A, F, DATETIME or SDATE."""
        column = self.column
        if column.kind == "moment":
            return 22 << 16 | 20 << 8
        if column.kind == "date":
            return 39 << 16 | 10 << 8
        width = 8 if column.values else 12 + column.decimals
        return 5 << 16 | width << 8 | column.decimals

    @property
    def measure(self) -> int:
        """1 nominal, 2 ordinal, 3 scale."""
        if self.is_text or (
            self.column.values and self.column.type in ("single", "multi", "consent", "text")
        ):
            return 1
        return 2 if self.column.type not in ("", "number", "date") else 3


# --- Dictionary -----------------------------------------------------------------------------------------


def _write_dictionary(
    file: IO[bytes], variables: Sequence[_Variable], wording: LabelLanguage, title: str
) -> None:
    elements = sum(variable.blocks() for variable in variables)
    file.write(_header(elements, title))
    for variable in variables:
        file.write(b"".join(_variable_records(variable, wording.label(variable.column))))
    index = 1
    for variable in variables:
        file.write(_value_labels(variable, index, wording))
        index += variable.blocks()
    file.write(b"".join(_extensions(variables)))
    file.write(struct.pack("<ii", 999, 0))


def _header(elements: int, title: str) -> bytes:
    now = clock.now()
    product = f"@(#) SPSS DATA FILE - feedback {__version__}".encode().ljust(60)[:60]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    day = f"{now.day:02} {months[now.month - 1]} {now.year % 100:02}".encode()
    label = shortened(title, 64).ljust(64)
    head = struct.pack("<4s60siiiiid", b"$FL2", product, 2, elements, 1, 0, -1, float(_BIAS))
    return head + day + now.strftime("%H:%M:%S").encode() + label + bytes(3)


def _variable_records(variable: _Variable, label: str) -> Iterator[bytes]:
    for number, width in enumerate(variable.segments()):
        text = shortened(label, _LABEL) if number == 0 else b""
        missing = sorted({float(each.code) for each in variable.column.missing}) if number == 0 else []
        shown = (1 << 16 | width << 8) if variable.is_text else variable.print_format
        yield struct.pack("<iiiiii", 2, width, int(bool(text)), len(missing), shown, shown)
        yield variable.short_name(number).encode().ljust(_BLOCK)
        if text:
            yield struct.pack("<i", len(text)) + text + bytes(-len(text) % 4)
        yield struct.pack(f"<{len(missing)}d", *missing)
        yield from [struct.pack("<iiiiii", 2, -1, 0, 0, 0, 0) + bytes(_BLOCK)] * (-(-width // _BLOCK) - 1)


def _value_labels(variable: _Variable, index: int, wording: LabelLanguage) -> bytes:
    labels = wording.value_labels(variable.column)
    by_code = {variable.codes[key]: label for key, label in reversed(labels.items())}
    if not by_code:
        return b""
    parts = [struct.pack("<ii", 3, len(by_code))]
    for code, label in sorted(by_code.items()):
        text = shortened(label, _VALUE_LABEL)
        parts.append(struct.pack("<dB", code, len(text)) + text + bytes(-(len(text) + 1) % _BLOCK))
    return b"".join([*parts, struct.pack("<iii", 4, 1, index)])


def _extensions(variables: Sequence[_Variable]) -> Iterator[bytes]:
    # Version, any machine, IEEE 754, compression code, little endian, UTF-8.
    yield _extension(3, 4, struct.pack("<8i", 1, 0, 0, -1, 1, 1, 2, 65001))
    yield _extension(4, 8, struct.pack("<3d", _SYSTEM_MISSING, _HIGHEST, _LOWEST))
    shown = [
        struct.pack("<3i", each.measure, min(max(8, each.width), 40), 0 if each.is_text else 1)
        for each in variables
        for _segment in each.segments()
    ]
    yield _extension(11, 4, b"".join(shown))
    names = "\t".join(f"{each.short_name(0)}={each.column.name}" for each in variables)
    yield _extension(13, 1, names.encode())
    long = "".join(f"{each.short_name(0)}={each.width:05}\0\t" for each in variables if each.width > _SEGMENT)
    if long:
        yield _extension(14, 1, long.encode())
    yield _extension(20, 1, b"UTF-8")


def _extension(subtype: int, size: int, data: bytes) -> bytes:
    return struct.pack("<4i", 7, subtype, size, len(data) // size) + data


# --- Rows -----------------------------------------------------------------------------------------------


class _Compressed:
    """Rows as bytecodes: eight codes, then what they announce."""

    AT_ONCE = 1 << 16

    def __init__(self, file: IO[bytes], blocks: Sequence[int]) -> None:
        """`blocks` are those of each column in a row."""
        self._file = file
        self._blocks = blocks
        self._codes = bytearray()
        self._raw: list[bytes] = []
        self._numbers: dict[float, int] = {float(each - _BIAS): each for each in range(1, 252)}

    def add(self, row: Packed) -> None:
        for cell, blocks in zip(row, self._blocks, strict=True):
            if cell is None:
                self._codes.append(_MISSING)
            elif isinstance(cell, bytes):
                self._text(cell, blocks)
            else:
                self._number(cell)
        if len(self._codes) >= self.AT_ONCE:
            self._flush(len(self._codes) // 8 * 8)

    def end(self) -> None:
        self._codes += bytes([_PADDING] * (-len(self._codes) % 8))
        self._flush(len(self._codes))

    def _number(self, number: float) -> None:
        code = self._numbers.get(number)
        if code is None:
            code = _RAW
            self._raw.append(struct.pack("<d", number))
        self._codes.append(code)

    def _text(self, text: bytes, width: int) -> None:
        stored = text
        if width > -(-_SEGMENT // _BLOCK):  # every 255 bytes are followed by one that fills up the last block
            stored = b" ".join(text[at : at + _SEGMENT] for at in range(0, len(text), _SEGMENT))
        blocks = [stored[at : at + _BLOCK].ljust(_BLOCK) for at in range(0, len(stored), _BLOCK)]
        for block in blocks:
            if block == b"        ":
                self._codes.append(_SPACES)
            else:
                self._codes.append(_RAW)
                self._raw.append(block)
        self._codes += bytes([_SPACES]) * (width - len(blocks))

    def _flush(self, codes: int) -> None:
        taken, parts = 0, []
        for at in range(0, codes, 8):
            group = self._codes[at : at + 8]
            raw = group.count(_RAW)
            parts.append(bytes(group))
            parts += self._raw[taken : taken + raw]
            taken += raw
        self._file.write(b"".join(parts))
        del self._codes[:codes], self._raw[:taken]
