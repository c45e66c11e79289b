"""CSV in UTF-8 with a byte order mark; a text that a spreadsheet could take for a formula gets an apostrophe."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from feedback.core.text import spreadsheet
from feedback.services.exports.cells import Cell
from feedback.services.exports.formats.base import LabelLanguage, as_text
from feedback.services.exports.reading import ExportTable

ROWS_IN_A_PIECE = 200


def write(path: Path, table: ExportTable, wording: LabelLanguage) -> int:  # noqa: ARG001 - CSV has no labels
    """Write the table. Returns the number of rows."""
    rows = 0

    def counted() -> Iterator[Sequence[Cell]]:
        nonlocal rows
        for row in table.rows:
            rows += 1
            yield row

    with path.open("wb") as file:
        file.writelines(pieces([column.name for column in table.columns], counted()))
    return rows


def pieces(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The file piece by piece, for more rows than fit into memory."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    yield b"\xef\xbb\xbf"
    remaining = chain([heads], rows)
    while piece := list(islice(remaining, ROWS_IN_A_PIECE)):
        writer.writerows([_harmless(cell) for cell in row] for row in piece)
        yield out.getvalue().encode("utf-8", "replace")
        out.seek(0)
        out.truncate()


def _harmless(cell: Cell) -> str | int | float:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(cell, int | float):
        return cell
    return spreadsheet.harmless(as_text(cell))
