"""The local date of a moment, in one time zone.

Reports count by day, and which day an answer belongs to depends on the time zone. So all counts and reports use
one time zone, the organisation's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_STEP = timedelta(days=1)  # no zone changes its offset twice within a day


def day_of(moment: datetime, zone: tzinfo) -> date:
    """The local date of an aware moment in `zone`."""
    return moment.astimezone(zone).date()


def end_of_day(moment: datetime, zone: tzinfo) -> datetime:
    """The next midnight in `zone`, in UTC."""
    tomorrow = day_of(moment, zone) + timedelta(days=1)
    return datetime.combine(tomorrow, time(0), tzinfo=zone).astimezone(UTC)


def offsets(zone: tzinfo, first: datetime, last: datetime) -> list[tuple[datetime, timedelta]]:
    """(start, offset from UTC) of every offset of `zone` between `first` and `last`, in order.

    The first entry starts at `first`. With it, a database can compute local dates without its own time zone rules,
    which may be older than Python's.
    """
    found = [(first, _offset(zone, first))]
    for start in _steps(first, last):
        if _offset(zone, start + _STEP) != found[-1][1]:
            change = _change(zone, start, start + _STEP)
            found.append((change, _offset(zone, change)))
    return found


def _steps(first: datetime, last: datetime) -> Iterator[datetime]:
    start = first
    while start < last:
        yield start
        start += _STEP


def _change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The first second with the offset that `zone` has at `after`."""
    seconds = range(int(before.timestamp()), int(after.timestamp()) + 1)
    wanted = _offset(zone, after)
    found = bisect_left(seconds, True, key=lambda each: _offset(zone, _moment(each)) == wanted)
    return _moment(seconds[found])


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101  (an aware moment has one)
    return offset
