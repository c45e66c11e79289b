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

from feedback.core.folding import ascii_digits
from feedback.core.recipient import EmailAddress, PhoneNumber

BASES = ("consent", "contract", "legitimate_interest")
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
_SYMBOLS = {"€": "EUR", "£": "GBP", "₺": "TRY", "₹": "INR", "$": None, "¥": None}


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
    """A language code: `tr` from `TR`, `tr-TR` or `tr_TR`."""
    found = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{2,8})*", written)
    if found is None:
        raise ValueError("A language is two letters, such as en, tr or fa.")
    return found[1].lower()


def country(written: str, _: Style) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", written):
        raise ValueError("A country is two letters (ISO 3166), such as TR or US.")
    return written.upper()


def time_zone(written: str, _: Style) -> str:
    if written not in _zones():
        raise ValueError("There is no such time zone; write it as Europe/Istanbul.")
    return written


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
    """An amount per month, with or without its currency beside it: `65.60`, `€ 1.200,50`, `99 TRY`."""
    found = re.fullmatch(r"([A-Za-z]{3}|[€£₺₹$¥])?\s*(.*?)\s*([A-Za-z]{3}|[€£₺₹$¥])?", written)
    before, digits, after = found.groups() if found else (None, written, None)
    amount = number(digits, style)
    if not 0 <= amount < _LARGEST:
        raise ValueError("An amount must be between 0 and a million million.")
    sign = before or after
    return Money(amount.quantize(Decimal("0.01")), _SYMBOLS.get(sign, sign.upper()) if sign else None)


def day(written: str, style: Style) -> date:
    """A date: `2026-03-31`, `31.3.2026`, or with slashes in the order of the style."""
    plain = ascii_digits(written).partition("T")[0].partition(" ")[0]
    if found := re.fullmatch(r"(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})", plain):
        return _day(found[1], found[2], found[3])
    if found := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", plain):
        return _day(found[3], found[2], found[1])
    if found := re.fullmatch(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", plain):
        return _ordered_day(int(found[1]), int(found[2]), found[3], style)
    if re.fullmatch(r"\d{5}(\.\d+)?", plain):
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
    return found if found.tzinfo else found.replace(tzinfo=style.zone)


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
    "external_id": NAME,
    "name": NAME,
    "owner": email,
    "segment": SHORT,
    "recurring_revenue": money,
    "currency": currency,
    "contract_started_on": day,
    "renewal_on": day,
}
CONTACT: Mapping[str, Parser] = {
    "external_id": NAME,
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
EVENT: Mapping[str, Parser] = {"key": NAME, "name": key, "contact": NAME, "occurred_at": moment}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _read_number(bare: str, mark: str) -> Decimal | None:
    group = re.escape("," if mark == "." else ".")
    if not re.fullmatch(rf"[+-]?(\d+|\d{{1,3}}({group}\d{{3}})+)({re.escape(mark)}\d+)?", bare):
        return None
    return Decimal(re.sub(group, "", bare).replace(mark, "."))


def _ordered_day(first: int, second: int, year: str, style: Style) -> date:
    if style.dates is None and first <= 12 and second <= 12 and first != second:
        raise ValueError('Set dates = "day-first" or "month-first" in the mapping: this date is ambiguous.')
    is_day_first = style.dates == "day-first" if style.dates else first > 12
    month, number_of_day = (second, first) if is_day_first else (first, second)
    return _day(year, month, number_of_day)


def _day(year: str | int, month: str | int, number_of_day: str | int) -> date:
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
