"""Due dates in business hours: "within 4 business hours", "within 3 business days".

Parameters and results are aware datetimes, results in UTC. Opening hours are local, so each day's hours are
converted to UTC before counting. Clock changes therefore neither lose nor double an hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from feedback.core.time.duration import Duration

MIDNIGHT = time(0)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One business day's opening hours, in UTC."""

    opens: datetime
    closes: datetime


@dataclass(frozen=True)
class BusinessCalendar:
    """Working days and hours.

    `time_zone` is an IANA name; `weekdays` counts from Monday = 0 as `date.weekday()` does; `opens` and
    `closes` are local times; `closes` at 00:00 is the end of the day. Raises ValueError for a calendar
    that never opens or an unknown time zone.
    """

    time_zone: str
    weekdays: frozenset[int] = frozenset(range(5))
    opens: time = time(9)
    closes: time = time(17)
    holidays: frozenset[date] = frozenset()
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= set(range(7)):
            raise ValueError("Business days must contain at least one of 0 (Monday) to 6 (Sunday).")
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("Business hours must be local times without a time zone.")
        if self.opens >= self.closes != MIDNIGHT:
            raise ValueError(f"Business hours must open ({self.opens}) before they close ({self.closes}).")
        object.__setattr__(self, "_zone", _zone(self.time_zone))

    def is_open(self, moment: datetime) -> bool:
        """Whether `moment` is in business hours; the closing time itself still is."""
        return self.opened_at(moment) is not None

    def opened_at(self, moment: datetime) -> datetime | None:
        """When the business hours that include `moment` began (UTC); None outside them."""
        window = self._window(self._local_date(moment))
        before = self._window(self._local_date(moment) - _DAY)  # it can end at this day's midnight
        around = (found for found in (window, before) if found and found.opens <= moment <= found.closes)
        return next((found.opens for found in around), None)

    def add(self, start: datetime, amount: Duration) -> datetime:
        """The time (UTC) at which `amount` of business time has passed since `start` (aware).

        Minutes and hours count opening hours only. Days lead to the same time of day that many business
        days later; a week has as many business days as `weekdays`. A start outside opening hours is moved to
        the next opening. The result is never outside opening hours: 4 h before closing plus 4 h is closing
        time, not the next opening. Raises ValueError for a naive `start`.
        """
        if start.tzinfo is None:
            raise ValueError("Pass an aware datetime: this one has no time zone.")
        start = start.astimezone(UTC)
        match amount.unit:
            case "m" | "h":
                return self._add_open_time(start, amount.timedelta)
            case "d":
                return self._add_days(start, amount.amount)
            case "w":
                return self._add_days(start, amount.amount * len(self.weekdays))

    def reaches(self, start: datetime, open_time: timedelta) -> datetime:
        """The time (UTC) at which `open_time` of opening hours has passed since `start` (aware)."""
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
        # Use the time since opening, because a clock time can be missing or repeated on a day of a clock change.
        into_the_day = max(start, first.opens) - first.opens
        last = first
        for _ in range(days):
            last = next(windows)
        return min(last.opens + into_the_day, last.closes)

    def _windows_from(self, start: datetime) -> Iterator[Window]:
        """An infinite iterator over the windows that close at or after `start`."""
        day = self._local_date(start) - _DAY  # a day that ends at midnight can still include `start`
        while True:
            window = self._window(day)
            if window and window.closes >= start:
                yield window
            day += _DAY

    def _window(self, day: date) -> Window | None:
        """The opening hours of a day; None if it is not a business day."""
        if day.weekday() not in self.weekdays or day in self.holidays:
            return None
        closing_day = day + _DAY if self.closes == MIDNIGHT else day
        opens, closes = self._utc(day, self.opens), self._utc(closing_day, self.closes)
        # A day that a zone skipped (Samoa, 30 December 2011) would otherwise repeat the next one.
        skipped = self._local_date(opens) != day
        return None if skipped or closes <= opens else Window(opens, closes)

    def _utc(self, day: date, at: time) -> datetime:
        """Convert a local time to UTC. A time that a clock change skips is moved forward by the change; of a repeated
        time, the first is used."""
        return datetime.combine(day, at, tzinfo=self._zone).astimezone(UTC)

    def _local_date(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Istanbul.") from error
