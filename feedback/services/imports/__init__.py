"""Accounts, contacts and events from a CSV file: `run` imports one, `load` reads a column mapping."""

from feedback.services.imports.importer import BATCH, Report, run
from feedback.services.imports.mapping import ColumnMap, Kind, load
from feedback.services.imports.rows import Refusal

__all__ = ["BATCH", "ColumnMap", "Kind", "Refusal", "Report", "load", "run"]
