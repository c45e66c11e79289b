"""Numbers as people type them, and what each can mean."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.core.text.numerals import readings, spelled
from feedback.i18n import translator


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("12", ["12"]),
        (" ۱۲ ", ["12"]),
        ("٣٫٥", ["3.5"]),
        ("۱۲/۵", ["12.5"]),  # typed in Persian without «٫»
        ("1/2", []),  # a half, or the first of February
        ("1,5", ["1.5"]),
        ("1.5", ["1.5"]),
        (".5", ["0.5"]),
        ("1.234", ["1234", "1.234"]),
        ("1,234", ["1234", "1.234"]),
        ("0.123", ["0.123"]),
        ("1.234,5", ["1234.5"]),
        ("1,234.5", ["1234.5"]),
        ("1.234.567", ["1234567"]),
        ("12,34,567", ["1234567"]),
        ("۱٬۲۳۴٫۵", ["1234.5"]),
        ("۱،۲۳۴", ["1234", "1.234"]),
        ("1\u00a0234,50", ["1234.50"]),
        ("1'234", ["1234"]),
        ("1’234.5", ["1234.5"]),
        ("−3", ["-3"]),
        ("+3", ["3"]),
        ("\u200e-3\u200e", ["-3"]),
        ("12.34.5", []),
        ("12 5", []),
        ("1,23,4", []),
        ("5-10", []),
        ("1e5", []),
        ("5²", []),
        ("½", []),
        ("twelve", []),
        ("", []),
        ("9" * 41, []),
    ],
)
def test_a_typed_number_has_the_values_that_some_language_gives_it(typed: str, values: list[str]) -> None:
    assert [each.value for each in readings(typed)] == [Decimal(each) for each in values]


@settings(max_examples=300, deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(0, 2), st.sampled_from(["en", "tr", "fa", "de", "fr", "ar"]))
def test_a_number_that_we_write_ourselves_can_be_typed_back(number: int, places: int, language: str) -> None:
    value = Decimal(number) / 10**places
    shown = translator("survey", language).number(value, digits=places)
    assert value in [each.value for each in readings(shown)], shown


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_is_none(typed: str) -> None:
    assert all(each.value.is_finite() for each in readings(typed))


@pytest.mark.parametrize(
    ("value", "text"), [(5, "5"), (-2.5, "-2.5"), (0.01, "0.01"), (1e12, "1000000000000"), (100.0, "100")]
)
def test_a_stored_number_is_spelled_as_people_type(value: float, text: str) -> None:
    assert spelled(value) == text
