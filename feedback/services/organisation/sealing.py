"""Seals secrets that are stored in the database, so that a copy of it alone gives nobody our account at a provider."""

from __future__ import annotations

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from feedback.settings import Secret, Settings

_PURPOSE = b"stored settings"


def seal(secret: str, settings: Settings) -> str:
    """The secret, readable only with `web.secret_key`."""
    return _keys(settings).encrypt(secret.encode()).decode()


def unseal(sealed: str, settings: Settings) -> str | None:
    """The secret; None if it was sealed with a key that is neither the present nor the previous one."""
    try:
        return _keys(settings).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def sealed_anew(sealed: str, settings: Settings) -> str | None:
    """The same secret under the present key; None if it is under that already, or cannot be read."""
    try:
        _key(settings.web.secret_key).decrypt(sealed.encode())
    except InvalidToken:
        secret = unseal(sealed, settings)
        return None if secret is None else seal(secret, settings)
    return None


def _keys(settings: Settings) -> MultiFernet:
    return MultiFernet(
        [_key(each) for each in (settings.web.secret_key, settings.web.secret_key_previous) if each]
    )


def _key(secret: Secret) -> Fernet:
    """A key of its own for this purpose, derived with HMAC-SHA-256 (as in RFC 5869's expansion of one block)."""
    return Fernet(base64.urlsafe_b64encode(hmac.digest(secret.reveal().encode(), _PURPOSE, "sha256")))
