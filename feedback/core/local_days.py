"""On which day something happened, on the clocks of one place.

A report speaks of days; an answer has a moment. Which day that moment belongs to depends on where one stands, so
an organisation has one zone for all its days, and every count and every report goes by it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

_STEP = timedelta(days=1)  # no zone changes its clocks twice within a day


def day_of(moment: datetime, zone: tzinfo) -> date:
    """The day of an aware moment in `zone`."""
    return moment.astimezone(zone).date()


def offsets(zone: tzinfo, first: datetime, last: datetime) -> list[tuple[datetime, timedelta]]:
    """From when on clocks in `zone` differ from UTC by how much, over all moments from `first` to `last`.

    The first entry holds from `first` on. With it a database can tell local days without knowing zones, and with
    the same rules as we: its own may be older.
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
    """The first second with the offset of `after`."""
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
