"""Dates: which day is stored, and which sentence a mistake gets."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.questions.asking import question, read, refusal

DAY = question("date", min="2020-01-01", max="2026-12-31")


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("2026-02-28", "2026-02-28"),
        ("2026/2/8", "2026-02-08"),
        ("۲۰۲۶-۰۲-۲۸", "2026-02-28"),
        ("28.2.2026", "2026-02-28"),
        ("3.4.2026", "2026-04-03"),
        ("28/2/2026", "2026-02-28"),
        ("2/28/2026", "2026-02-28"),
        ("4/4/2026", "2026-04-04"),
        ("3/4/2026", ["two_dates"]),
        ("29.2.2026", ["not_date"]),
        ("yesterday", ["not_date"]),
        ("28.2.26", ["not_date"]),
        ("2019-12-31", ["not_in_period"]),
        ("1405-02-11", ["not_in_period"]),
        ("", None),
    ],
)
def test_a_date_is_a_day_that_exists_in_its_period(typed: str, value: Any) -> None:
    assert read(DAY, typed) == value


@settings(max_examples=200, deadline=None)
@given(st.dates(date(2020, 1, 1), date(2026, 12, 31)), st.text(max_size=20))
def test_every_day_can_be_picked_and_no_text_breaks_the_reading(day: date, words: str) -> None:
    assert read(DAY, day.isoformat()) == day.isoformat()
    read(DAY, words)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"min": "2026-02-30"}, "There is no day `2026-02-30`"),
        ({"min": "2026-02-02", "max": "2026-02-01"}, "must be later than min"),
    ],
)
def test_what_cannot_be_asked_is_refused(fields: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal("date", **fields)
