"""Flask without what this product does not use, because every answer of a customer pays for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import (
    NullSession,
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionInterface,
)
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


class PlainSessions(SecureCookieSessionInterface):
    """Sessions in cookies; a request without the cookie pays nothing for them."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


class NoSessions(SessionInterface):
    """For an application without sessions: nothing is read of a request, and nothing added to its answer."""

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002
        return NullSession()


@dataclass(frozen=True, slots=True)
class Hooks:
    """What runs before each request, and after it."""

    before: Sequence[Callable[[], Any]] = ()
    after: Sequence[Callable[[Any], Any]] = ()


class PlainFlask(Flask):
    """Flask whose views and hooks are all plain functions, so that it need not look at each of them at each request."""

    response_class = PlainResponse
    session_interface: SessionInterface = PlainSessions()
    programs: frozenset[str] = frozenset()
    """Blueprints for programs, which bring a key with every call and have no session. Of the application's hooks, only
    those of `of_everybody` run for them, and not those of the sign-in and of pages."""
    of_everybody = Hooks()

    def hooks(self) -> Hooks:
        """The hooks that are installed so far."""
        before, after = self.before_request_funcs.get(None, ()), self.after_request_funcs.get(None, ())
        return Hooks(tuple(before), tuple(after))

    def preprocess_request(self) -> Any:
        if request.blueprint not in self.programs:
            return super().preprocess_request()
        own = (self.before_request_funcs.get(name, ()) for name in reversed(request.blueprints))
        for hook in chain(self.of_everybody.before, *own):
            if (answer := hook()) is not None:
                return answer
        return None

    def process_response(self, response: Response) -> Response:
        if request.blueprint not in self.programs:
            return super().process_response(response)
        own = (reversed(self.after_request_funcs.get(name, ())) for name in request.blueprints)
        for hook in chain(*own, reversed(self.of_everybody.after)):
            response = hook(response)
        return response

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
