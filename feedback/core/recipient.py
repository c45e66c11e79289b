"""Phone numbers and e-mail addresses: parsed, normalised, and safe to print.

`str()` and `repr()` are masked, so that logs and tracebacks do not reveal a person's address. Use `.e164` or
`.address` for sending.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber as Parsed

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PARSE_FAULTS = {
    0: "has no country code, or an unknown one; write it as +90 532 123 45 67",
    1: "is not a phone number",
    2: "is too short to be a phone number",
    3: "is too short to be a phone number",
    4: "is too long to be a phone number",
}


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
        Raises ValueError with a sentence that does not contain the number. It checks for a *possible*
        number (length and country), not for an assigned one, because numbering plans change faster than
        the library.
        """
        import phonenumbers  # noqa: PLC0415  (40 ms that the command line need not pay)

        try:
            parsed = phonenumbers.parse(_plain(text), default_region)
        except phonenumbers.NumberParseException as error:
            raise ValueError(f"This {_PARSE_FAULTS[error.error_type]}.") from None
        if parsed.extension:
            raise ValueError("Remove the extension from this number: an SMS cannot reach an extension.")
        if not phonenumbers.is_possible_number(parsed):
            raise ValueError("This number has the wrong number of digits for its country.")
        return cls(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))

    @property
    def region(self) -> str | None:
        """The ISO 3166 country; None for numbers without one (satellite, toll-free +800 ...)."""
        import phonenumbers  # noqa: PLC0415

        region = phonenumbers.region_code_for_number(self._parsed())
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
        address = _plain(text)
        if any(c.isspace() or unicodedata.category(c) == "Cc" for c in address):
            raise ValueError("An e-mail address must not contain spaces or line breaks.")
        local, at, domain = address.partition("@")
        if not at or "@" in domain:
            raise ValueError("An e-mail address must have exactly one @.")
        _check_local_part(local)
        domain = _ascii_domain(domain)
        if len(local) + 1 + len(domain) > 254:
            raise ValueError("This e-mail address is longer than 254 characters.")
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


def _plain(text: str) -> str:
    """Remove invisible direction marks, which come with text copied from right-to-left languages."""
    if text.isascii():  # no ASCII character is a direction mark; a fast path for imports
        return text.strip()
    return "".join(c for c in text if unicodedata.category(c) != "Cf").strip()


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
