"""Periods of days for reports, and the weeks, months and quarters in them.

Days are in the organisation's time zone, as in the rollups.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

_DAY = timedelta(days=1)
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)
"""The days that a period from outside may have: the previous period must be in the calendar as well."""


class Bucket(StrEnum):
    """The intervals of a trend over time. Weeks begin on Monday (ISO 8601)."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"

    def first(self, day: date) -> date:
        """The first day of the bucket that contains `day`."""
        if self is Bucket.WEEK:
            return day - timedelta(days=day.weekday())
        if self is Bucket.MONTH:
            return day.replace(day=1)
        return day.replace(month=day.month - (day.month - 1) % 3, day=1)

    def after(self, first: date) -> date:
        """The first day of the next bucket."""
        if self is Bucket.WEEK:
            return first + timedelta(days=7)
        return months_later(first, 1 if self is Bucket.MONTH else 3)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `start` to `end`, both included. Raises ValueError if it ends before it starts."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"A period cannot end ({self.end}) before it starts ({self.start}).")

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def after(self) -> date:
        """The day after the last one."""
        return self.end + _DAY

    def moments(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """(start, end) of the period in `zone`; `end` is the first moment after it."""
        first, after = (datetime.combine(day, time(), zone) for day in (self.start, self.after))
        return first.astimezone(UTC), after.astimezone(UTC)

    def before(self) -> Period:
        """The preceding period of the same length: as many whole months if it consists of whole months, else days."""
        last = self.start - _DAY
        if self.start.day == 1 and self.after.day == 1:
            months = (self.after.year - self.start.year) * 12 + self.after.month - self.start.month
            return Period(months_later(self.start, -months), last)
        return Period(self.start - timedelta(days=self.days), last)

    def year_before(self) -> Period:
        """The same days a year earlier. A period that ends with a month still does; 29 February becomes the 28th."""
        return Period(_year_before(self.start, 28), _year_before(self.after, 1) - _DAY)

    def overlaps(self, other: Period) -> bool:
        """Whether the periods have a day in common."""
        return self.start <= other.end and other.start <= self.end

    def buckets(self, bucket: Bucket) -> Iterator[Period]:
        """The weeks, months or quarters of the period; the first and last are cut to it."""
        first = bucket.first(self.start)
        while first < self.after:
            following = bucket.after(first)
            yield Period(max(first, self.start), min(following - _DAY, self.end))
            first = following

    def best_bucket(self) -> Bucket:
        """The bucket that gives a readable number of points: weeks up to four months, months up to three years."""
        if self.days <= 125:
            return Bucket.WEEK
        return Bucket.MONTH if self.days <= 3 * 366 else Bucket.QUARTER

    def parts(self) -> tuple[Period | None, list[Period]]:
        """The whole calendar months as one period (None if there are none), and the remaining days at both ends."""
        first = self.start if self.start.day == 1 else months_later(self.start.replace(day=1), 1)
        after = self.after.replace(day=1)
        if first >= after:
            return None, [self]
        edges = [(self.start, first - _DAY), (after, self.end)]
        return Period(first, after - _DAY), [Period(*edge) for edge in edges if edge[0] <= edge[1]]


def _year_before(day: date, of_leap_day: int) -> date:
    """The same date a year earlier; 29 February becomes `of_leap_day`, 28 February or 1 March."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2 if of_leap_day == 28 else 3, of_leap_day)
    return day.replace(year=day.year - 1)


def quarter_of(day: date) -> Period:
    """The calendar quarter that contains `day`."""
    first = Bucket.QUARTER.first(day)
    return Period(first, Bucket.QUARTER.after(first) - _DAY)


def months_later(first: date, months: int) -> date:
    """The first day of the month `months` after (or, if negative, before) the month that begins on `first`."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)
