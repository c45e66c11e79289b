"""Parsers that convert text to the stored value of a field.

Every parser takes the text (not empty, stripped) and the `Style` of its source. It raises ValueError with a
sentence that does not contain the text, which can be personal data.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from feedback.core import reserved
from feedback.core.contact.recipient import EmailAddress, PhoneNumber
from feedback.core.text.folding import ascii_digits, fold_any

BASES = ("consent", "contract", "legitimate_interest")
EARLIEST_YEAR, LATEST_YEAR = 1900, 2100
_LARGEST = Decimal(10) ** 12
_YES = frozenset({"1", "yes", "y", "true", "on", "x", "evet", "e", "بله", "بلی"})
_NO = frozenset({"0", "no", "n", "false", "off", "hayır", "hayir", "h", "خیر", "نه"})
_BASES_IN_WORDS = {
    **{base: base for base in BASES},
    "freely_given_consent_from_contact": "consent",
    "performance_of_a_contract": "contract",
    "legitimate_interest_prospect_lead": "legitimate_interest",
    "legitimate_interest_existing_customer": "legitimate_interest",
    "legitimate_interest_other": "legitimate_interest",
}
"""The words of HubSpot's property for the legal basis, without punctuation."""
_OPTED_OUT = frozenset({"opted out", "opt out", "opted-out", "opt-out", "unsubscribed", "do not call"})
_OPTED_IN = frozenset({"opted in", "opt in", "opted-in", "opt-in", "subscribed"})
_NAMING_LOCALES = ("ar", "fa", "es", "fr", "de", "tr", "en")
"""The languages in which names of languages and countries are read; the last one wins."""
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
_COUNTRY_ALIASES = {
    "UK": "GB", "GREAT BRITAIN": "GB", "ENGLAND": "GB", "SCOTLAND": "GB", "WALES": "GB", "NORTHERN IRELAND": "GB",
    "US": "US", "USA": "US", "UNITED STATES OF AMERICA": "US", "AMERICA": "US", "TURKEY": "TR", "TURKIYE": "TR",
    "HOLLAND": "NL", "THE NETHERLANDS": "NL", "CZECH REPUBLIC": "CZ", "SOUTH KOREA": "KR", "RUSSIAN FEDERATION": "RU",
    "UAE": "AE", "VIET NAM": "VN", "IVORY COAST": "CI", "ABD": "US", "INGILTERE": "GB",
}  # fmt: skip
_FIXED_ZONES = {
    "EST": "America/New_York",
    "MST": "America/Denver, or America/Phoenix for Arizona",
    "HST": "Pacific/Honolulu",
}
_CITY_ZONES = {
    "Pacific Time (US & Canada)": "America/Los_Angeles", "Mountain Time (US & Canada)": "America/Denver",
    "Central Time (US & Canada)": "America/Chicago", "Eastern Time (US & Canada)": "America/New_York",
    "Arizona": "America/Phoenix", "Alaska": "America/Anchorage", "Hawaii": "Pacific/Honolulu",
    "London": "Europe/London", "Edinburgh": "Europe/London", "Dublin": "Europe/Dublin", "Lisbon": "Europe/Lisbon",
    "Madrid": "Europe/Madrid", "Paris": "Europe/Paris", "Brussels": "Europe/Brussels", "Berlin": "Europe/Berlin",
    "Amsterdam": "Europe/Amsterdam", "Copenhagen": "Europe/Copenhagen", "Stockholm": "Europe/Stockholm",
    "Rome": "Europe/Rome", "Vienna": "Europe/Vienna", "Bern": "Europe/Zurich", "Zurich": "Europe/Zurich",
    "Prague": "Europe/Prague", "Warsaw": "Europe/Warsaw", "Budapest": "Europe/Budapest", "Athens": "Europe/Athens",
    "Helsinki": "Europe/Helsinki", "Istanbul": "Europe/Istanbul", "Moscow": "Europe/Moscow", "Kyiv": "Europe/Kyiv",
    "Tehran": "Asia/Tehran", "Baghdad": "Asia/Baghdad", "Riyadh": "Asia/Riyadh", "Abu Dhabi": "Asia/Dubai",
    "Baku": "Asia/Baku", "Jerusalem": "Asia/Jerusalem", "Cairo": "Africa/Cairo", "Karachi": "Asia/Karachi",
    "New Delhi": "Asia/Kolkata", "Mumbai": "Asia/Kolkata", "Singapore": "Asia/Singapore", "Tokyo": "Asia/Tokyo",
    "Seoul": "Asia/Seoul", "Sydney": "Australia/Sydney", "Melbourne": "Australia/Melbourne",
    "Auckland": "Pacific/Auckland", "Brasilia": "America/Sao_Paulo", "Mexico City": "America/Mexico_City",
}  # fmt: skip
"""The names of zones in Zendesk and Freshdesk, which are those of Ruby on Rails (ActiveSupport::TimeZone)."""
_SIGNS: Mapping[str, str | None] = {
    "€": "EUR", "£": "GBP", "₺": "TRY", "TL": "TRY", "₹": "INR", "$": None, "¥": None, "KR": None, "RS": None,
    "US$": "USD", "AU$": "AUD", "C$": "CAD", "S$": "SGD", "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF", "FR": "CHF",
    "SFR": "CHF", "RP": "IDR", "RM": "MYR", "₽": "RUB", "₴": "UAH", "ریال": "IRR", "د.إ": "AED",
}  # fmt: skip
"""Signs that people write; the Unicode CLDR adds those of English, such as R$."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a source writes ambiguous values; None if that is not specified."""

    region: str = "US"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    dates: Literal["day-first", "month-first"] | None = None
    decimal: Literal[".", ","] | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, and its currency if it was given unambiguously ($ is used by many countries)."""

    amount: Decimal
    currency: str | None = None


Parser = Callable[[str, Style], Any]


def text(longest: int) -> Parser:
    """A parser for text of up to `longest` characters without control characters."""

    def parse(written: str, _: Style) -> str:
        if len(written) > longest:
            raise ValueError(f"This is longer than {longest} characters.")
        if not is_clean(written):
            raise ValueError("Remove the control characters from this text.")
        return written

    return parse


def identifier(written: str, style: Style) -> Any:
    """An external id. One that a spreadsheet has shortened (1.23457E+11) is refused: other rows may have the same."""
    if re.fullmatch(r"\d[.,]\d+[eE]\+\d+", written):
        raise ValueError(
            "Format the column as text and export it again: the spreadsheet has shortened this id to an exponent."
        )
    return str(NAME(written, style))


def contact_id(written: str, style: Style) -> Any:
    """The external id of a contact that may be stored."""
    external_id = identifier(written, style)
    if refusal := reserved.refusal_of_contact(external_id):
        raise ValueError(refusal)
    return external_id


def is_clean(written: str) -> bool:
    """Whether the text has no control characters and no surrogates, which databases cannot store."""
    return written.isprintable() or not any(unicodedata.category(c) in ("Cc", "Cs") for c in written)


def phone(written: str, style: Style) -> str:
    """A phone number in E.164 form; `style.region` is the country of a number without a country code."""
    return PhoneNumber.parse(written, style.region).e164


def email(written: str, _: Style) -> str:
    """An e-mail address in lower case, so that replies, opt-outs and imports find the same address."""
    return EmailAddress.parse(written).key


def language(written: str, _: Style) -> str:
    """A language code: `tr` from `TR`, `tr-TR`, `tr_TR`, `Turkish` or `Türkçe`."""
    found = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{2,8})*", written)
    named = _language_names().get(fold_any(re.sub(r"\s*[(\[].*|\s+-\s.*", "", written)))
    if found is None and named is None:
        raise ValueError(
            "A language is two letters, such as en, tr or fa, or its name, such as English or Türkçe."
        )
    return named if found is None and named else found[1].lower()  # type: ignore[index]


def country(written: str, _: Style) -> str:
    """An ISO 3166 code: `TR` from `tr`, `TUR`, `Turkey` or `Türkiye`; `GB` from `UK`."""
    code = _COUNTRY_ALIASES.get(fold_any(written).replace(".", "").upper()) or _country_names().get(
        fold_any(written)
    )
    if code is None:
        raise ValueError(
            "A country is two letters (ISO 3166), such as TR or US, or its name: this one is not known."
        )
    return code


def time_zone(written: str, _: Style) -> str:
    """An IANA zone with the rules of a place. The names of Windows and of help desks (`London`) are converted."""
    zone = (
        written if written in _zones() else _windows_zones().get(written, _CITY_ZONES.get(written, written))
    )
    if zone in _FIXED_ZONES:
        raise ValueError(
            f"Write a place, such as {_FIXED_ZONES[zone]}: this zone has no daylight saving time."
        )
    if re.fullmatch(r"Etc/GMT[+-]\d+|(Etc/)?GMT[+-]0", zone):
        raise ValueError("Write a place, such as Europe/Istanbul: this is only an offset.")
    if zone not in _zones():
        raise ValueError("There is no such time zone; write it as Europe/Istanbul.")
    return zone


def currency(written: str, _: Style) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", written):
        raise ValueError("A currency is three letters (ISO 4217), such as USD or TRY.")
    return written.upper()


def number(written: str, style: Style) -> Decimal:
    """A number with either decimal mark. Raises ValueError if it is ambiguous."""
    bare = re.sub(r"[\s'’]", "", ascii_digits(written)).replace("٬", "").replace("٫", ".")
    marks = (style.decimal,) if style.decimal else (".", ",")
    readings = {reading for mark in marks if (reading := _read_number(bare, mark)) is not None}
    if not readings:
        raise ValueError("This is not a number.")
    if len(readings) > 1:
        raise ValueError('Set decimal = "." or decimal = "," in the mapping: this number is ambiguous.')
    return readings.pop()


def money(written: str, style: Style) -> Money:
    """An amount per month, with or without its currency beside it: `65.60`, `€ 1.200,50`, `99 TRY`, `US$ 5`."""
    if re.fullmatch(r"\(.*\)", written) or re.match(r"[^\d]*[-−][^\d]*\d", written):
        raise ValueError("An amount must be between 0 and a million million: this one is negative.")
    found = re.fullmatch(r"(?P<before>[^\d\s.,+-]*)\s*(?P<digits>[+\d].*?)\s*(?P<after>[^\d\s]*)", written)
    if found is None:
        raise ValueError("This is not a number.")
    amount = number(found["digits"], style)
    if not 0 <= amount < _LARGEST:
        raise ValueError("An amount must be between 0 and a million million.")
    signs = [sign for sign in (found["before"], found["after"]) if sign]
    return Money(amount.quantize(Decimal("0.01")), _currency_of(signs))


def _currency_of(signs: list[str]) -> str | None:
    """The currency of the signs beside an amount; None if they do not tell, such as $."""
    known = {_currency_sign(sign) for sign in signs}
    if len(known - {None}) > 1:
        raise ValueError("This amount has two currencies.")
    return next((each for each in known if each), None)


def _currency_sign(sign: str) -> str | None:
    plain = sign.upper().rstrip(".")
    if plain in _signs():
        return _signs()[plain]
    if re.fullmatch(r"[A-Z]{3}", plain):
        return plain
    raise ValueError("Write the currency as three letters, such as USD or TRY: its sign is not known.")


@cache
def _signs() -> Mapping[str, str | None]:
    """Sign of a currency in upper case -> its code; None for signs of several currencies."""
    from babel import Locale  # noqa: PLC0415  (only imports and the API need it)

    signs: dict[str, str | None] = {}
    for code, sign in Locale("en").currency_symbols.items():
        if sign.upper() != code and not sign.isalpha():
            signs[sign.upper()] = code
    signs.update(_SIGNS)
    return signs


def day(written: str, style: Style) -> date:
    """A date: `2026-03-31`, `31.3.2026`, or with slashes in the order of the style."""
    plain = ascii_digits(written).partition("T")[0].partition(" ")[0]
    if found := re.fullmatch(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})(\d\d)(\d\d)", plain):
        return _day(found[1] or found[5], found[3] or found[6], found[4] or found[7])
    if found := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", plain):
        return _day(found[3], found[2], found[1])
    if found := re.fullmatch(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", plain):
        return _ordered_day(int(found[1]), int(found[2]), found[3], style)
    if _is_month(ascii_digits(written)):
        raise ValueError("Add the day, such as 2026-03-31: this is only a month.")
    if re.fullmatch(r"\d{5}([.,]\d+)?", plain):
        raise ValueError(
            "Format the column as a date and export it again: this is a spreadsheet's number for a day."
        )
    raise ValueError("Write the date as 2026-03-31: this is not a date with a four-digit year.")


def moment(written: str, style: Style) -> datetime:
    """A date and time in ISO 8601; without an offset it is local time in the style's zone."""
    plain = ascii_digits(written)
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        found = datetime.combine(day(plain, style), _time_of_day(plain))
    check_year(found.year)
    return found if found.tzinfo else found.replace(tzinfo=style.zone)


def check_year(year: int) -> None:
    """Raise ValueError if a contract, a renewal or an event cannot lie in this year of the Gregorian calendar."""
    if EARLIEST_YEAR <= year <= LATEST_YEAR:
        return
    calendars = (
        (range(1300, 1430), "Persian"),
        (range(1430, 1500), "Islamic"),
        (range(2440, 2650), "Buddhist"),
    )
    for years, name in calendars:
        if year in years:
            raise ValueError(
                f"Convert this date to the Gregorian calendar: its year looks like one of the {name} calendar."
            )
    raise ValueError(f"Check the year: it must be between {EARLIEST_YEAR} and {LATEST_YEAR}.")


def owner(written: str, style: Style) -> str:
    """The e-mail address of a member of staff, or their name."""
    return email(written, style) if "@" in written else " ".join(NAME(written, style).split())


def basis(written: str, _: Style) -> str:
    """One of BASES, also in the words of HubSpot: `Legitimate interest - existing customer`."""
    word = re.sub(r"\W+", "_", written.casefold()).strip("_")
    if word not in _BASES_IN_WORDS:
        raise ValueError(f"The basis of a permission is one of {', '.join(BASES)}.")
    return _BASES_IN_WORDS[word]


def switch(written: str, _: Style) -> bool:
    word = written.casefold()
    if word not in _YES | _NO:
        raise ValueError("This must be yes or no.")
    return word in _YES


def opted_out(written: str) -> bool:
    """Whether an opt-out column says that the person has opted out. Raises ValueError if it says neither yes nor no."""
    word = written.casefold()
    if word in _OPTED_OUT | _OPTED_IN:
        return word in _OPTED_OUT
    try:
        return switch(written, Style())
    except ValueError:
        raise ValueError("An opt-out must be yes or no.") from None


def key(written: str, _: Style) -> str:
    """The name of an event, as in journey.yaml: short and lower case."""
    if not re.fullmatch(r"[a-z][a-z0-9_.-]{0,63}", written):
        raise ValueError("An event's name is lower case letters, digits and _, such as ticket_closed.")
    return written


NAME, SHORT, LONG = text(255), text(64), text(1000)

ACCOUNT: Mapping[str, Parser] = {
    "external_id": identifier,
    "name": NAME,
    "owner": email,
    "segment": SHORT,
    "recurring_revenue": money,
    "currency": currency,
    "contract_started_on": day,
    "renewal_on": day,
}
CONTACT: Mapping[str, Parser] = {
    "external_id": contact_id,
    "name": NAME,
    "phone": phone,
    "email": email,
    "language": language,
    "time_zone": time_zone,
    "country": country,
}
CONSENT: Mapping[str, Parser] = {
    "basis": basis,
    "source": NAME,
    "sms": switch,
    "email": switch,
    "text_version": SHORT,
    "reference": SHORT,
}
EVENT: Mapping[str, Parser] = {
    "key": identifier,
    "name": key,
    "contact": identifier,
    "occurred_at": moment,
}


@cache
def _zones() -> frozenset[str]:
    """The zones of places, and UTC; not the files for a computer's own zone and for leap seconds."""
    return frozenset(
        name
        for name in available_timezones()
        if name not in ("Factory", "localtime", "posixrules")
        and not name.startswith(("posix/", "right/", "SystemV/"))
    )


@cache
def _windows_zones() -> Mapping[str, str]:
    from babel.core import get_global  # noqa: PLC0415

    return dict(get_global("windows_zone_mapping"))


@cache
def _language_names() -> Mapping[str, str]:
    """Folded name -> code, in English and in the language itself."""
    from babel import Locale  # noqa: PLC0415
    from babel.localedata import locale_identifiers  # noqa: PLC0415

    codes = {each for each in locale_identifiers() if re.fullmatch("[a-z]{2,3}", each)}
    own = {fold_any(name): code for code in sorted(codes) if (name := Locale(code).get_language_name(code))}
    ours = [Locale(each).languages for each in _NAMING_LOCALES]
    named = {fold_any(name): code for names in ours for code, name in names.items() if code in codes}
    return own | named | {"farsi": "fa", "mandarin": "zh"}


@cache
def _country_names() -> Mapping[str, str]:
    """Folded name or code of two or three letters -> code of two letters."""
    from babel import Locale  # noqa: PLC0415
    from babel.core import get_global  # noqa: PLC0415

    known = {
        code for code in map(str, Locale("en").territories) if re.fullmatch("[A-Z]{2}", code)
    } - _NO_COUNTRIES
    longer = {str(alias): codes for alias, codes in get_global("territory_aliases").items()}
    aliases = {
        alias.lower(): codes[0]
        for alias, codes in longer.items()
        if re.fullmatch("[A-Z]{3}", alias) and len(codes) == 1
    }
    names = {
        fold_any(name): code
        for each in _NAMING_LOCALES
        for code, name in Locale(each).territories.items()
        if code in known
    }
    own = {code.lower(): code for code in known}
    return names | {alias: code for alias, code in aliases.items() if code in known} | own


def _read_number(bare: str, mark: str) -> Decimal | None:
    group = re.escape("," if mark == "." else ".")
    if not re.fullmatch(rf"[+-]?(\d+|\d{{1,3}}({group}\d{{3}})+)({re.escape(mark)}\d+)?", bare):
        return None
    return Decimal(re.sub(group, "", bare).replace(mark, "."))


def _is_month(plain: str) -> bool:
    """Whether this is a month and a year, in digits (`2026-03`, `03/2026`) or in words (`Mar 2026`)."""
    numbers = r"\d{4}[-/. ](0?[1-9]|1[0-2])|\d{4}(0[1-9]|1[0-2])|(0?[1-9]|1[0-2])[-/. ]\d{4}"
    words = r"[^\W\d_]{3,}\.?[ /-]\d{4}|\d{4}[ /-][^\W\d_]{3,}"
    return re.fullmatch(rf"{numbers}|{words}", plain) is not None


def _ordered_day(first: int, second: int, year: str, style: Style) -> date:
    if style.dates is None and first <= 12 and second <= 12 and first != second:
        raise ValueError('Set dates = "day-first" or "month-first" in the mapping: this date is ambiguous.')
    is_day_first = style.dates == "day-first" if style.dates else first > 12
    month, number_of_day = (second, first) if is_day_first else (first, second)
    return _day(year, month, number_of_day)


def _day(year: str | int, month: str | int, number_of_day: str | int) -> date:
    check_year(int(year))
    try:
        return date(int(year), int(month), int(number_of_day))
    except ValueError:
        raise ValueError("There is no such day in the calendar.") from None


def _time_of_day(written: str) -> time:
    found = re.search(r"[T ]\s*(\d{1,2}:\d{2}(?::\d{2})?)$", written)
    if found is None:
        if re.search(r"[T ]", written):
            raise ValueError("Write date and time as 2026-03-31 14:05: this is not a time of day.")
        return time()
    try:
        return time.fromisoformat(found[1].rjust(5 if found[1].count(":") == 1 else 8, "0"))
    except ValueError:
        raise ValueError("There is no such time of day.") from None
