"""Applies the X-Forwarded-* headers of one named peer, for WSGI servers that pass the headers of everybody on."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ANYBODY = "*"


class TrustedProxy:
    """Middleware: believes the peer with the address `trusted` (*: every peer), and drops the headers of others."""

    def __init__(self, app: WSGIApplication, trusted: str) -> None:
        self._bare = app
        self._forwarded = ProxyFix(app, x_for=1, x_proto=1, x_host=1)
        self._trusted = trusted

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._trusted == ANYBODY or (
            self._trusted and _same_host(self._trusted, environ.get("REMOTE_ADDR"))
        ):
            return self._forwarded(environ, start_response)
        for name in [
            each for each in environ if each.startswith("HTTP_X_FORWARDED") or each == "HTTP_FORWARDED"
        ]:
            del environ[name]
        return self._bare(environ, start_response)


def _same_host(one: str, other: str | None) -> bool:
    """Whether two addresses are the same; an IPv4 address can be written as IPv6."""
    try:
        first, second = (ipaddress.ip_address(each or "") for each in (one, other))
    except ValueError:
        return False
    return _plain(first) == _plain(second)


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> object:
    return getattr(address, "ipv4_mapped", None) or address
