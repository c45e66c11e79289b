"""Where a person can be reached: a phone number or an e-mail address, parsed once and safe to print.

`str()` and `repr()` of both are masked, so that an address that slips into a log line or a traceback
gives nobody away. Whoever sends asks for `.e164` or `.address` by name.
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
    0: "has no country code, or one that does not exist; write it as +90 532 123 45 67",
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
            raise ValueError("A stored phone number must be in E.164 form: + and 7 to 15 digits.")

    @classmethod
    def parse(cls, text: str, default_region: str | None = None) -> PhoneNumber:
        """The number in `text`, as people write it; any script's digits will do.

        `default_region` (ISO 3166, for example "TR") reads numbers written without a country code.
        Raises ValueError with a sentence that does not repeat the number. The test is for a *possible*
        number (length and country), not for an assigned one: numbering plans change faster than any
        library, and the provider knows best.
        """
        import phonenumbers  # noqa: PLC0415  (40 ms that the command line need not pay)

        try:
            parsed = phonenumbers.parse(_plain(text), default_region)
        except phonenumbers.NumberParseException as error:
            raise ValueError(f"This {_PARSE_FAULTS[error.error_type]}.") from None
        if parsed.extension:
            raise ValueError("This number has an extension, and a text message cannot reach an extension.")
        if not phonenumbers.is_possible_number(parsed):
            raise ValueError("This number has the wrong number of digits for its country.")
        return cls(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))

    @property
    def region(self) -> str | None:
        """The ISO 3166 country, or None where the number does not tell (satellite, toll-free +800 ...)."""
        import phonenumbers  # noqa: PLC0415

        region = phonenumbers.region_code_for_number(self._parsed())
        return region if region and region != "001" else None

    def time_zones(self) -> tuple[str, ...]:
        """Every IANA zone in which the owner may live: one for a Turkish mobile, eight for an Australian.

        Empty where the number gives no clue. A mobile number only tells where it was issued, so a zone
        that the person stated comes before this.
        """
        from phonenumbers import timezone  # noqa: PLC0415

        return tuple(
            z for z in timezone.time_zones_for_number(self._parsed()) if z != timezone.UNKNOWN_TIMEZONE
        )

    @property
    def masked(self) -> str:
        """For logs and pages: country code and the last four digits, `+90 *** *** 12 34`."""
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
    """An e-mail address that ordinary mail servers accept; the domain in lower case and ASCII form."""

    address: str

    @classmethod
    def parse(cls, text: str) -> EmailAddress:
        """The address in `text`, without the white space around it.

        Follows the dot-atom form of RFC 5321/5322 (no quoted local parts, no address literals, no display
        name): what is refused here is in practice a typing mistake. International domains become
        punycode. Raises ValueError with a sentence that says what is wrong.
        """
        address = _plain(text)
        if any(c.isspace() or unicodedata.category(c) == "Cc" for c in address):
            raise ValueError("An e-mail address has no spaces or line breaks inside.")
        local, at, domain = address.partition("@")
        if not at or "@" in domain:
            raise ValueError("An e-mail address has exactly one @.")
        _check_local_part(local)
        domain = _ascii_domain(domain)
        if len(local) + 1 + len(domain) > 254:
            raise ValueError("This e-mail address is longer than the 254 characters that are allowed.")
        return cls(f"{local}@{domain}")

    @property
    def key(self) -> str:
        """For finding the same mailbox again: in lower case, as nearly every mail server treats it."""
        return self.address.lower()

    @property
    def masked(self) -> str:
        """For logs and pages: the first letter and the domain, `a***@example.com`."""
        local, _, domain = self.address.partition("@")
        return f"{local[:1]}***@{domain}"

    def __repr__(self) -> str:
        return f"<EmailAddress {self.masked}>"

    __str__ = __repr__


def _plain(text: str) -> str:
    """Without the invisible direction marks that copying from right-to-left text drags along."""
    if text.isascii():  # none of them is; a whole customer base passes through here
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
        raise ValueError("The part before the @ has a character or a dot where none may stand.")


def _ascii_domain(domain: str) -> str:
    try:
        ascii_domain = domain.lower().encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError("The part after the @ is not a domain name.") from None
    labels = ascii_domain.split(".")
    if len(labels) < 2 or not all(map(_DOMAIN_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise ValueError("The part after the @ is not a domain name such as example.com.")
    return ascii_domain
