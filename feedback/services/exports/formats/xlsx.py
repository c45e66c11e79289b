"""A workbook for Excel and LibreOffice: the rows, and a sheet with what each column means."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook

from feedback.core.text.localized import direction
from feedback.errors import Rejected
from feedback.i18n import _
from feedback.services.exports.formats.base import LabelLanguage, plain
from feedback.services.exports.reading import ExportTable

MOST_ROWS = 1_048_576
"""Of a sheet, with its header."""
MOST_COLUMNS = 16_384
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_DATES = {"date": "yyyy-mm-dd", "moment": "yyyy-mm-dd hh:mm:ss"}


def write(path: Path, table: ExportTable, wording: LabelLanguage) -> int:
    """Raises Rejected if the rows or columns do not fit on a sheet."""
    if len(table.columns) > MOST_COLUMNS:
        raise Rejected(_("Choose CSV: a sheet has 16,384 columns, and this survey needs more."))
    options = {**_OPTIONS, "tmpdir": str(path.parent)}
    with Workbook(path, options) as book:
        rows = _rows(book, table)
        _meanings(book, table, wording)
    return rows


def _rows(book: Workbook, table: ExportTable) -> int:
    sheet = book.add_worksheet("Data")
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    formats = [
        book.add_format({"num_format": _DATES.get(column.kind, "General")}) for column in table.columns
    ]
    sheet.set_column(0, len(table.columns) - 1, 16)
    for number, column in enumerate(table.columns):
        sheet.write_string(0, number, column.name, bold)
    line = 0
    for line, row in enumerate(table.rows, 1):
        if line >= MOST_ROWS:
            raise Rejected(_("Choose CSV or a shorter period: a sheet has room for 1,048,575 rows."))
        for number, cell in enumerate(row):
            _write(sheet, line, number, cell, formats[number])
    return line


def _write(sheet: Any, line: int, number: int, cell: Any, style: Any) -> None:
    if isinstance(cell, str):
        sheet.write_string(line, number, cell)
    elif isinstance(cell, date):
        sheet.write_datetime(line, number, plain(cell), style)
    elif cell is not None:
        sheet.write_number(line, number, cell, style)


def _meanings(book: Workbook, table: ExportTable, wording: LabelLanguage) -> None:
    """The codebook in one language; the file with it has all of them."""
    sheet = book.add_worksheet("Codebook")
    if direction(wording.language) == "rtl":
        sheet.right_to_left()
    sheet.freeze_panes(1, 0)
    sheet.set_column(1, 1, 60)
    bold = book.add_format({"bold": True})
    for number, head in enumerate(("column", "label", "value", "value_label", "missing")):
        sheet.write_string(0, number, head, bold)
    line = 1
    for column in table.columns:
        labels = wording.value_labels(column)
        about = (column.name, wording.label(column))
        for key in (*labels, *(() if labels else ("",))):
            way = column.values[key].missing if key else ""
            for number, text in enumerate((*about, key, labels.get(key, ""), way)):
                sheet.write_string(line, number, text)
            line += 1
