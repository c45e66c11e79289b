"""Periods, and the weeks, months and quarters in them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.time.period import Bucket, Period, quarter_of

days = st.dates(date(2019, 12, 1), date(2028, 2, 28))
periods = st.builds(
    lambda start, length: Period(start, start + timedelta(days=length)), days, st.integers(0, 900)
)


def all_days(period: Period) -> list[date]:
    return [period.start + timedelta(days=n) for n in range(period.days)]


@pytest.mark.parametrize(
    ("day", "bucket", "first", "following"),
    [
        (date(2026, 3, 1), Bucket.WEEK, date(2026, 2, 23), date(2026, 3, 2)),
        (date(2026, 12, 31), Bucket.MONTH, date(2026, 12, 1), date(2027, 1, 1)),
        (date(2026, 12, 31), Bucket.QUARTER, date(2026, 10, 1), date(2027, 1, 1)),
        (date(2026, 5, 17), Bucket.QUARTER, date(2026, 4, 1), date(2026, 7, 1)),
    ],
)
def test_a_bucket_begins_on_monday_or_on_the_first(
    day: date, bucket: Bucket, first: date, following: date
) -> None:
    assert (bucket.first(day), bucket.after(first)) == (first, following)


@given(period=periods, bucket=st.sampled_from(Bucket))
def test_buckets_cover_every_day_once(period: Period, bucket: Bucket) -> None:
    parts = list(period.buckets(bucket))
    assert [day for part in parts for day in all_days(part)] == all_days(period)
    assert all(bucket.first(part.start) == bucket.first(part.end) for part in parts)


@given(period=periods)
def test_months_and_edges_cover_every_day_once(period: Period) -> None:
    months, edges = period.parts()
    found = [day for part in [*edges, *([months] if months else [])] for day in all_days(part)]
    assert sorted(found) == all_days(period)
    assert months is None or (months.start.day == 1 and months.after.day == 1)
    assert sum(edge.days for edge in edges) <= 60


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (Period(date(2026, 1, 1), date(2026, 3, 31)), Period(date(2025, 10, 1), date(2025, 12, 31))),
        (Period(date(2026, 3, 1), date(2026, 3, 31)), Period(date(2026, 2, 1), date(2026, 2, 28))),
        (Period(date(2026, 3, 5), date(2026, 3, 11)), Period(date(2026, 2, 26), date(2026, 3, 4))),
    ],
)
def test_a_quarter_is_compared_with_a_quarter_and_a_week_with_a_week(period: Period, before: Period) -> None:
    assert period.before() == before


@pytest.mark.parametrize(
    ("period", "earlier"),
    [
        (Period(date(2026, 1, 1), date(2026, 3, 31)), Period(date(2025, 1, 1), date(2025, 3, 31))),
        (Period(date(2026, 3, 5), date(2026, 3, 11)), Period(date(2025, 3, 5), date(2025, 3, 11))),
        (Period(date(2025, 2, 1), date(2025, 2, 28)), Period(date(2024, 2, 1), date(2024, 2, 29))),
        (Period(date(2024, 2, 1), date(2024, 2, 29)), Period(date(2023, 2, 1), date(2023, 2, 28))),
        (Period(date(2024, 2, 20), date(2024, 2, 28)), Period(date(2023, 2, 20), date(2023, 2, 28))),
        (Period(date(2024, 2, 29), date(2024, 2, 29)), Period(date(2023, 2, 28), date(2023, 2, 28))),
    ],
)
def test_the_same_time_last_year_is_the_same_days(period: Period, earlier: Period) -> None:
    assert period.year_before() == earlier


@given(period=periods)
def test_only_a_period_of_more_than_a_year_overlaps_with_last_year_s(period: Period) -> None:
    overlaps = period.overlaps(period.year_before())
    assert not overlaps if period.days <= 365 else overlaps or period.days == 366


def test_a_period_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Period(date(2026, 2, 1), date(2026, 1, 31))


def test_a_day_knows_its_quarter() -> None:
    assert quarter_of(date(2026, 2, 3)) == Period(date(2026, 1, 1), date(2026, 3, 31))
