"""What an export holds: which survey and responses, one row for each what, and in which format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

from feedback.errors import Rejected
from feedback.services.reports import ResponseSelection, Survey

RowKind = Literal["responses", "answers"]
FileFormat = Literal["csv", "xlsx", "sav", "dta", "parquet", "codebook"]

ROWS: tuple[RowKind, ...] = get_args(RowKind)
FORMATS: Mapping[FileFormat, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "sav": "application/x-spss-sav",
    "dta": "application/x-stata-dta",
    "parquet": "application/vnd.apache.parquet",
    "codebook": "text/csv",
}
"""Format -> its media type. A codebook is a CSV file about the columns."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """`survey` is a trend. `language` is that of the labels; `segment` ... are filters, None means any.

    `since` and `until` (excluded) are about the time of the answer.
    """

    survey: str
    format: FileFormat = "csv"
    rows: RowKind = "responses"
    language: str = "en"
    since: datetime | None = None
    until: datetime | None = None
    segment: str | None = None
    stage: str | None = None
    channel: str | None = None
    answered_in: str | None = None

    @property
    def ending(self) -> str:
        return "csv" if self.format == "codebook" else self.format

    @property
    def kind(self) -> str:
        """What is in the file: responses, answers or codebook."""
        return "codebook" if self.format == "codebook" else self.rows

    @property
    def media_type(self) -> str:
        return FORMATS[self.format]

    def selection(self, survey: Survey) -> ResponseSelection:
        """The responses, as every other page selects them."""
        return ResponseSelection(
            self.since,
            self.until,
            questionnaires=survey.questionnaires,
            stage=self.stage,
            channel=self.channel,
            segment=self.segment,
            language=self.answered_in,
        )

    def stored(self) -> dict[str, Any]:
        """As JSON values."""
        moments = {
            name: at.isoformat() if (at := getattr(self, name)) else None for name in ("since", "until")
        }
        return {**asdict(self), **moments}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> ExportRequest:
        moments = {
            name: datetime.fromisoformat(at) if (at := stored[name]) else None for name in ("since", "until")
        }
        return cls(**{**stored, **moments})

    def codebook(self) -> ExportRequest:
        """The request for the codebook of this file."""
        return replace(self, format="codebook")


def known_format(name: str) -> FileFormat:
    """Raises Rejected for a format that there is not."""
    for each in FORMATS:
        if each == name:
            return each
    raise Rejected(f"There is no format {name!r}; use {', '.join(FORMATS)}.")


def known_rows(name: str) -> RowKind:
    """Raises Rejected."""
    for each in ROWS:
        if each == name:
            return each
    raise Rejected(f"There are no rows {name!r}; use {' or '.join(ROWS)}.")
