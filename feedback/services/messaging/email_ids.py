"""Ids by which a bounced or answered mail is matched to its message.

Both contain our message's id and a MAC of it. The Message-ID is the same for every attempt, and the envelope
sender (VERP) identifies the bounced message without reading the bounce. All letters are lower case, because
mail servers on the way can change capitals.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from email.utils import parseaddr

from feedback.settings import Secret, Settings

_RETURN_PATH = re.compile(r"\+b(\d{1,18})\.([0-9a-f]{16})@")
_MESSAGE_ID = re.compile(r"<feedback\.(\d{1,18})\.([0-9a-f]{16})@")
NO_DOMAIN = "feedback.invalid"  # domain for the simulator, which sends nothing (RFC 2606)


def message_id(number: int, settings: Settings) -> str:
    """The Message-ID header of message `number`, with its angle brackets."""
    return f"<feedback.{number}.{_mac(number, settings.link.key)}@{_sender(settings)[1]}>"


def return_path(number: int, settings: Settings) -> str:
    """The envelope sender of message `number`: a sub-address of the sender, at `smtp.envelope_domain` if it is set."""
    local, domain = _sender(settings)
    if settings.smtp.envelope_domain:
        local, domain = "bounce", settings.smtp.envelope_domain
    return f"{local}+b{number}.{_mac(number, settings.link.key)}@{domain}"


def read_return_path(address: str, settings: Settings) -> int | None:
    """The message id in a return path; None for another address or a forged one."""
    return _read(_RETURN_PATH.search(address.lower()), settings)


def read_message_id(header: str, settings: Settings) -> int | None:
    """The message id in a Message-ID header; None for another header or a forged one."""
    return _read(_MESSAGE_ID.search(header.lower()), settings)


def _read(match: re.Match[str] | None, settings: Settings) -> int | None:
    if match is None:
        return None
    number = int(match[1])
    keys = filter(None, (settings.link.key, settings.link.key_previous))
    return number if any(hmac.compare_digest(match[2], _mac(number, key)) for key in keys) else None


def _mac(number: int, key: Secret) -> str:
    return hmac.new(key.reveal().encode(), f"mail:{number}".encode(), hashlib.sha256).hexdigest()[:16]


def _sender(settings: Settings) -> tuple[str, str]:
    local, _, domain = parseaddr(settings.smtp.sender)[1].partition("@")
    return local or "bounce", domain.lower() or NO_DOMAIN
