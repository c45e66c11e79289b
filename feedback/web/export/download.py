"""Exports tables as files."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from feedback.errors import NotFound
from feedback.web.export.tables import Table, as_csv, as_xlsx
from feedback.web.http.locale import say

KINDS: Mapping[str, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def known(kind: str) -> str:
    """Return `kind` if it is csv or xlsx. Raises NotFound otherwise."""
    if kind not in KINDS:
        raise NotFound("Table not found.")
    return kind


def download(table: Table, kind: str, name: str) -> Response:
    """The table as a file of this name; `kind` is csv or xlsx."""
    data = as_csv(table) if kind == "csv" else as_xlsx(table, rtl=say().direction == "rtl")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(data, mimetype=KINDS[kind], headers=headers)
