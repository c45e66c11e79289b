"""Due dates in business hours: "within 4 business hours", "within 3 business days".

Moments come and go as aware UTC. Opening hours are local, so each day's hours are turned into UTC first and
all counting is done there: the clock changes can neither swallow nor double an hour of work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from feedback.core.duration import Duration

MIDNIGHT = time(0)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One business day's opening hours as UTC moments."""

    opens: datetime
    closes: datetime


@dataclass(frozen=True)
class BusinessCalendar:
    """When the team works.

    `time_zone` is an IANA name; `weekdays` counts from Monday = 0 as `date.weekday()` does; `opens` and
    `closes` are local times, `closes` at midnight meaning the end of the day. ValueError for a calendar
    that never opens or a zone that does not exist.
    """

    time_zone: str
    weekdays: frozenset[int] = frozenset(range(5))
    opens: time = time(9)
    closes: time = time(17)
    holidays: frozenset[date] = frozenset()
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= set(range(7)):
            raise ValueError("Business days are at least one of 0 (Monday) to 6 (Sunday).")
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("Business hours are local times, without a time zone of their own.")
        if self.opens >= self.closes != MIDNIGHT:
            raise ValueError(f"Business hours open ({self.opens}) before they close ({self.closes}).")
        object.__setattr__(self, "_zone", _zone(self.time_zone))

    def is_open(self, moment: datetime) -> bool:
        """Whether the team works at this moment; the minute of closing still counts."""
        window = self._window(self._local_date(moment))
        before = self._window(self._local_date(moment) - _DAY)  # its end may be this day's midnight
        return any(found.opens <= moment <= found.closes for found in (window, before) if found)

    def add(self, start: datetime, amount: Duration) -> datetime:
        """The moment when `amount` of business time has passed since `start` (aware), in UTC.

        Minutes and hours count opening time only. Days lead to the same time of day that many business
        days later; a week is as many business days as `weekdays` holds. What starts outside opening
        hours starts at the next opening. A result is never outside opening hours: 4 h before closing
        plus 4 h is closing time, not the next opening.
        """
        if start.tzinfo is None:
            raise ValueError("Business time starts from an aware moment, not from a naive one.")
        start = start.astimezone(UTC)
        match amount.unit:
            case "m" | "h":
                return self._add_open_time(start, amount.timedelta)
            case "d":
                return self._add_days(start, amount.amount)
            case "w":
                return self._add_days(start, amount.amount * len(self.weekdays))

    def reaches(self, start: datetime, open_time: timedelta) -> datetime:
        """The moment (UTC) at which so much opening time has passed since `start`, which is aware."""
        return self._add_open_time(start.astimezone(UTC), open_time)

    def _add_open_time(self, start: datetime, remaining: timedelta) -> datetime:
        for window in self._windows_from(start):
            begin = max(start, window.opens)
            if remaining <= window.closes - begin:
                return begin + remaining
            remaining -= window.closes - begin
        raise AssertionError("unreachable: the windows have no end")

    def _add_days(self, start: datetime, days: int) -> datetime:
        windows = self._windows_from(start)
        first = next(windows)
        # Time since opening rather than the time on the clock: that exists once on every day.
        into_the_day = max(start, first.opens) - first.opens
        last = first
        for _ in range(days):
            last = next(windows)
        return min(last.opens + into_the_day, last.closes)

    def _windows_from(self, start: datetime) -> Iterator[Window]:
        """Every window that has not closed before `start`, in order, without end."""
        day = self._local_date(start) - _DAY  # a day that ends at midnight may still touch `start`
        while True:
            window = self._window(day)
            if window and window.closes >= start:
                yield window
            day += _DAY

    def _window(self, day: date) -> Window | None:
        """The opening hours of a day; None when it is no business day."""
        if day.weekday() not in self.weekdays or day in self.holidays:
            return None
        closing_day = day + _DAY if self.closes == MIDNIGHT else day
        opens, closes = self._utc(day, self.opens), self._utc(closing_day, self.closes)
        # Days that a zone has skipped altogether (Samoa, 30 December 2011) would repeat the next one.
        skipped = self._local_date(opens) != day
        return None if skipped or closes <= opens else Window(opens, closes)

    def _utc(self, day: date, at: time) -> datetime:
        """A time that a clock change leaves out is the hour later, one that comes twice is the first."""
        return datetime.combine(day, at, tzinfo=self._zone).astimezone(UTC)

    def _local_date(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no IANA time zone such as Europe/Istanbul.") from error
