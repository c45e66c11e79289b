"""What the formats have in common."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self

from feedback.core.text.localized import Text
from feedback.i18n import Translator
from feedback.services.exports.cells import Cell
from feedback.services.exports.columns import ExportColumn
from feedback.services.exports.reading import ExportTable

Packed = list[float | bytes | None]
"""A row of SPSS or Stata: numbers, and texts in UTF-8."""


@dataclass(frozen=True, slots=True)
class LabelLanguage:
    """In which language labels are written."""

    say: Translator
    language: str

    def title(self, table: ExportTable) -> str:
        return table.title.to(self.language)

    def label(self, column: ExportColumn) -> str:
        return column.label(self.say, self.language)

    def value_labels(self, column: ExportColumn) -> dict[str, str]:
        """Key of a value -> its label."""
        return {
            key: each.label.to(self.language)
            if isinstance(each.label, Text)
            else self.say.gettext(each.label)
            for key, each in column.values.items()
        }


Writer = Callable[[Path, ExportTable, LabelLanguage], int]
"""Writes the table as a file in this directory's path. Returns the number of rows."""


class Spool:
    """Rows on disk, for formats that have to know the longest text before the first row is written."""

    BLOCK = 500

    def __init__(self) -> None:
        self._file: IO[bytes] = TemporaryFile(prefix="feedback-export-")  # noqa: SIM115 - closed by __exit__
        self._block: list[Packed] = []
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, row: Packed) -> None:
        self._block.append(row)
        self.rows += 1
        if len(self._block) >= self.BLOCK:
            self._flush()

    def __iter__(self) -> Iterator[Packed]:
        self._flush()
        self._file.seek(0)
        while True:
            try:
                yield from pickle.load(self._file)  # noqa: S301 - what `add` has written to a nameless file
            except EOFError:
                return

    def _flush(self) -> None:
        if self._block:
            pickle.dump(self._block, self._file, pickle.HIGHEST_PROTOCOL)
            self._block = []


def shortened(text: str, limit: int) -> bytes:
    """The text in UTF-8 with at most `limit` bytes, without half a character at the end."""
    data = text.encode("utf-8", "replace")
    return data if len(data) <= limit else data[:limit].decode("utf-8", "ignore").encode()


def plain(moment: datetime | date) -> datetime:
    """A moment in UTC, or the beginning of a day, without a time zone."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).replace(tzinfo=None)
    return datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - the formats have no time zones


def as_text(cell: Cell) -> str:
    """A cell as CSV shows it."""
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def kinds_of(columns: Sequence[ExportColumn]) -> list[str]:
    return [column.kind for column in columns]
