"""Whole numbers and days in paths, queries and forms, within what a database and the calendar can work with."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from feedback.core.time.period import FIRST_DAY, LAST_DAY

LARGEST = 2**53 - 1
"""Fits into the databases' 64 bits, also if multiplied by the rows of a page, and into a JSON number."""
_DIGITS = len(str(LARGEST))


def whole(written: str) -> int:
    """A number from 0 to `LARGEST`, for `request.args.get(name, type=whole)`. Raises ValueError for anything else."""
    if not (written.isascii() and written.isdigit() and len(written) <= _DIGITS) or int(written) > LARGEST:
        raise ValueError("This is not a whole number of ours.")
    return int(written)


def day(written: str) -> date:
    """A day written as 2026-03-31. Raises ValueError for anything else, and for a day so early or late that other
    days and time zones cannot be computed from it."""
    found = date.fromisoformat(written)
    if not FIRST_DAY <= found <= LAST_DAY:
        raise ValueError(f"{found} is no day of ours.")
    return found


class Id(IntegerConverter):
    """`<int:...>` in a rule: a path with a larger number does not exist."""

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:
        super().__init__(map, *args, **{"max": LARGEST, **options})


def install(app: Flask) -> None:
    """Use the converter in all rules that are added from now on."""
    app.url_map.converters["int"] = Id
