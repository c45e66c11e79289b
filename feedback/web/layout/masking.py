"""Phone numbers and e-mail addresses on staff pages: whole for those who work with them, masked for the others."""

from __future__ import annotations

from collections.abc import Callable

from feedback.core.recipient import EmailAddress, PhoneNumber
from feedback.web.auth.permissions import Permission, allows


def for_whom(permission: Permission) -> Callable[[str], str]:
    """How the signed-in user may see addresses: as they are with `permission`, else masked."""
    return str if allows(permission) else masked


def masked(address: str) -> str:
    """`+90 *** *** 12 34` or `a***@example.com`; of what is neither (a short code, say) only dots."""
    if "@" in address:
        return EmailAddress(address).masked
    try:
        return PhoneNumber(address).masked
    except ValueError:
        return "•••" if address else ""
