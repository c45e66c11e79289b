"""Tables for pages and exports: one definition for HTML, CSV and XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from xlsxwriter import Workbook

from feedback.core.text import spreadsheet

CellValue = str | int | float | Decimal | date | datetime | None
Kind = Literal[
    "text",
    "words",
    "count",
    "points",
    "percent",
    "mean",
    "difference",
    "date",
    "hours",
    "money",
    "price",
    "moment",
]

_FORMATS: dict[Kind, str] = {
    "count": "#,##0",
    "points": "+0;-0;0",
    "percent": "0.0",
    "mean": "0.00",
    "difference": "+0.00;-0.00;0.00",
    "hours": "0.0",
    "money": "#,##0",
    "price": "#,##0.0000",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm:ss",
}
_DIGITS: dict[Kind, int] = {
    "count": 0,
    "points": 1,
    "percent": 1,
    "mean": 2,
    "difference": 2,
    "hours": 1,
    "money": 2,
    "price": 4,
}
"""Decimals in an exported file, limited to the meaningful ones."""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and the format of its cells. Percentages are numbers from 0 to 100."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """`key` is its name in addresses and file names. Protected values are None in the rows."""

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[CellValue]]


def as_csv(table: Table) -> bytes:
    """CSV in UTF-8 with a byte order mark, which spreadsheets need; numbers have a decimal point.

    All cells are quoted, and a text that a spreadsheet could take for a formula gets an apostrophe (`spreadsheet`).
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow([spreadsheet.harmless(column.title) for column in table.columns])
    writer.writerows([_harmless(cell) for cell in row] for row in _rounded(table))
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(table: Table, *, rtl: bool) -> bytes:
    """XLSX with one sheet; numbers are numbers, texts are texts and never formulas or links."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(out, {**options, "remove_timezone": True}) as book:
        sheet = book.add_worksheet(_sheet_name(table.title))
        if rtl:
            sheet.right_to_left()
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for number, column in enumerate(table.columns):
            style = book.add_format({"num_format": _FORMATS.get(column.kind, "@")})
            sheet.set_column(number, number, 60 if column.kind == "words" else 16, style)
            sheet.write_string(0, number, column.title, bold)
        for line, row in enumerate(_rounded(table), 1):
            for number, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(line, number, cell)
                elif cell is not None:
                    sheet.write(line, number, cell)
    return out.getvalue()


def _rounded(table: Table) -> Iterator[list[CellValue]]:
    kinds = [column.kind for column in table.columns]
    return ([_round(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in table.rows)


def _round(cell: CellValue, kind: Kind) -> CellValue:
    digits = _DIGITS.get(kind)
    if digits is None or not isinstance(cell, float | Decimal):
        return cell
    if digits == 0:
        return round(cell)
    return round(cell, digits) if isinstance(cell, Decimal) else round(cell, digits) + 0.0  # no minus zero


def _harmless(cell: CellValue) -> CellValue:
    if isinstance(cell, str):
        return spreadsheet.harmless(cell)
    return "" if cell is None else cell


def _sheet_name(title: str) -> str:
    """A sheet name that Excel accepts: at most 31 characters, without its special characters."""
    return "".join(sign for sign in title if sign not in "[]:*?/\\'")[:31] or "Table"
