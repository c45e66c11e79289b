"""Masks phone numbers and e-mail addresses on staff pages for users without the permission."""

from __future__ import annotations

from collections.abc import Callable

from feedback.core.contact.recipient import EmailAddress, PhoneNumber
from feedback.web.auth.permissions import Permission, allows


def for_whom(permission: Permission) -> Callable[[str], str]:
    """A function for displaying addresses: unchanged if the user has `permission`, otherwise masked."""
    return str if allows(permission) else masked


def masked(address: str) -> str:
    """`+90 *** *** 12 34` or `a***@example.com`; for anything else (such as a short code) only dots."""
    if "@" in address:
        return EmailAddress(address).masked
    try:
        return PhoneNumber(address).masked
    except ValueError:
        return "•••" if address else ""
