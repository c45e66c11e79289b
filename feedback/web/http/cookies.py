"""Names of cookies."""

from __future__ import annotations

from feedback.settings import Settings
from feedback.web.http import request_limits


def cookie_name(name: str, settings: Settings) -> str:
    """`name`, with the prefix by which browsers accept a cookie from this host over https only (RFC 6265bis, 4.1.3.2).

    The prefix needs https, so it is left out where the public address has none.
    """
    return f"__Host-{name}" if request_limits.is_secure(settings) else name
