"""Which day a moment belongs to, and where the clocks of a zone change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.time.local_days import day_of, end_of_day, offsets

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Asia/Tehran",
    "America/Los_Angeles",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
)
moments = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", 1), ("Europe/Istanbul", 2), ("America/Los_Angeles", 1), ("Asia/Tehran", 2)],
)
def test_late_in_the_evening_it_is_already_tomorrow_further_east(zone: str, day: int) -> None:
    assert day_of(datetime(2026, 4, 1, 22, 30, tzinfo=UTC), ZoneInfo(zone)) == date(2026, 4, day)


def test_the_clocks_of_berlin_change_twice_a_year() -> None:
    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
    hour = timedelta(hours=1)
    assert offsets(BERLIN, first, last) == [
        (first, hour),
        (datetime(2026, 3, 29, 1, tzinfo=UTC), 2 * hour),
        (datetime(2026, 10, 25, 1, tzinfo=UTC), hour),
    ]


@given(zone=st.sampled_from(ZONES), moment=moments, length=st.integers(0, 900), at=st.floats(0, 1))
def test_every_moment_is_shifted_as_its_zone_says(
    zone: str, moment: datetime, length: int, at: float
) -> None:
    last = moment + timedelta(days=length)
    inside = moment + at * (last - moment)
    shift = [offset for start, offset in offsets(ZoneInfo(zone), moment, last) if start <= inside][-1]
    assert (inside + shift).date() == day_of(inside, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        (
            datetime(2026, 3, 29, 12, tzinfo=UTC),
            datetime(2026, 3, 29, 22, tzinfo=UTC),
        ),  # the clocks went forward
        (
            datetime(2026, 3, 29, 22, tzinfo=UTC),
            datetime(2026, 3, 30, 22, tzinfo=UTC),
        ),  # midnight begins a day
    ],
)
def test_a_day_ends_at_the_next_midnight_of_its_zone(moment: datetime, end: datetime) -> None:
    assert end_of_day(moment, BERLIN) == end
