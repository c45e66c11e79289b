"""Local days in SQL on both databases, by Python's time zone rules instead of the database's."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, case, cast, func
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.time.local_days import offsets
from feedback.store.database import zone_of


def local_day(
    session: Session,
    moment: InstrumentedAttribute[Any],
    first: datetime,
    last: datetime,
) -> ColumnElement[date]:
    """A SQL expression for the organisation's local date of `moment`, valid for moments from `first` to `last`.

    Between two clock changes the offset from UTC is constant, so the local date is the date of `moment` + offset.
    """
    steps = offsets(zone_of(session), first, last)
    *earlier, latest = [_shifted(session, moment, offset) for _, offset in steps]
    ends = [start for start, _ in steps[1:]]
    if not earlier:
        return latest
    return case(*((moment < end, day) for end, day in zip(ends, earlier, strict=True)), else_=latest)


def _shifted(session: Session, moment: InstrumentedAttribute[Any], offset: timedelta) -> ColumnElement[date]:
    if session.get_bind().dialect.name == "sqlite":  # stores UTC as text
        return func.date(moment, f"{offset.total_seconds():+.0f} seconds", type_=Date)
    return cast(func.timezone("UTC", moment) + offset, Date)
