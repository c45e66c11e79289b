"""Secrets and signatures, as the Standard Webhooks specification 1.0 has them (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

START = "whsec_"
SECRET_BYTES = 32
"""The specification asks for 24 to 64."""
BOTH_SIGN_FOR = timedelta(hours=24)
"""How long the secret before a rotation still signs."""


def new_secret() -> str:
    return START + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def new_id() -> str:
    """A `webhook-id`. It is no row's id, because a restored backup would give those out again."""
    return f"msg_{secrets.token_hex(16)}"


def headers(uid: str, at: datetime, body: bytes, using: Sequence[str]) -> dict[str, str]:
    """The headers of an attempt at `at`, with one signature for each of the secrets."""
    timestamp = str(int(at.timestamp()))
    return {
        "webhook-id": uid,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(uid, timestamp, body, each) for each in using),
    }


def _signature(uid: str, timestamp: str, body: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(START))
    signed = b".".join((uid.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
