"""Translations and formatting for one language: catalogues, numbers and dates.

A message is written in English where it is used, with `{names}` for the variable parts. That English text
is its key in `feedback/locales/<domain>/<language>.po`. The files are compiled in memory when a language is
first needed, so there is no build step.
"""

from __future__ import annotations

import gettext as catalogues
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from string import Formatter
from typing import Literal

import jdatetime
from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta
from babel.lists import format_list
from babel.localedata import exists
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent

from feedback.core.text.localized import direction, nearest

LOCALES = Path(__file__).parent / "locales"

LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "survey": ("en", "tr", "fa", "de", "es", "fr", "ar"),  # pages for customers
    "messages": ("en", "tr", "fa", "de", "es", "fr", "ar"),  # messages to customers
    "desk": ("en", "tr", "fa"),  # pages for staff
    "lint": ("en", "tr", "fa"),  # the linter's findings, on pages and in the terminal
}
"""Domain -> its languages. The first one is used for every language that is not listed."""

_WEEK_BEGINS = {"fa": 5, "ar": 5}  # Saturday; in all other languages Monday
_DIGITS = {"arabext": "۰۱۲۳۴۵۶۷۸۹", "arab": "٠١٢٣٤٥٦٧٨٩"}
_PERCENT = {"arabext": "٪", "arab": "٪"}
_SOLAR_MONTHS = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip

Number = int | float | Decimal
Day = date
Length = Literal["short", "medium", "long", "full"]
Calendar = Literal["gregorian", "solar_hijri"]
ELSEWHERE = "en_150"
"""How English is written in countries that have no English of their own: 30 Nov 2026, 21:02."""


@dataclass(frozen=True)
class Translator:
    """Messages, digits and dates in one language. `translator()` makes one per domain and language.

    `region` (ISO 3166) decides how dates are written in English, and `calendar` which one names the days in Persian.
    Months, quarters and years of reports are Gregorian in every calendar.
    """

    domain: str
    language: str
    messages: catalogues.NullTranslations
    region: str = ""
    calendar: Calendar = "gregorian"

    @cached_property
    def locale(self) -> Locale:
        return Locale.parse(self.language)

    @cached_property
    def _dates(self) -> Locale:
        """The locale of dates and times."""
        if self.language != "en" or not self.region:
            return self.locale
        own = f"en_{self.region}"
        return Locale.parse(own if exists(own) else ELSEWHERE)

    @property
    def _is_solar(self) -> bool:
        return self.calendar == "solar_hijri" and self.language == "fa"

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`, for the page's `dir`."""
        return direction(self.language)

    @property
    def comma(self) -> str:
        """The separator between the items of a list."""
        return "، " if self.direction == "rtl" else ", "

    def gettext(self, message: str, /, **params: object) -> str:
        """Translate `message` and fill in its `{names}`; numbers get the language's digits.

        Without parameters nothing is filled in, so a text whose braces are filled later keeps them.
        """
        return self._filled(self.messages.gettext(message), params)

    def ngettext(self, singular: str, plural: str, n: int, /, **params: object) -> str:
        """Like `gettext`, in the plural form for `n`; `{n}` is the number."""
        return self._filled(self.messages.ngettext(singular, plural, n), {"n": n, **params})

    def number(self, value: Number, *, digits: int | None = None) -> str:
        """A number with the language's digits and separators; `digits` is the number of decimals."""
        pattern = None if digits is None else "#,##0" + _decimals(digits)
        value = _no_minus_zero(value, 3 if digits is None else digits)
        return self.digits(format_decimal(value, pattern, self.locale, numbering_system="default"))

    def percent(self, share: Number, *, digits: int = 0) -> str:
        """0.25 as 25 %."""
        pattern = self.locale.percent_formats[None].pattern.replace("0", "0" + _decimals(digits))
        share = _no_minus_zero(share, digits + 2)
        text = self.digits(format_percent(share, pattern, self.locale, numbering_system="default"))
        return text.replace("%", _PERCENT.get(self.locale.default_numbering_system, "%"))

    def money(self, amount: Number, currency: str) -> str:
        """An amount of money with its currency sign, rounded to a whole unit."""
        pattern = self.locale.currency_formats["standard"].pattern.replace("0.00", "0")
        text = format_currency(
            amount, currency, pattern, self.locale, currency_digits=False, numbering_system="default"
        )
        return self.digits(text)

    def price(self, amount: Number, currency: str) -> str:
        """A small amount of money with up to four decimals: $0.0079."""
        pattern = self.locale.currency_formats["standard"].pattern.replace("0.00", "0.00##")
        text = format_currency(
            amount, currency, pattern, self.locale, currency_digits=False, numbering_system="default"
        )
        return self.digits(text)

    def date(self, day: Day, length: Length = "medium") -> str:
        if self._is_solar:
            return self.digits(_solar_hijri(day, length, self.locale))
        return self.digits(format_date(day, length, locale=self._dates))

    def month(self, day: Day) -> str:
        """Mar 2026."""
        return self.digits(format_skeleton("yMMM", day, locale=self._dates))

    def quarter(self, day: Day) -> str:
        """Q1 2026."""
        return self.digits(format_skeleton("yQQQ", day, locale=self._dates))

    def day_and_month(self, day: Day) -> str:
        """5 Mar, without the year."""
        if self._is_solar:
            return self.date(day).rpartition(" ")[0]
        return self.digits(format_skeleton("MMMd", day, locale=self._dates))

    def weekdays(self) -> list[tuple[int, str]]:
        """(number from Monday = 0, name) of every weekday, in the order that is usual in this language."""
        names, first = self.locale.days["stand-alone"]["wide"], _WEEK_BEGINS.get(self.language, 0)
        return [(day, str(names[day])) for day in ((first + n) % 7 for n in range(7))]

    def time(self, moment: datetime, zone: tzinfo) -> str:
        return self.digits(format_time(moment, "short", tzinfo=zone, locale=self._dates))

    def moment(self, moment: datetime, zone: tzinfo, length: Length = "medium") -> str:
        """Date and time of `moment` in `zone`, without seconds."""
        local = moment.astimezone(zone)
        if self._is_solar:
            both = str(self.locale.datetime_formats["short"])
            return both.replace("{1}", self.date(local, length)).replace("{0}", self.time(moment, zone))
        return self.digits(format_datetime(local, _moment(self._dates, length), locale=self._dates))

    def span(self, length: timedelta) -> str:
        """A length of time in its largest fitting unit: 3 hours, 2 days."""
        return self.digits(format_timedelta(abs(length), threshold=1.2, locale=self.locale))

    def relative(self, length: timedelta) -> str:
        """`in 3 hours` if `length` is positive, `3 hours ago` if it is negative."""
        text = format_timedelta(length, threshold=1.2, add_direction=True, locale=self.locale)
        return self.digits(text)

    def listed(self, items: list[str]) -> str:
        """`a, b and c`."""
        return format_list(items, locale=self.locale) if items else ""

    def digits(self, text: str) -> str:
        """`text` with the language's own digits; Babel writes European ones in every language."""
        own = _DIGITS.get(self.locale.default_numbering_system)
        return text.translate(str.maketrans("0123456789", own)) if own else text

    def _filled(self, text: str, params: Mapping[str, object]) -> str:
        if not params:
            return text
        return text.format_map({key: self._shown(value) for key, value in params.items()})

    def _shown(self, value: object) -> object:
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        return self.number(value) if is_number else value  # type: ignore[arg-type]


def _(message: str) -> str:
    """Marks a text for the catalogues where it is written; it is translated where it is shown."""
    return message


def translator(
    domain: str, language: str | None, region: str = "", calendar: Calendar = "gregorian"
) -> Translator:
    """The translator of a domain in the nearest language; in the domain's first one if it has none such."""
    spoken = LANGUAGES[domain]
    return _translator(domain, nearest(language, spoken) or spoken[0], region, calendar)


@cache
def _translator(domain: str, language: str, region: str, calendar: Calendar) -> Translator:
    return Translator(domain, language, _messages(domain, language), region, calendar)


@cache
def _messages(domain: str, language: str) -> catalogues.NullTranslations:
    file = LOCALES / domain / f"{language}.po"
    return _compiled(read(file)) if file.exists() else catalogues.NullTranslations()


def read(file: Path) -> Catalog:
    """Read a `.po` file. Raises ValueError if it is not a valid catalogue."""
    with file.open("rb") as stream:
        return read_po(stream, locale=file.stem, abort_invalid=True)


def _compiled(catalogue: Catalog) -> catalogues.GNUTranslations:
    binary = io.BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return catalogues.GNUTranslations(binary)


def placeholders(message: str) -> set[str]:
    """The `{names}` in a message."""
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def language_name(language: str) -> str:
    """A language's name in that language: Türkçe, فارسی."""
    try:
        locale = Locale.parse(language, sep="-")
        name = locale.display_name if "-" in language else locale.get_language_name(locale)
    except (UnknownLocaleError, ValueError):
        return language
    name = name or language
    return name[:1].upper() + name[1:]


def _no_minus_zero(value: Number, digits: int) -> Number:
    """0 for a negative number that is rounded to zero, which would be written as -0."""
    return value if value > 0 or round(value, digits) else 0


def _decimals(digits: int) -> str:
    return "." + "0" * digits if digits else ""


def _solar_hijri(day: Day, length: Length, locale: Locale) -> str:
    """A Gregorian day in the calendar of Iran: 9 آذر 1405."""
    solar = jdatetime.date.fromgregorian(year=day.year, month=day.month, day=day.day)
    if length == "short":
        return f"{solar.year}/{solar.month:02}/{solar.day:02}"
    written = f"{solar.day} {_SOLAR_MONTHS[solar.month - 1]} {solar.year}"
    return f"{locale.days['format']['wide'][day.weekday()]} {written}" if length == "full" else written


def _moment(locale: Locale, length: Length) -> str:
    day, clock = locale.date_formats[length].pattern, locale.time_formats["short"].pattern
    return str(locale.datetime_formats["short"]).replace("{1}", day).replace("{0}", clock)
