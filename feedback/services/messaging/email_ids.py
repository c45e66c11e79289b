"""Ids by which a bounced or answered mail is matched to its message.

Both contain our message's id and a MAC of it and of the message's nonce: ids start again where a backup ended, and
after a restore a mail that the backup does not know must not be taken for another. The Message-ID is the same for
every attempt, and the envelope sender (VERP) identifies the bounced message without reading the bounce. All letters
are lower case, because mail servers on the way can change capitals.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from email.utils import parseaddr

from feedback.settings import Secret, Settings

_RETURN_PATH = re.compile(r"\+b(\d{1,18})\.([0-9a-f]{16})@")
_MESSAGE_ID = re.compile(r"<feedback\.(\d{1,18})\.([0-9a-f]{16})@")
NonceOf = Callable[[int], str | None]
"""The nonce of a message; None if it has none."""
NO_DOMAIN = "feedback.invalid"  # domain for the simulator, which sends nothing (RFC 2606)


def _none(_: int) -> str | None:
    return None


def message_id(number: int, settings: Settings, nonce: str | None = None) -> str:
    """The Message-ID header of message `number`, with its angle brackets; None is the nonce of older messages."""
    return f"<feedback.{number}.{_mac(number, nonce, settings.link.key)}@{_sender(settings)[1]}>"


def return_path(number: int, settings: Settings, nonce: str | None = None) -> str:
    """The envelope sender of message `number`: a sub-address of the sender, at `smtp.envelope_domain` if it is set."""
    local, domain = _sender(settings)
    if settings.smtp.envelope_domain:
        local, domain = "bounce", settings.smtp.envelope_domain
    return f"{local}+b{number}.{_mac(number, nonce, settings.link.key)}@{domain}"


def read_return_path(address: str, settings: Settings, nonce_of: NonceOf = _none) -> int | None:
    """The message id in a return path; None for another address, a forged one, or that of a message which is gone."""
    return _read(_RETURN_PATH.search(address.lower()), settings, nonce_of)


def read_message_id(header: str, settings: Settings, nonce_of: NonceOf = _none) -> int | None:
    """The message id in a Message-ID header; None as for `read_return_path`."""
    return _read(_MESSAGE_ID.search(header.lower()), settings, nonce_of)


def _read(match: re.Match[str] | None, settings: Settings, nonce_of: NonceOf) -> int | None:
    if match is None:
        return None
    number = int(match[1])
    nonce, keys = nonce_of(number), filter(None, (settings.link.key, settings.link.key_previous))
    return number if any(hmac.compare_digest(match[2], _mac(number, nonce, key)) for key in keys) else None


def _mac(number: int, nonce: str | None, key: Secret) -> str:
    text = f"mail:{number}:{nonce}" if nonce else f"mail:{number}"
    return hmac.new(key.reveal().encode(), text.encode(), hashlib.sha256).hexdigest()[:16]


def _sender(settings: Settings) -> tuple[str, str]:
    local, _, domain = parseaddr(settings.smtp.sender)[1].partition("@")
    return local or "bounce", domain.lower() or NO_DOMAIN
