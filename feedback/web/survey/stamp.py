"""The stamp in every form: proof that we rendered it for this link, and when.

It replaces a CSRF cookie: another site can neither make nor read a stamp, so it cannot send a form in the
customer's name. Its time shows how long the page was open.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

_MAC = 20  # hexadecimal digits: 80 bits, checked once for each request over the network
LENGTH = 11 + 1 + 8 + 1 + _MAC
"""Characters of a stamp, until the year 2527."""


def make(key: bytes, token: str, now: datetime) -> str:
    """A stamp for one rendering of the form behind `token`."""
    body = f"{int(now.timestamp() * 1000):x}.{secrets.token_hex(4)}"
    return f"{body}.{_mac(key, token, body)}"


def read(keys: Sequence[bytes], token: str, stamp: str) -> datetime | None:
    """When the form was rendered; None if the stamp is not valid for this link with any of `keys`."""
    body, _, mac = stamp.rpartition(".")
    if not any(
        hmac.compare_digest(_mac(key, token, body).encode(), mac.encode("utf-8", "replace")) for key in keys
    ):
        return None
    return datetime.fromtimestamp(int(body.partition(".")[0], 16) / 1000, UTC)


def _mac(key: bytes, token: str, body: str) -> str:
    text = f"form:{token}:{body}".encode("utf-8", "replace")
    return hmac.digest(key, text, "sha256").hex()[:_MAC]
