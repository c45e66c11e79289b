"""Limits for all requests."""

from __future__ import annotations

from urllib.parse import urlsplit

from feedback.settings import Settings

LARGEST_REQUEST = 2 * 1024 * 1024  # bytes; imports use the command line, not a form


def configuration(settings: Settings) -> dict[str, object]:
    """Flask's settings for the limits."""
    return {
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "MAX_FORM_PARTS": 2_000,
        "TRUSTED_HOSTS": trusted_hosts(settings),
        "PREFERRED_URL_SCHEME": "https" if is_secure(settings) else "http",
    }


def is_secure(settings: Settings) -> bool:
    """Whether the public address is https."""
    return settings.web.public_url.startswith("https://")


def trusted_hosts(settings: Settings) -> list[str]:
    """The accepted host names, so that a forged Host header cannot get into a link in an e-mail."""
    public = urlsplit(settings.web.public_url).hostname
    return [host for host in (public, "localhost", "127.0.0.1", "[::1]") if host]
