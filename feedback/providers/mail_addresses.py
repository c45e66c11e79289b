"""The addresses of mails in the form that SMTP takes, or the error that a wrong one means."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr

from feedback.errors import SettingsInvalid
from feedback.providers.base import Verdict, refusal


def _address(text: str) -> Address:
    """Parse an address, with its domain in ASCII (IDNA). Raises ValueError for an invalid one, or for non-ASCII
    characters before the @ (which need SMTPUTF8)."""
    local, _, domain = text.rpartition("@")
    local.encode("ascii")
    try:
        return Address(addr_spec=f"{local}@{domain.encode('idna').decode('ascii')}")
    except (IndexError, HeaderParseError) as error:
        raise ValueError(str(error)) from None


def domain_of(sender: str) -> str:
    try:
        return _address(parseaddr(sender)[1]).domain
    except ValueError:
        raise SettingsInvalid("Correct smtp.sender: it is not an e-mail address.") from None


def sender_address(mailbox: object) -> str:
    try:
        return _address(parseaddr(str(mailbox))[1]).addr_spec
    except ValueError:
        raise refusal(
            Verdict.HOLD_PROVIDER, "Correct the sender of this mail: it is not an e-mail address."
        ) from None


def recipient_address(address: str) -> str:
    try:
        return _address(address).addr_spec
    except ValueError:
        raise refusal(Verdict.BAD_ADDRESS, "Mail cannot be sent to this address.") from None
