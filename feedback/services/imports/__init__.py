"""Accounts, contacts and events from a CSV file: `run` imports one, `load` reads a column mapping."""

from feedback.services.imports.importer import BATCH, ImportReport, Options, run
from feedback.services.imports.mapping import ColumnMap, Kind, load
from feedback.services.imports.rows import Refusal

__all__ = ["BATCH", "ColumnMap", "ImportReport", "Kind", "Options", "Refusal", "load", "run"]
