"""Security headers of responses."""

from __future__ import annotations

from flask import Flask, Response, request

STAFF_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # the arrows of Pico's form fields, and the QR code of a second factor
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

DEFAULTS = {
    "Content-Security-Policy": STAFF_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # do not send link tokens and search terms to other sites
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


_STATIC = tuple((name.lower(), name, value) for name, value in DEFAULTS.items())
_PAGE = (*_STATIC, ("cache-control", "Cache-Control", "no-store"))


def install(app: Flask) -> None:
    app.after_request(_add)


def _add(response: Response) -> Response:
    """Add the headers to a response; a view with other needs (such as embedding) sets its own header first."""
    wanted = _STATIC if request.endpoint == "static" else _PAGE
    present = {name.lower() for name, _ in response.headers}
    for lower, name, value in wanted:
        if lower not in present:
            response.headers.add(name, value)
    if request.is_secure and "strict-transport-security" not in present:
        response.headers.add("Strict-Transport-Security", "max-age=31536000")
    return response
