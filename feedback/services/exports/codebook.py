"""What the columns of an export mean, as a table with a line for each value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from feedback.i18n import translator
from feedback.services.exports.cells import Cell
from feedback.services.exports.columns import CodedValue, ExportColumn, worded
from feedback.services.exports.formats import csv_file

HEADS = (
    "column",
    "question",
    "part",
    "type",
    "kind",
    "decimals",
    "versions",
    "value",
    "code",
    "stata",
    "missing",
)
"""The first columns of a codebook; the texts in each language follow. They are part of its format."""


def write(path: Path, columns: Sequence[ExportColumn], languages: Sequence[str]) -> int:
    """Write a codebook as CSV. Returns the number of lines."""
    rows = list(lines(columns, languages))
    with path.open("wb") as file:
        file.writelines(csv_file.pieces(heads(languages), rows))
    return len(rows)


def heads(languages: Sequence[str]) -> list[str]:
    """The names of the codebook's own columns."""
    texts = [f"{what}_{language}" for language in languages for what in ("label", "text", "value_label")]
    return [*HEADS, *texts]


def lines(columns: Sequence[ExportColumn], languages: Sequence[str]) -> Iterator[list[Cell]]:
    """A line for each value of each column; one for a column without values that have a meaning."""
    for column in columns:
        for value in column.values.values() or (None,):
            texts = [text for language in languages for text in _texts(column, value, language)]
            yield [*_facts(column), *_coded(value), *texts]


def _facts(column: ExportColumn) -> tuple[str, ...]:
    about = (column.name, column.question, column.part, column.type, column.kind)
    return (*about, str(column.decimals) if column.kind == "number" else "", ", ".join(column.versions))


def _coded(value: CodedValue | None) -> tuple[Cell, ...]:
    return ("", "", "", "") if value is None else (value.key, value.code, value.stata, value.missing)


def _texts(column: ExportColumn, value: CodedValue | None, language: str) -> tuple[str, str, str]:
    """The label of the column, the question's text, and the label of the value."""
    say = translator("desk", language)
    label = "" if value is None else worded(value.label, say, language)
    return (column.label(say, language), worded(column.title, say, language), label)
