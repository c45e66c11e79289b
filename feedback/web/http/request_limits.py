"""What every request has to keep to, whoever sends it."""

from __future__ import annotations

from urllib.parse import urlsplit

from feedback.settings import Settings

LARGEST_REQUEST = 2 * 1024 * 1024  # bytes; an import comes by the command line, not by a form


def configuration(settings: Settings) -> dict[str, object]:
    """Flask's settings for it."""
    return {
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "MAX_FORM_PARTS": 2_000,
        "TRUSTED_HOSTS": trusted_hosts(settings),
        "PREFERRED_URL_SCHEME": "https" if is_secure(settings) else "http",
    }


def is_secure(settings: Settings) -> bool:
    """Whether people reach us over TLS."""
    return settings.web.public_url.startswith("https://")


def trusted_hosts(settings: Settings) -> list[str]:
    """Names under which we answer; a made-up Host header must not end up in a link that we mail."""
    public = urlsplit(settings.web.public_url).hostname
    return [host for host in (public, "localhost", "127.0.0.1", "[::1]") if host]
