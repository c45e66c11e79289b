from __future__ import annotations

import math

import pytest

from feedback.lint.options.numeric_bands import comparable, gap, overlap, parse

INF = math.inf


@pytest.mark.parametrize(
    ("language", "text", "low", "high"),
    [
        ("en", "1-3", 1, 3),
        ("en", "1,000 to 1,999", 1000, 1999),
        ("en", "Under 18", -INF, 18),
        ("en", "60 or over", 60, INF),
        ("en", "None", 0, 0),
        ("en", "30 min to 1 hour", 30, 60),
        ("en", "10k-20k", 10_000, 20_000),
        ("en", "Before 2020", -INF, 2020),
        ("en", "2026 or later", 2026, INF),
        ("tr", "2020'den önce", -INF, 2020),
        ("fa", "۱۴۰۵ یا پس از آن", 1405, INF),
        ("tr", "Üç kez veya daha fazla", 3, INF),
        ("fa", "یک بار", 1, 1),
        ("tr", "20'den az", -INF, 20),
        ("tr", "18 yaş altı", -INF, 216),
        ("tr", "1.000 - 1.999 TL", 1000, 1999),
        ("tr", "2 saat ve daha fazla", 120, INF),
        ("tr", "10 GB ile 49 GB arası", 10, 49),
        ("tr", "1 ton - 4 ton", 1, 4),
        ("en", "10 GB to 49 GB", 10, 49),
        ("tr", "%10-%24", 10, 24),
        ("tr", "50 m²'den küçük", -INF, 50),
        ("tr", "50-99 m²", 50, 99),
        ("tr", "100 m2 ve üzeri", 100, INF),
        ("en", "50-99 m²", 50, 99),
        ("tr", "10 kişiden çok", 10, INF),
        ("tr", "25 Mbps'den yavaş", -INF, 25),
        ("tr", "2010 veya daha eski", -INF, 2010),
        ("tr", "2021 ve daha yeni", 2021, INF),
        ("tr", "100 Mbps veya daha hızlı", 100, INF),
        ("tr", "5 ton veya daha çok, 10 tondan az", 5, 10),
        ("en", "5 or more but less than 10", 5, 10),
        ("tr", "10 tondan fazla, 20 tona kadar", 10, 20),
        ("fa", "۱۰ تا ۲۰", 10, 20),
        ("fa", "۲۰٬۰۰۰ تا ۳۰٬۰۰۰ تومان", 20_000, 30_000),
        ("fa", "کمتر از ۱۸ سال", -INF, 216),
        ("fa", "یک تا سه بار", 1, 3),
        ("de", "18 bis unter 25 Jahre", 216, 300),
        ("es", "más de 10", 10, INF),
        ("fr", "moins de 18 ans", -INF, 216),
        ("ar", "٦٥ فأكثر", 65, INF),
    ],
)
def test_bands_are_read_in_every_language(language, text, low, high):
    band = parse(text, language)
    assert band
    assert (band.low, band.high) == (low, high)


@pytest.mark.parametrize(
    "text", ["Tea", "A friend", "Version 1.2.3", "Call 3340 now for help", "9:00-12:00", "", "-"]
)
def test_what_is_not_plainly_a_band_is_none(text):
    assert parse(text, "en") is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1-3", "3-6", 3),
        ("1-3", "4-6", None),
        ("up to 2", "up to 4", 2),
        ("less than 5", "less than 10", 4),
        ("5 km to less than 10 km", "10 km or more", None),
        ("5-10 min", "10-15 min", 10),
        ("None", "less than 5", None),
        ("Under 18", "18-24", None),
    ],
)
def test_an_overlap_is_a_value_in_both_bands(one, other, expected):
    first, second = parse(one, "en"), parse(other, "en")
    assert first
    assert second
    assert overlap(first, second) == expected == overlap(second, first)


@pytest.mark.parametrize(
    ("one", "other", "has_gap"),
    [
        ("1-4", "6-9", True),
        ("under 10", "12+", True),
        ("under 10", "10-19", False),
        ("$20-$49", "$50-$99", False),
        ("<1 h", "1-2 h", False),
        ("30-59 minutes", "1-2 hours", False),
        ("5-10 minutes", "1-2 hours", True),
        ("less than 5", "more than 5", True),
    ],
)
def test_a_gap_is_a_value_in_neither_band(one, other, has_gap):
    lower, upper = parse(one, "en"), parse(other, "en")
    assert lower
    assert upper
    assert bool(gap(lower, upper)) == has_gap


@pytest.mark.parametrize(
    ("language", "text", "closed"),
    [
        ("tr", "1-5 ton (5 hariç)", (True, False)),
        ("tr", "1 ton ile 5 ton arası (5 ton hariç)", (True, False)),
        ("tr", "1.000-5.000 TL (1.000 hariç)", (False, True)),
        ("tr", "1-5 ton (5 dâhil)", (True, True)),
        ("en", "1-5 (5 excluded)", (True, False)),
    ],
)
def test_a_bracket_says_whether_an_end_belongs_to_a_band(language, text, closed):
    band = parse(text, language)
    assert band
    assert (band.low_closed, band.high_closed) == closed


@pytest.mark.parametrize("text", ["1-5 ton (7 hariç)", "1-5 ton (Ankara hariç)"])
def test_a_bracket_that_names_no_end_leaves_a_band_unclear(text):
    assert parse(text, "tr") is None


@pytest.mark.parametrize("text", ["09.00-12.00", "09.00 ile 12.30 arası", "9.00 - 12.00"])
def test_a_turkish_clock_is_no_band_of_decimals(text):
    assert parse(text, "tr") is None


@pytest.mark.parametrize("text", ["2.00-2.50", "10.00-20.00 TL", "1.000-1.999"])
def test_a_turkish_number_with_a_point_stays_a_band(text):
    assert parse(text, "tr")


def test_bands_in_different_units_are_not_compared():
    bands = [parse(text, "en") for text in ("2-4 times a month", "2-3 times a week")]
    assert comparable([band for band in bands if band]) == []


@pytest.mark.parametrize("text", ["Before 10 am", "After 2 pm", "one shop"])
def test_times_of_day_and_things_are_no_bands(text):
    assert parse(text, "en") is None
