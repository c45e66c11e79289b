"""Phone numbers and e-mail addresses: parsed, normalised, and safe to print.

`str()` and `repr()` are masked, so that logs and tracebacks do not reveal a person's address. Use `.e164` or
`.address` for sending.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber as Parsed

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DECIMAL_ZERO = re.compile(r"(?<=\d)[.,]0$|(?<=\d{6})[.,]0+$")
"""What pandas and spreadsheets add if they store a column of numbers as decimal fractions. A group of two zeros after
other groups (06.12.34.56.00) is a part of the number."""
_FRACTION = re.compile(r"\+?\d{10,}[.,]\d+")
_EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+?\d+")
_HAS_EXTENSION = "Remove the extension from this number: an SMS cannot reach an extension."
_EXTENSION = re.compile(r"\d\W*\b(?:dahili|dah|داخلی|داخلي|durchwahl|nebenstelle)\b\W*\d+\s*$", re.IGNORECASE)
"""Extensions in words that the library does not know."""
_LABEL = re.compile(r"(?<=\d)\s*[(\[][^\d()\[\]]+[)\]]\s*$")
"""What a number is for, in brackets behind it: 532 123 45 67 (mobile). The library reads letters as digits."""
_FORMER_MEXICAN = re.compile(r"(?:1|01|044|045)(\d{10})")
"""Mexico abolished the prefixes of mobile and long-distance calls in 2019 (IFT, numbering plan)."""
_PARSE_FAULTS = {
    0: "This has no country code, or an unknown one; write it as +90 532 123 45 67.",
    1: "This is not a phone number.",
    2: "This is too short to be a phone number.",
    3: "This is too short to be a phone number.",
    4: "This is too long to be a phone number.",
}

CARRIERS = ("rcs:", "whatsapp:", "sms:", "tel:")
"""Prefixes with which a provider says how a message came; the number behind them is the same person's."""
_VIETNAM = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78", "123": "83", "124": "84", "125": "85",
    "127": "81", "129": "82", "162": "32", "163": "33", "164": "34", "165": "35", "166": "36", "167": "37",
    "168": "38", "169": "39", "186": "56", "188": "58", "199": "59",
}  # fmt: skip
"""Old and new prefixes of mobile numbers since 2018."""
_IVORY_COAST = {**dict.fromkeys("0123", "01"), **dict.fromkeys("456", "05"), **dict.fromkeys("789", "07")}
"""The second digit of an old mobile number, and what comes before the number since 2021: one for each operator."""


@dataclass(frozen=True, repr=False)
class PhoneNumber:
    """A phone number in E.164 form: a plus sign and 7 to 15 digits, for example +905321234567."""

    e164: str

    def __post_init__(self) -> None:
        if not _E164.fullmatch(self.e164):
            raise ValueError("A phone number must be in E.164 form: + and 7 to 15 digits.")

    @classmethod
    def parse(cls, text: str, default_region: str | None = None) -> PhoneNumber:
        """Parse a number as people write it, with the digits of any script.

        `default_region` (ISO 3166, for example "TR") is the country of numbers without a country code.
        Raises ValueError with a sentence that does not contain the number. It checks that the country has numbers
        of this length and beginning, not that this one is assigned, because numbering plans change faster than the
        library. Numbers without their area code, numbers of services and fillers such as 000-000-0000 are refused.
        """
        import phonenumbers  # noqa: PLC0415  (40 ms that the command line need not pay)

        if _is_followed_by_another(text, default_region):
            raise ValueError("Leave one number only: there is another one after the slash.")
        if _EXTENSION.search(text):
            raise ValueError(_HAS_EXTENSION)
        try:
            parsed = _parsed_text(_without_decimals(_LABEL.sub("", _plain(text))), default_region)
        except phonenumbers.NumberParseException as error:
            raise ValueError(_PARSE_FAULTS[error.error_type]) from None
        if parsed.extension:
            raise ValueError(_HAS_EXTENSION)
        parsed = _in_todays_form(parsed)
        if mistake := _mistake(parsed):
            raise ValueError(mistake)
        return cls(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))

    @property
    def region(self) -> str | None:
        """The ISO 3166 country; None for numbers without one (satellite, toll-free +800 ...)."""
        import phonenumbers  # noqa: PLC0415

        region = _only_region(self.e164) or phonenumbers.region_code_for_number(self._parsed())
        return region if region and region != "001" else None

    def time_zones(self) -> tuple[str, ...]:
        """Every IANA time zone in which the owner may be: one for a Turkish mobile, eight for an Australian one.

        Empty if the number gives no indication. A mobile number only shows where it was issued, so prefer the
        time zone that the person stated.
        """
        from phonenumbers import timezone  # noqa: PLC0415

        return tuple(
            z for z in timezone.time_zones_for_number(self._parsed()) if z != timezone.UNKNOWN_TIMEZONE
        )

    @property
    def masked(self) -> str:
        """The number for logs and pages, with country code and the last four digits: `+90 *** *** 12 34`."""
        parsed = self._parsed()
        digits = str(parsed.national_number)
        tail = f"{digits[-4:-2]} {digits[-2:]}" if len(digits) > 7 else f"** {digits[-2:]}"
        return f"+{parsed.country_code} *** *** {tail}"

    def _parsed(self) -> Parsed:
        import phonenumbers  # noqa: PLC0415

        return phonenumbers.parse(self.e164)

    def __repr__(self) -> str:
        return f"<PhoneNumber {self.masked}>"

    __str__ = __repr__


def _is_followed_by_another(text: str, region: str | None) -> bool:
    """Whether a slash follows a whole number, such as 030 123456 / 78; read together, the digits would be a number that
    nobody has. After an area code (0171/1234567) it only separates."""
    first, slash, _ = text.rpartition("/")
    if not slash:
        return False
    try:
        PhoneNumber.parse(first, region)
    except ValueError:
        return False
    return True


def _only_region(e164: str) -> str | None:
    """The country whose code no other country shares (Turkey, but not the United States): it is known without parsing
    the number, which takes a hundred times as long. No country code begins like another one (ITU-T E.164)."""
    import phonenumbers  # noqa: PLC0415

    for end in (2, 3, 4):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(e164[1:end]))
        if regions is not None:
            return regions[0] if len(regions) == 1 else None
    return None


LONGEST_WRITTEN = 320
"""Characters of an e-mail address or phone number as people write them, with spaces and marks; longer ones are
refused unread."""
_TOO_LONG = "This e-mail address is longer than 254 characters."


@dataclass(frozen=True, repr=False)
class EmailAddress:
    """An e-mail address that common mail servers accept; the domain is in lower case and ASCII form."""

    address: str

    @classmethod
    def parse(cls, text: str) -> EmailAddress:
        """Parse an address, without the white space around it.

        Accepts the dot-atom form of RFC 5321/5322 (no quoted local parts, address literals or display names);
        other forms are in practice typing mistakes. International domains become punycode. Raises ValueError
        with a sentence that says what is wrong.
        """
        if len(text) > LONGEST_WRITTEN:  # the work below grows faster than its input
            raise ValueError(_TOO_LONG)
        address = _plain(text)
        if any(c.isspace() or unicodedata.category(c) == "Cc" for c in address):
            raise ValueError("An e-mail address must not contain spaces or line breaks.")
        local, at, domain = address.partition("@")
        if not at or "@" in domain:
            raise ValueError("An e-mail address must have exactly one @.")
        _check_local_part(local)
        domain = _ascii_domain(domain)
        if len(local) + 1 + len(domain) > 254:
            raise ValueError(_TOO_LONG)
        return cls(f"{local}@{domain}")

    @property
    def key(self) -> str:
        """The address in lower case, for comparisons: nearly every mail server ignores case."""
        return self.address.lower()

    @property
    def masked(self) -> str:
        """The address for logs and pages, with the first letter and the domain: `a***@example.com`."""
        local, _, domain = self.address.partition("@")
        return f"{local[:1]}***@{domain}"

    def __repr__(self) -> str:
        return f"<EmailAddress {self.masked}>"

    __str__ = __repr__


def dialled(sender: str) -> str:
    """The number of a sender without the provider's prefix: `rcs:+1212…`, `00 1 212…` and `1212…` are +1212…

    What is no number with a country code (a short code, a name, an e-mail address) is only stripped.
    """
    text = _plain(sender)
    carrier = next((each for each in CARRIERS if text.lower().startswith(each)), "")
    text = text[len(carrier) :].strip()
    digits = re.sub(r"[\s().-]", "", text)
    digits = re.sub(r"^00(?=[1-9])", "+", digits)
    if re.fullmatch(r"[1-9][0-9]{9,14}", digits):
        digits = f"+{digits}"
    return digits if _E164.fullmatch(digits) else text


def canonical(sender: str) -> str:
    """The one form in which numbers are compared; not always one that can be dialled, so never send to it.

    Knows the national spellings of one mobile number: Mexico's 1 behind +52 (until 2019), Argentina's 9 behind +54
    and its 15 behind the area code, Brazil's ninth digit, and the longer numbers of Ivory Coast (2021), Benin (2024)
    and Vietnam (2018). Sources: the plans of the ITU (E.164 national numbering plans) and of `phonenumbers`.
    """
    return _canonical(dialled(sender))


@lru_cache(maxsize=4096)
def _canonical(number: str) -> str:
    if re.fullmatch(r"\+54(?!9)\d{12}", number):
        return _argentine_mobile(number)
    for pattern, renewed in _RENEWED:
        if match := re.fullmatch(pattern, number):
            return renewed(*match.groups())
    return number


def _argentine_mobile(number: str) -> str:
    """With 9 before the area code instead of 15 behind it, whose place depends on the area."""
    import phonenumbers  # noqa: PLC0415

    parsed = phonenumbers.parse(number)
    mobile = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return mobile if re.fullmatch(r"\+549\d{10}", mobile) else number


_RENEWED: tuple[tuple[str, Callable[..., str]], ...] = (
    (r"\+521(\d{10})", "+52{}".format),
    (r"\+54((?!9)\d{10})", "+549{}".format),
    (r"\+55([1-9]\d)([6-9]\d{7})", "+55{}9{}".format),
    (r"\+225(\d)(\d)(\d{6})", lambda a, b, rest: f"+225{_IVORY_COAST[b]}{a}{b}{rest}"),
    (r"\+229([4-9]\d{7})", "+22901{}".format),
    (rf"\+84({'|'.join(_VIETNAM)})(\d{{7}})", lambda old, rest: f"+84{_VIETNAM[old]}{rest}"),
)
"""The old spellings of a country's mobile numbers, and the present one."""


@lru_cache(maxsize=4096)
def spellings(sender: str) -> tuple[str, ...]:
    """Every spelling of the number under which it can be stored: the canonical one first.

    Each of them has the same `canonical` form, so a number is found by `column.in_(spellings(number))`.
    """
    number = canonical(sender)
    found = [number, dialled(sender), *_old_spellings(number)]
    return tuple(dict.fromkeys(each for each in found if _canonical(each) == number))


def dialling_digits(number: str) -> tuple[str, ...]:
    """The digits by which people look for a number: with the country code, and without it (`+90 532…`: `532…`)."""
    digits = canonical(number).removeprefix("+")
    if not digits.isdecimal():
        return ()
    import phonenumbers  # noqa: PLC0415

    lengths = (n for n in (1, 2, 3) if int(digits[:n]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    code = next(lengths, 0)
    return (digits, digits[code:]) if code else (digits,)


def _old_spellings(number: str) -> list[str]:
    """Candidates; `spellings` drops those that would be read otherwise."""
    country, rest = number[:3], number[3:]
    if country == "+52":
        return [f"+521{rest}"]
    if country == "+54":
        area = [f"+54{rest[1:end]}15{rest[end:]}" for end in (3, 4, 5)]
        return [f"+54{rest[1:]}", *area]
    if country == "+55":
        return [f"{number[:5]}{number[6:]}"]
    if country == "+84":
        return [f"+84{old}{rest[2:]}" for old, new in _VIETNAM.items() if rest.startswith(new)]
    return [f"{number[:4]}{number[6:]}"] if number[:4] in ("+225", "+229") else []


def _plain(text: str) -> str:
    """Remove invisible direction marks, which come with text copied from right-to-left languages."""
    if text.isascii():  # no ASCII character is a direction mark; a fast path for imports
        return text.strip()
    return "".join(c for c in text if unicodedata.category(c) != "Cf").strip()


def _without_decimals(text: str) -> str:
    """The text without `.0` at its end. Raises ValueError if a spreadsheet has lost digits of the number."""
    if _EXPONENT.fullmatch(text):
        raise ValueError(
            "Format the column as text and export it again: the spreadsheet has shortened this number to an exponent."
        )
    whole = _DECIMAL_ZERO.sub("", text)
    if _FRACTION.fullmatch(whole):
        raise ValueError("Format the column as text and export it again: this number has decimal places.")
    return whole


def _parsed_text(text: str, region: str | None) -> Parsed:
    """The number in a text. Raises NumberParseException.

    Spreadsheets drop the plus sign, so 4915112345678 in Germany is +49 151 12345678: it begins with the country's code,
    and read like that it is a mobile number, while it is none if it is read as a national number.
    """
    import phonenumbers  # noqa: PLC0415

    parsed = phonenumbers.parse(text, region)
    mobile = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if not text.startswith(str(parsed.country_code)) or phonenumbers.number_type(parsed) in mobile:
        return parsed
    try:
        coded = phonenumbers.parse(f"+{text}")
    except phonenumbers.NumberParseException:
        return parsed
    return coded if phonenumbers.number_type(coded) in mobile else parsed


def _in_todays_form(parsed: Parsed) -> Parsed:
    """The number without prefixes that its country has abolished: +52 1 55... is +52 55... since 2019."""
    import phonenumbers  # noqa: PLC0415

    if parsed.country_code == 52 and (
        former := _FORMER_MEXICAN.fullmatch(phonenumbers.national_significant_number(parsed))
    ):
        return phonenumbers.parse(f"+52{former[1]}")
    return parsed


def _mistake(parsed: Parsed) -> str | None:
    """Why a person cannot have this number; None if they can."""
    import phonenumbers  # noqa: PLC0415

    length = phonenumbers.is_possible_number_with_reason(parsed)
    if length == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return "Add the area code to this number."
    digits = phonenumbers.national_significant_number(parsed)
    if length != phonenumbers.ValidationResult.IS_POSSIBLE:
        return _wrong_length(parsed.country_code, len(digits))
    if len(set(digits)) == 1 or digits.endswith("0000000"):
        return "Leave this cell empty if there is no number: this looks like a filler."
    plans = _plans(parsed.country_code)
    if plans and not any(re.fullmatch(each, digits) for each in plans):
        return "Check this number and its area code: its country has no numbers that begin like this."
    if phonenumbers.number_type(parsed) in (
        phonenumbers.PhoneNumberType.UAN,
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.VOICEMAIL,
        phonenumbers.PhoneNumberType.PAGER,
    ):
        return "Write the number of a person: this is the number of a service."
    return None


def _wrong_length(country_code: int | None, digits: int) -> str:
    said = "This number has the wrong number of digits for its country"
    if country_code == 225 and digits == 8:
        return f"{said}: Ivory Coast has had 10 digits instead of 8 since 2021. Write the new number."
    return f"{said} (+{country_code}): {digits} after the country code."


def _plans(country_code: int | None) -> list[str]:
    """What national numbers of the countries with this code look like, as regular expressions."""
    from phonenumbers import PhoneMetadata, region_codes_for_country_code  # noqa: PLC0415

    regions = region_codes_for_country_code(country_code) if country_code else ()
    found = [PhoneMetadata.metadata_for_region(region, None) for region in regions if region != "001"]
    patterns = [each.general_desc.national_number_pattern for each in found if each and each.general_desc]
    return [pattern for pattern in patterns if pattern]


def _check_local_part(local: str) -> None:
    if not local:
        raise ValueError("There is nothing before the @.")
    if not local.isascii():
        raise ValueError("The part before the @ has letters that most mail servers do not accept.")
    if len(local) > 64:
        raise ValueError("The part before the @ is longer than 64 characters.")
    if not _LOCAL_PART.fullmatch(local):
        raise ValueError("The part before the @ has an invalid character, or a dot in an invalid place.")


def _ascii_domain(domain: str) -> str:
    try:
        ascii_domain = domain.lower().encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError("The part after the @ is not a domain name.") from None
    labels = ascii_domain.split(".")
    if len(labels) < 2 or not all(map(_DOMAIN_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise ValueError("The part after the @ is not a domain name such as example.com.")
    return ascii_domain
