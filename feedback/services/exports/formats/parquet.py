"""Parquet, for Python, R and databases: numbers are numbers, days are days, choices are their keys.

Where a question offers "does not apply", "don't know" or a refusal, a second column `<name>_missing` says which was
chosen, and the first one is empty. Labels are in the metadata of the columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from feedback.errors import Rejected
from feedback.i18n import _
from feedback.services.exports.cells import Cell
from feedback.services.exports.columns import ExportColumn
from feedback.services.exports.formats.base import LabelLanguage
from feedback.services.exports.reading import Cells, ExportTable

ROWS_OF_A_GROUP = 5_000
_NEEDED = _("Install the extra `analysis` for Parquet: the package pyarrow is missing. CSV holds the same.")
_SUFFIX = "_missing"
_CHOICES = ("single", "consent")


def is_available() -> bool:
    """Whether the package that writes Parquet is installed."""
    try:
        import pyarrow.parquet  # noqa: F401, PLC0415 - 40 MB that only this format needs
    except ImportError:
        return False
    return True


def write(path: Path, table: ExportTable, wording: LabelLanguage) -> int:
    """Raises Rejected if pyarrow is not installed."""
    if not is_available():
        raise Rejected(_NEEDED)
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet as pq  # noqa: PLC0415

    names = {column.name for column in table.columns}
    fields = [field for column in table.columns for field in _fields(pa, column, wording, names)]
    schema = pa.schema(fields, metadata={"title": wording.title(table), "language": wording.language})
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as out:
        while group := list(islice(table.rows, ROWS_OF_A_GROUP)):
            rows += len(group)
            arrays = [
                each for number, column in enumerate(table.columns) for each in _values(group, number, column)
            ]
            made = [pa.array(values, field.type) for values, field in zip(arrays, fields, strict=True)]
            out.write_table(pa.Table.from_arrays(made, schema=schema))
    return rows


def _fields(pa: Any, column: ExportColumn, wording: LabelLanguage, names: set[str]) -> Iterator[Any]:
    labels = wording.value_labels(column)
    about = {"label": wording.label(column), "question": column.question, "values": json.dumps(labels)}
    yield pa.field(
        column.name, _type(pa, column), metadata={key: text for key, text in about.items() if text}
    )
    if column.missing:
        name = f"{column.name}{_SUFFIX}"
        while name in names:
            name += "_"
        yield pa.field(name, pa.string(), metadata={"label": f"{wording.label(column)}"})


def _type(pa: Any, column: ExportColumn) -> Any:
    if column.kind == "moment":
        return pa.timestamp("us", "UTC")
    if column.kind == "date":
        return pa.date32()
    if column.kind == "text" or column.type in _CHOICES:
        return pa.string()
    return pa.float64() if column.decimals else pa.int64()


def _values(group: Sequence[Cells], number: int, column: ExportColumn) -> Iterator[list[Any]]:
    """The values of a column, and why they are missing if it can say that."""
    cells = [row[number] for row in group]
    ways = {key: each.missing for key, each in column.values.items() if each.missing}
    if not column.missing:
        yield [_value(cell, column) for cell in cells]
        return
    yield [None if str(cell) in ways else _value(cell, column) for cell in cells]
    yield [ways.get(str(cell)) for cell in cells]


def _value(cell: Cell, column: ExportColumn) -> Any:
    if isinstance(cell, str):
        is_text = column.kind == "text" or column.type in _CHOICES
        return cell.encode("utf-8", "replace").decode() if is_text else None
    if isinstance(cell, float) and not column.decimals and column.kind == "number":
        return int(cell) if cell.is_integer() else None
    return cell
