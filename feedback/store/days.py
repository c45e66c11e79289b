"""Local days in SQL, on both databases and by our own rules for zones."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Date, case, cast, func
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.local_days import offsets
from feedback.store.database import zone_of

Grain = Literal["day", "month"]


def local_day(
    session: Session,
    moment: InstrumentedAttribute[Any],
    first: datetime,
    last: datetime,
    grain: Grain = "day",
) -> ColumnElement[date]:
    """The organisation's day of `moment`, or the first day of its month, for moments from `first` to `last`.

    The clocks of a zone change now and then: between two changes a local day is that of UTC, shifted.
    """
    steps = offsets(zone_of(session), first, last)
    *earlier, latest = [_shifted(session, moment, offset, grain) for _, offset in steps]
    ends = [start for start, _ in steps[1:]]
    if not earlier:
        return latest
    return case(*((moment < end, day) for end, day in zip(ends, earlier, strict=True)), else_=latest)


def _shifted(
    session: Session, moment: InstrumentedAttribute[Any], offset: timedelta, grain: Grain
) -> ColumnElement[date]:
    if session.get_bind().dialect.name == "sqlite":  # stores UTC as text
        to_month = ("start of month",) if grain == "month" else ()
        return func.date(moment, f"{offset.total_seconds():+.0f} seconds", *to_month, type_=Date)
    return cast(func.date_trunc(grain, func.timezone("UTC", moment) + offset), Date)
