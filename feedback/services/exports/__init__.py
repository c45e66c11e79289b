"""Responses as files for analysis: CSV, XLSX, SPSS, Stata and Parquet, with a codebook."""

from feedback.services.exports.making import file_name, find_survey, make, note, responses_of, streamed
from feedback.services.exports.selection import FORMATS, ROWS, ExportRequest, known_format, known_rows

__all__ = [
    "FORMATS",
    "ROWS",
    "ExportRequest",
    "file_name",
    "find_survey",
    "known_format",
    "known_rows",
    "make",
    "note",
    "responses_of",
    "streamed",
]
