"""Flask without what this product does not use, because every answer of a customer pays for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response
from werkzeug.datastructures import Headers

_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9/?&=%._~:+-]*")
"""A Location that needs no encoding."""


class PlainResponse(Response):
    """A response whose headers are sent as they are if nothing in them has to be completed or encoded."""

    def get_wsgi_headers(self, environ: Mapping[str, Any]) -> Headers:
        headers = self.headers
        as_they_are = (
            "Content-Length" in headers
            and "Content-Location" not in headers
            and self.status_code not in (204, 304)
            and _PLAIN_ADDRESS.fullmatch(headers.get("Location", "")) is not None
        )
        return headers if as_they_are else super().get_wsgi_headers(dict(environ))


def see_other(address: str) -> Response:
    """A redirect after a form, without the page that browsers never show."""
    return PlainResponse(b"", 303, {"Location": address})


class PlainFlask(Flask):
    """Flask whose views and hooks are all plain functions, so that it need not look at each of them at each request."""

    response_class = PlainResponse

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
