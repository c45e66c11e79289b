"""Limits for all requests: every room's largest body and longest field, the longest path, query and header.

They hold before anything parses what was sent, because much of the work after it grows faster than its input: a
form, an Accept header, a Unicode normalisation, an e-mail address. Parsers that are also reached in other ways (the
command line, a mailbox, an SMS) have limits of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, request
from flask_security import current_user
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    RequestEntityTooLarge,
    RequestHeaderFieldsTooLarge,
    RequestURITooLarge,
    SecurityError,
)

from feedback.settings import Settings

KIB = 1024
LARGEST_REQUEST = 2 * KIB * KIB
"""Bytes of a staff form, and the most that the web server accepts of a stranger."""
LARGEST_UPLOAD = 31 * KIB * KIB
"""Bytes of a form with a file of customers, which the web server accepts of somebody who is signed in."""
UPLOADS = "/customers/import"
"""Where such a form is sent."""
LARGEST_HEAD = 16 * KIB
"""Bytes of all headers together."""
LONGEST_PATH = 4_000
LONGEST_QUERY = 8_000
LONGEST_HEADER = 200
"""Characters of a header that a person's browser sends and that is parsed. What is longer is cut."""
LONGEST_NAME = 300
"""Characters of a form field's name."""
LONGEST_ADDRESS = 320
"""Characters of an e-mail address (RFC 5321: 64 + 1 + 255)."""
LONGEST_SECRET = 1_000
"""Characters of a password, a code or a token."""

_LOOKED_AT = (
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_CHARSET",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_CACHE_CONTROL",
    "HTTP_HOST",
    "HTTP_IF_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_RANGE",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_PRAGMA",
    "HTTP_RANGE",
    "HTTP_USER_AGENT",
    "HTTP_X_REQUESTED_WITH",
    "CONTENT_TYPE",
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_FLAG, _REFUSED = "feedback.too_large", "feedback.refused"

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Bounds:
    """What a room accepts: bytes of the body, number of form fields, characters of a field and of named fields."""

    body: int
    fields: int = 200
    longest: int = LONGEST_SECRET
    named: Mapping[str, int] = field(default_factory=dict)
    has_file: bool = False
    """Whether a form may have a file, which is read piece by piece."""
    any_text: bool = False
    """Whether a NUL or half a surrogate pair is let in, because the room replaces what no database stores."""

    def of(self, name: str) -> int:
        return self.named.get(name, self.longest)


_ADDRESSES = dict.fromkeys(("email", "identity", "username"), LONGEST_ADDRESS)
STRANGERS = Bounds(16 * KIB, fields=50, named=_ADDRESSES)
"""The limits of people who have not signed in, and of a room that has none of its own."""
STAFF = Bounds(LARGEST_REQUEST, fields=2_000, longest=60_001)
"""The limits of signed-in staff. Pages refuse less, and keep what was typed: 60,000 is the longest text of a
questionnaire that can be tried."""

ROOMS: Mapping[str, Bounds] = {
    "security": Bounds(16 * KIB, fields=50, named={**_ADDRESSES, "next": 2_000, "credential": 12_000}),
    "scim": Bounds(512 * KIB),  # a group names all of its members
    "sso": Bounds(16 * KIB, fields=50, longest=12_000),
    "survey": Bounds(64 * KIB, longest=64 * KIB, named={"stamp": LONGEST_SECRET}, any_text=True),
    "trial": Bounds(64 * KIB, longest=64 * KIB, named={"stamp": LONGEST_SECRET}, any_text=True),
    "unsubscribe": Bounds(16 * KIB, fields=50),
    "api": Bounds(64 * KIB),
    "delighted": Bounds(64 * KIB),
    "mcp": Bounds(128 * KIB),  # a questionnaire in letters of two bytes
    "hooks": Bounds(64 * KIB, longest=32 * KIB, any_text=True),
    "doors_in": Bounds(256 * KIB, fields=2_000, longest=256 * KIB, any_text=True),
    "simulator": Bounds(16 * KIB, fields=50, longest=1_600),  # the longest SMS
    "campaigns": Bounds(LARGEST_REQUEST, longest=LARGEST_REQUEST, has_file=True),
    "imports": Bounds(LARGEST_UPLOAD, fields=2_000, has_file=True),
    "settings": Bounds(64 * KIB, fields=300, longest=20_000, has_file=True),  # the file is a logo
    "themes": Bounds(LARGEST_REQUEST, longest=200_001),  # the frame
    "observe": STRANGERS,
}
"""Blueprint -> its limits, for everybody. All other rooms are the staff's. `credential` is a passkey with the
certificates of its maker."""
READ_LATER = frozenset({"api", "delighted", "doors_in", "mcp", "scim"})
"""Blueprints that check who calls before they read JSON, and know its shape themselves."""


def configuration(settings: Settings) -> dict[str, object]:
    """Flask's settings for the limits."""
    return {
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "MAX_FORM_PARTS": STAFF.fields,
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


def install(app: Flask, guard: Callable[[Flask], object] | None = None) -> None:
    """Check every request before any form of it is built. Put `ShortHead` around the WSGI application.

    `guard` installs what decides who may come: a form is only read of those who may.
    """
    app.request_class = BoundedRequest
    app.before_request(partial(_refusing, _check_size))
    if guard is not None:
        guard(app)
    app.before_request(partial(_refusing, _check_form))


class BoundedRequest(Request):
    """A request of whose body nothing is parsed once it was refused, not even by what the error page asks."""

    @property
    def is_json(self) -> bool:
        return not self.environ.get(_REFUSED) and super().is_json


def current_request() -> Request:
    """The request itself: each look through Flask's proxy costs more than most checks."""
    return request._get_current_object()  # type: ignore[attr-defined,no-any-return]


class ShortHead:
    """Cuts the path, query and headers of a request before any of them is parsed, and notes what was too long.

    `install` then refuses the request with an error page; here, nobody knows yet in which language.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if refused := _too_long(environ):
            environ[_FLAG] = refused
            _drop_long(environ)
        for name in _LOOKED_AT:
            if name in environ:
                environ[name] = environ[name][:LONGEST_HEADER]
        return self.app(environ, start_response)


def _too_long(environ: Mapping[str, Any]) -> type[HTTPException] | None:
    if (
        len(environ.get("PATH_INFO", "")) > LONGEST_PATH
        or len(environ.get("QUERY_STRING", "")) > LONGEST_QUERY
    ):
        return RequestURITooLarge
    sizes = (len(name) + len(value) for name, value in environ.items() if name.startswith("HTTP_"))
    return RequestHeaderFieldsTooLarge if sum(sizes) > LARGEST_HEAD else None


def _drop_long(environ: dict[str, Any]) -> None:
    """Shorten everything that the error page could still parse."""
    environ["PATH_INFO"] = environ.get("PATH_INFO", "")[:LONGEST_HEADER]
    environ["QUERY_STRING"] = ""
    for name in [each for each in environ if each.startswith("HTTP_")]:
        if len(environ[name]) > LONGEST_HEADER:
            environ[name] = environ[name][:LONGEST_HEADER]


def bounds_of(blueprint: str | None) -> Bounds:
    """The limits of the room to which the current request goes."""
    if (own := ROOMS.get(blueprint or "")) is not None:
        return own
    known = request.endpoint is not None and current_user.is_authenticated
    return STAFF if known else STRANGERS


def _refusing(check: Callable[[], None]) -> None:
    try:
        check()
    except HTTPException:
        request.environ[_REFUSED] = True
        raise


def _check_size() -> None:
    """Raise an HTTP error (413, 414, 431, 400) for what is too large from anybody."""
    sent = current_request()
    if isinstance(sent.routing_exception, SecurityError):  # no page has an address on a host that is not ours
        raise sent.routing_exception
    if refused := sent.environ.get(_FLAG):
        raise refused
    room, is_json = sent.blueprint or "", sent.is_json
    _limit_body(ROOMS.get(room) or (STRANGERS if is_json else STAFF))  # the staff's other pages take no JSON
    if is_json and room not in READ_LATER and _has_body():
        _check_json()


def _check_form() -> None:
    """Raise RequestEntityTooLarge for a form with too many fields, or with one that is too long.

    Raise BadRequest for text in it or in the address that cannot be stored or compared.
    """
    sent = current_request()
    if b"%00" in sent.query_string and not ROOMS.get(sent.blueprint or "", STRANGERS).any_text:
        raise BadRequest
    if not _has_body() or sent.is_json:
        return
    bounds = bounds_of(sent.blueprint)
    _limit_body(bounds)
    is_file = (
        bounds.has_file and sent.mimetype == "multipart/form-data"
    )  # its parts are counted by the parser
    if (
        not is_file and sent.get_data().count(b"&") >= bounds.fields
    ):  # from now on in memory, for the parsers too
        raise RequestEntityTooLarge
    _check_entries(sent.form.items(multi=True), bounds)


def _limit_body(bounds: Bounds) -> None:
    sent = current_request()
    if (sent.content_length or 0) > bounds.body:
        raise RequestEntityTooLarge(f"Send at most {bounds.body} bytes.")
    sent.max_content_length = bounds.body  # for bodies that do not tell their length
    sent.max_form_parts = bounds.fields


def _has_body() -> bool:
    sent = current_request()
    length = sent.content_length
    return bool(length) or (length is None and "chunked" in sent.headers.get("Transfer-Encoding", "").lower())


def _check_json() -> None:
    """Check JSON that a page takes as a form: an object whose values are texts or switches.

    The API is no page: it checks the caller's key first, and then its own shapes.
    """
    try:
        body = request.get_json()
    except RecursionError:
        raise BadRequest from None
    if not isinstance(body, dict) or not all(isinstance(each, str | bool | None) for each in body.values()):
        raise BadRequest
    texts = ((name, value) for name, value in body.items() if isinstance(value, str))
    _check_entries(texts, ROOMS.get(request.blueprint or "", STRANGERS))


def _check_entries(entries: Iterable[tuple[str, str]], bounds: Bounds) -> None:
    for name, value in entries:
        if len(name) > LONGEST_NAME or len(value) > bounds.of(name):
            raise RequestEntityTooLarge
        if not bounds.any_text and _UNSTORABLE.search(value):
            raise BadRequest
