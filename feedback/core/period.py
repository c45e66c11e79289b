"""Spans of days that reports speak of, and the weeks, months and quarters that they fall into.

Days are the organisation's, the same ones that the counts behind the reports are kept by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

_DAY = timedelta(days=1)


class Bucket(StrEnum):
    """What a trend over time is cut into. Weeks begin on Monday (ISO 8601)."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"

    def first(self, day: date) -> date:
        """The first day of the bucket that `day` is in."""
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
    """The days from `start` to `end`, both included. ValueError where it ends before it starts."""

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
        """Its first moment in `zone`, and the first one that is no longer in it."""
        first, after = (datetime.combine(day, time(), zone) for day in (self.start, self.after))
        return first.astimezone(UTC), after.astimezone(UTC)

    def before(self) -> Period:
        """The period to compare with: as many whole months before, or else as many days."""
        last = self.start - _DAY
        if self.start.day == 1 and self.after.day == 1:
            months = (self.after.year - self.start.year) * 12 + self.after.month - self.start.month
            return Period(months_later(self.start, -months), last)
        return Period(self.start - timedelta(days=self.days), last)

    def year_before(self) -> Period:
        """The same days a year earlier. What ends with a month still does, and 29 February is the 28th."""
        return Period(_year_before(self.start, 28), _year_before(self.after, 1) - _DAY)

    def overlaps(self, other: Period) -> bool:
        """Whether some days are in both."""
        return self.start <= other.end and other.start <= self.end

    def buckets(self, bucket: Bucket) -> Iterator[Period]:
        """The weeks, months or quarters that it touches, cut to what lies inside."""
        first = bucket.first(self.start)
        while first < self.after:
            following = bucket.after(first)
            yield Period(max(first, self.start), min(following - _DAY, self.end))
            first = following

    def best_bucket(self) -> Bucket:
        """What cuts it into a readable number of points: weeks for four months, months for three years."""
        if self.days <= 125:
            return Bucket.WEEK
        return Bucket.MONTH if self.days <= 3 * 366 else Bucket.QUARTER

    def parts(self) -> tuple[Period | None, list[Period]]:
        """Its whole calendar months as one period (None without any), and the days at the edges."""
        first = self.start if self.start.day == 1 else months_later(self.start.replace(day=1), 1)
        after = self.after.replace(day=1)
        if first >= after:
            return None, [self]
        edges = [(self.start, first - _DAY), (after, self.end)]
        return Period(first, after - _DAY), [Period(*edge) for edge in edges if edge[0] <= edge[1]]


def _year_before(day: date, of_leap_day: int) -> date:
    """29 February becomes 28 February or 1 March."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2 if of_leap_day == 28 else 3, of_leap_day)
    return day.replace(year=day.year - 1)


def quarter_of(day: date) -> Period:
    """The calendar quarter that a day is in."""
    first = Bucket.QUARTER.first(day)
    return Period(first, Bucket.QUARTER.after(first) - _DAY)


def months_later(first: date, months: int) -> date:
    """The first of a month, some months later (or earlier)."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)
