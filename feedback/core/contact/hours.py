"""Contact hours: a country's hours, intersected over all time zones in which the person may be.

Hours are local times of one day. They are converted to UTC intervals day by day, so clock changes are taken
into account. If the time zone is uncertain, the intervals of all possible zones are intersected.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache, reduce
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALL_DAYS = frozenset(range(7))
_USUAL_WEEKEND = frozenset({5, 6})
SEARCH = timedelta(days=45)  # how far ahead to search for a window: longer than usual blackouts
_USUALLY_ENOUGH = timedelta(days=4)  # search this far first, because computing days takes time


@dataclass(frozen=True)
class Hours:
    """The contact hours of one day in local time; `closes` of 00:00 is the end of the day."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        if self.closes != time.min and self.opens >= self.closes:
            raise ValueError(f"Contact hours must end after they start, not {self.opens} to {self.closes}.")

    def within(self, other: Hours) -> Hours | None:
        """The intersection with `other`; None if it is empty."""
        opens = max(self.opens, other.opens)
        closes = min((each for each in (self.closes, other.closes) if each != time.min), default=time.min)
        return Hours(opens, closes) if closes == time.min or opens < closes else None


ALL_DAY = Hours(time.min, time.min)


@dataclass(frozen=True)
class CountryRules:
    """A country's contact hours by law and custom; `code` is ISO 3166 or "default".

    `week` has seven entries from Monday; None is a day without contact.
    """

    code: str
    week: tuple[Hours | None, ...]
    consent_required: frozenset[str] = frozenset()
    zones: tuple[str, ...] = ()
    basis: str = ""

    def within(self, day: Hours) -> CountryRules:
        """These rules, limited to the hours of `day`."""
        return replace(self, week=tuple(each.within(day) if each else None for each in self.week))


@dataclass(frozen=True)
class ContactWindow:
    """An interval in UTC in which a message may be sent; `end` is excluded."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Calendar:
    """Contact hours, time zones and blackout dates for one person."""

    rules: CountryRules
    zones: tuple[str, ...]
    blackout: frozenset[date] = field(default_factory=frozenset)

    def windows(self, since: datetime, search: timedelta = SEARCH) -> list[ContactWindow]:
        """The windows that end after `since` and are within `search`, in order."""
        until = since + search
        zones = map(ZoneInfo, self.zones)
        days = tuple((since.astimezone(zone).date(), until.astimezone(zone).date()) for zone in zones)
        return [window for window in _windows_on(self, days) if window.end > since]

    def local(self, zone: ZoneInfo, first: date, last: date) -> Iterator[ContactWindow]:
        """The windows of one zone on its local days from `first` to `last`."""
        day = first
        while day <= last:
            hours = self.rules.week[day.weekday()]
            if hours and day not in self.blackout and (window := _window(day, hours, zone)):
                yield window
            day += timedelta(days=1)


@lru_cache(maxsize=4096)
def _windows_on(calendar: Calendar, days: tuple[tuple[date, date], ...]) -> list[ContactWindow]:
    """The windows in which all zones have their hours, each on its (first, last) local day. They are the same for
    everybody with the same calendar, which matters if a whole base is decided on."""
    spans = zip(map(ZoneInfo, calendar.zones), days, strict=True)
    return _joined(reduce(_intersect, (list(calendar.local(zone, *span)) for zone, span in spans)))


def first_window(calendar: Calendar, since: datetime, least: timedelta) -> ContactWindow | None:
    """The rest of the first window that, at or after `since`, has at least `least` left; None if there is none."""
    for search in (_USUALLY_ENOUGH, SEARCH):
        for window in calendar.windows(since, search):
            rest = ContactWindow(max(window.start, since), window.end)
            if rest.end - rest.start >= least:
                return rest
    return None


def _window(day: date, hours: Hours, zone: ZoneInfo) -> ContactWindow | None:
    closing_day = day + timedelta(days=1) if hours.closes == time.min else day
    start = max(_both_readings(day, hours.opens, zone))
    end = min(_both_readings(closing_day, hours.closes, zone))
    return ContactWindow(start, end) if start < end else None


def _both_readings(day: date, wall: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Both moments (UTC) that a local time can mean; they differ only if a clock change repeats or skips it."""
    local = datetime.combine(day, wall, tzinfo=zone)
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _intersect(one: list[ContactWindow], other: list[ContactWindow]) -> list[ContactWindow]:
    common, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        start, end = max(one[i].start, other[j].start), min(one[i].end, other[j].end)
        if start < end:
            common.append(ContactWindow(start, end))
        if one[i].end <= other[j].end:
            i += 1
        else:
            j += 1
    return common


def _joined(windows: list[ContactWindow]) -> list[ContactWindow]:
    """Merge windows that meet at midnight."""
    joined: list[ContactWindow] = []
    for window in windows:
        if joined and joined[-1].end == window.start:
            joined[-1] = ContactWindow(joined[-1].start, window.end)
        else:
            joined.append(window)
    return joined


# -- the data ---------------------------------------------------------------------------------------------


@cache
def shipped_rules() -> Mapping[str, CountryRules]:
    """The rules that come with the package, by country code; "default" applies to all other countries."""
    data = tomllib.loads((files("feedback.core") / "data" / "countries.toml").read_text("utf-8"))
    return {code: country_rules(code, raw) for code, raw in data.items()}


@cache
def rules_within(day: Hours) -> Mapping[str, CountryRules]:
    """The shipped rules, limited to the hours of `day`; cached, because every message needs them."""
    return {code: rules.within(day) for code, rules in shipped_rules().items()}


@cache
def shipped_weekends() -> Mapping[str, frozenset[int]]:
    """The days of rest, from 0 for Monday, of each country that does not rest on Saturday and Sunday."""
    tables = tomllib.loads((files("feedback.core") / "data" / "weekends.toml").read_text("utf-8"))
    return {
        code: frozenset(WEEKDAYS.index(day) for day in days)
        for table in tables.values()
        for code, days in table.items()
    }


@cache
def rules_on_days(
    day: Hours, weekdays: frozenset[int], by_country: tuple[tuple[str, frozenset[int]], ...] = ()
) -> Mapping[str, CountryRules]:
    """The rules of all countries within the hours of `day`, with the installation's days.

    `weekdays` apply where nothing else is known. A country that rests on another day than Saturday and Sunday is
    written to on its other days: elsewhere a list such as Monday to Friday would mean the wrong ones. `by_country`
    (ISO 3166 and its days) comes before everything else.
    """
    rules = dict(rules_within(day))
    rules["default"] = replace(rules["default"], week=_week(weekdays, day))
    for code, rest in shipped_weekends().items():
        if code not in rules and not rest <= _USUAL_WEEKEND:
            rules[code] = replace(rules["default"], code=code, week=_week(_ALL_DAYS - rest, day))
    for code, days in by_country:
        known = rules.get(code.upper(), rules["default"])
        usual = next((each for each in known.week if each), day)
        week = tuple((known.week[n] or usual) if n in days else None for n in range(7))
        rules[code.upper()] = replace(known, code=code.upper(), week=week)
    return rules


def _week(days: frozenset[int], hours: Hours) -> tuple[Hours | None, ...]:
    return tuple(hours if number in days else None for number in range(7))


def country_rules(code: str, raw: Mapping[str, Any]) -> CountryRules:
    """Parse one country's table. Raises ValueError for an unknown key or day, or for invalid hours."""
    known = {"hours", "days", "closed", "consent_required", "zones", "basis"}
    if unknown := sorted(set(raw) - known):
        raise ValueError(
            f"{code}: unknown key {unknown[0]!r}; the known ones are {', '.join(sorted(known))}."
        )
    days, closed = raw.get("days", {}), raw.get("closed", ())
    _check_days(code, [*days, *closed])
    week = tuple(None if day in closed else _hours(days.get(day, raw.get("hours", ""))) for day in WEEKDAYS)
    return CountryRules(
        code=code,
        week=week,
        consent_required=frozenset(raw.get("consent_required", ())),
        zones=tuple(raw.get("zones", ())),
        basis=raw.get("basis", ""),
    )


def _check_days(code: str, days: Iterable[str]) -> None:
    if wrong := [day for day in days if day not in WEEKDAYS]:
        raise ValueError(f"{code}: {wrong[0]!r} is not a day; write one of {', '.join(WEEKDAYS)}.")


def _hours(text: str) -> Hours:
    opens, dash, closes = text.partition("-")
    try:
        return Hours(time.fromisoformat(opens), time.min if closes == "24:00" else time.fromisoformat(closes))
    except ValueError as error:
        if dash and "must end" in str(error):
            raise
        raise ValueError(f"Write contact hours as 09:00-20:00, not {text!r}.") from None
