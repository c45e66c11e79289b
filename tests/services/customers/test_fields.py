"""How people write things, and what we make of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.services.customers import fields
from feedback.services.customers.fields import Money, Style

PLAIN = Style(region="TR", zone=ZoneInfo("Europe/Istanbul"))
EUROPEAN = Style(decimal=",", dates="day-first")
AMERICAN = Style(decimal=".", dates="month-first")


@pytest.mark.parametrize(
    ("written", "style", "value"),
    [
        ("65.6", PLAIN, "65.6"),
        ("65,6", PLAIN, "65.6"),
        ("1.234,5", PLAIN, "1234.5"),
        ("1,234.5", PLAIN, "1234.5"),
        ("1,234,567", PLAIN, "1234567"),
        ("1,234", AMERICAN, "1234"),
        ("1,234", EUROPEAN, "1.234"),
        ("1.234", EUROPEAN, "1234"),
        ("1 234,50", PLAIN, "1234.50"),
        ("1'234.50", PLAIN, "1234.50"),
        ("۱۲۳۴٫۵", PLAIN, "1234.5"),
        ("١٬٢٣٤", PLAIN, "1234"),
        ("-3", PLAIN, "-3"),
    ],
)
def test_a_number_is_read_where_only_one_reading_is_possible(written: str, style: Style, value: str) -> None:
    assert fields.number(written, style) == Decimal(value)


@pytest.mark.parametrize("written", ["1,234", "1.234", "12.345"])
def test_a_number_with_two_readings_is_refused_with_the_way_out(written: str) -> None:
    with pytest.raises(ValueError, match="ambiguous"):
        fields.number(written, PLAIN)


@pytest.mark.parametrize("written", ["", "abc", "1.2.3", "1,23,4", "1e5", "NaN", "--1", "1.5"[:0] + "5 %"])
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        fields.number(written, PLAIN)


@pytest.mark.parametrize(
    ("written", "money"),
    [
        ("99", Money(Decimal("99.00"))),
        ("$99.90", Money(Decimal("99.90"))),
        ("€ 1.200,50", Money(Decimal("1200.50"), "EUR")),
        ("1200.50 try", Money(Decimal("1200.50"), "TRY")),
        ("₺5", Money(Decimal("5.00"), "TRY")),
        ("1.200,50 TL", Money(Decimal("1200.50"), "TRY")),
        ("1.200,50 tl.", Money(Decimal("1200.50"), "TRY")),
        ("R$ 1.200,50", Money(Decimal("1200.50"), "BRL")),
        ("US$ 1,200.50", Money(Decimal("1200.50"), "USD")),
        ("US$1,200.50", Money(Decimal("1200.50"), "USD")),
        ("CA$ 5", Money(Decimal("5.00"), "CAD")),
        ("A$ 5", Money(Decimal("5.00"), "AUD")),
        ("₪ 5", Money(Decimal("5.00"), "ILS")),
        ("5 zł", Money(Decimal("5.00"), "PLN")),
        ("5 kr", Money(Decimal("5.00"))),
        ("$5 USD", Money(Decimal("5.00"), "USD")),
    ],
)
def test_an_amount_may_bring_its_currency(written: str, money: Money) -> None:
    assert fields.money(written, PLAIN) == money


@pytest.mark.parametrize(
    ("written", "reason"),
    [("5 XX€", "sign is not known"), ("€5 USD", "two currencies"), ("abc", "not a number")],
)
def test_an_amount_whose_currency_is_not_known_is_refused(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        fields.money(written, PLAIN)


@pytest.mark.parametrize("written", ["-1", "9" * 13, "(120.50)", "$ -3", "-$3"])
def test_an_amount_has_bounds(written: str) -> None:
    with pytest.raises(ValueError, match="between 0"):
        fields.money(written, PLAIN)


@pytest.mark.parametrize(
    ("written", "style", "value"),
    [
        ("2026-03-31", PLAIN, date(2026, 3, 31)),
        ("2026/3/1", PLAIN, date(2026, 3, 1)),
        ("20260331", PLAIN, date(2026, 3, 31)),
        ("31.3.2026", PLAIN, date(2026, 3, 31)),
        ("1.2.2026", PLAIN, date(2026, 2, 1)),
        ("31/3/2026", PLAIN, date(2026, 3, 31)),
        ("3/31/2026", PLAIN, date(2026, 3, 31)),
        ("4/4/2026", PLAIN, date(2026, 4, 4)),
        ("3/4/2026", EUROPEAN, date(2026, 4, 3)),
        ("3/4/2026", AMERICAN, date(2026, 3, 4)),
        ("2026-03-31T10:00:00", PLAIN, date(2026, 3, 31)),
        ("۲۰۲۶-۰۳-۳۱", PLAIN, date(2026, 3, 31)),
    ],
)
def test_a_date_is_read_as_people_write_it(written: str, style: Style, value: date) -> None:
    assert fields.day(written, style) == value


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("3/4/2026", "ambiguous"),
        ("31.2.2026", "no such day"),
        ("2026-13-01", "no such day"),
        ("1.2.26", "four-digit year"),
        ("soon", "not a date"),
        ("46112", "spreadsheet"),
        ("1405/12/20", "Persian"),
        ("1404-06-31", "Persian"),
        ("20/12/1405", "Persian"),
        ("۱۴۰۵/۱۲/۲۰", "Persian"),
        ("1448-05-01", "Islamic"),
        ("2569-03-31", "Buddhist"),
        ("31.3.2569", "Buddhist"),
        ("2206-03-31", "between 1900 and 2100"),
        ("9999-12-31", "between 1900 and 2100"),
        ("0001-01-01", "between 1900 and 2100"),
        ("2026-03", "only a month"),
        ("2026-12", "only a month"),
        ("202612", "only a month"),
        ("03/2026", "only a month"),
        ("Mar 2026", "only a month"),
        ("März 2026", "only a month"),
    ],
)
def test_a_date_that_is_none_says_why(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        fields.day(written, PLAIN)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02 10:00+01:00", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("2026-03-02 10:00", datetime(2026, 3, 2, 7, tzinfo=UTC)),
        ("2.3.2026 9:05", datetime(2026, 3, 2, 6, 5, tzinfo=UTC)),
        ("2026-03-02", datetime(2026, 3, 1, 21, tzinfo=UTC)),
    ],
)
def test_a_moment_without_an_offset_is_local_time(written: str, value: datetime) -> None:
    assert fields.moment(written, PLAIN) == value


@pytest.mark.parametrize("written", ["1405-12-20T10:00:00Z", "2569-03-31 10:00", "9999-01-01"])
def test_a_moment_in_an_implausible_year_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"calendar|year"):
        fields.moment(written, PLAIN)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Turkish", "tr"),
        ("Türkçe", "tr"),
        ("TÜRKÇE", "tr"),
        ("İngilizce", "en"),
        ("English (United States)", "en"),
        ("English - United Kingdom", "en"),
        ("Deutsch", "de"),
        ("German", "de"),
        ("فارسی", "fa"),
        ("Persian", "fa"),
        ("Farsi", "fa"),
        ("pt-BR", "pt"),
        ("en", "en"),
    ],
)
def test_a_language_is_read_by_code_or_name(written: str, code: str) -> None:
    assert fields.language(written, PLAIN) == code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Turkey", "TR"),
        ("Türkiye", "TR"),
        ("TÜRKİYE", "TR"),
        ("TUR", "TR"),
        ("UK", "GB"),
        ("U.K.", "GB"),
        ("United Kingdom", "GB"),
        ("GB", "GB"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("United States", "US"),
        ("Almanya", "DE"),
        ("Deutschland", "DE"),
        ("ایران", "IR"),
        ("Na", "NA"),
        ("Côte d’Ivoire", "CI"),
    ],
)
def test_a_country_is_read_by_code_or_name(written: str, code: str) -> None:
    assert fields.country(written, PLAIN) == code


@pytest.mark.parametrize("written", ["Atlantis", "QQ", "ZZ", "EU", "T"])
def test_a_country_that_does_not_exist_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="not known"):
        fields.country(written, PLAIN)


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("Europe/Istanbul", "Europe/Istanbul"),
        ("US/Eastern", "US/Eastern"),
        ("UTC", "UTC"),
        ("Turkey Standard Time", "Europe/Istanbul"),
        ("Eastern Standard Time", "America/New_York"),
    ],
)
def test_a_time_zone_is_that_of_a_place(written: str, zone: str) -> None:
    assert fields.time_zone(written, PLAIN) == zone


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("EST", "America/New_York"),
        ("MST", "America/Denver"),
        ("HST", "Pacific/Honolulu"),
        ("Etc/GMT+5", "only an offset"),
        ("localtime", "no such time zone"),
        ("Factory", "no such time zone"),
        ("posixrules", "no such time zone"),
        ("PST", "no such time zone"),
    ],
)
def test_a_time_zone_without_the_rules_of_a_place_is_refused(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        fields.time_zone(written, PLAIN)


@pytest.mark.parametrize("written", ["2.3.2026 9h", "2.3.2026 25:00", "yesterday"])
def test_a_moment_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"time|date"):
        fields.moment(written, PLAIN)


def test_a_phone_number_takes_the_region_of_the_installation() -> None:
    assert fields.phone("0532 123 45 67", PLAIN) == "+905321234567"


def test_small_things_are_brought_into_one_form() -> None:
    assert fields.email(" Ada@Example.COM ", PLAIN) == "ada@example.com"
    assert fields.language("tr_TR", PLAIN) == "tr"
    assert fields.country("us", PLAIN) == "US"
    assert fields.basis("Legitimate interest", PLAIN) == "legitimate_interest"
    assert [fields.switch(word, PLAIN) for word in ("Evet", "NO", "بله")] == [True, False, True]


PARSERS = sorted(
    {(f"{table}.{name}", parse) for table, every in (
        ("account", fields.ACCOUNT),
        ("contact", fields.CONTACT),
        ("consent", fields.CONSENT),
        ("event", fields.EVENT),
    ) for name, parse in every.items()},
    key=lambda pair: pair[0],
)  # fmt: skip


@pytest.mark.parametrize("parse", [parse for _, parse in PARSERS], ids=[name for name, _ in PARSERS])
@given(written=st.text(min_size=1, max_size=60), style=st.sampled_from([PLAIN, EUROPEAN, AMERICAN]))
def test_whatever_is_written_a_parser_answers_or_refuses_in_a_sentence(
    parse: fields.Parser, written: str, style: Style
) -> None:
    try:
        parse(written, style)
    except ValueError as error:
        assert str(error)
        assert str(error).endswith(".")


@given(amount=st.decimals(0, 10**11, places=2), style=st.sampled_from([EUROPEAN, AMERICAN]))
def test_an_amount_comes_back_as_it_was_written(amount: Decimal, style: Style) -> None:
    american = f"{amount:,.2f}"
    swapped = american.translate(str.maketrans({",": ".", ".": ","}))
    assert fields.money(swapped if style.decimal == "," else american, style).amount == amount


@given(day=st.dates(date(1900, 1, 1), date(2100, 12, 31)), style=st.sampled_from([EUROPEAN, AMERICAN]))
def test_a_date_comes_back_as_it_was_written(day: date, style: Style) -> None:
    first, second = (day.day, day.month) if style.dates == "day-first" else (day.month, day.day)
    assert fields.day(f"{first}/{second}/{day.year:04}", style) == day
    assert fields.day(day.isoformat(), style) == day
