"""Writes tables as files. To add a format, write a module with `write` and add a line to `WRITERS`."""

from __future__ import annotations

from collections.abc import Mapping

from feedback.services.exports.formats import csv_file, parquet, spss, stata, xlsx
from feedback.services.exports.formats.base import Writer

WRITERS: Mapping[str, Writer] = {
    "csv": csv_file.write,
    "xlsx": xlsx.write,
    "sav": spss.write,
    "dta": stata.write,
    "parquet": parquet.write,
}
"""Format -> what writes it. Each reads the rows once and keeps few of them in memory."""

__all__ = ["WRITERS", "Writer"]
