"""Local days in SQL, on both databases and by our own rules for zones."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, case, cast, func
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.local_days import offsets
from feedback.store.database import zone_of


def local_day(
    session: Session,
    moment: InstrumentedAttribute[Any],
    first: datetime,
    last: datetime,
) -> ColumnElement[date]:
    """The organisation's day of `moment`, for moments from `first` to `last`.

    The clocks of a zone change now and then: between two changes a local day is that of UTC, shifted.
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
