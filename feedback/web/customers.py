"""The customers' application: survey pages and opt-out pages.

It has no session, sign-in or cookies, so a customer's request does not run any code of the staff's application,
and its errors become pages for customers. It comes before the staff's application (`Door`), because survey links
are only `/` and twelve characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, redirect, request
from structlog import get_logger
from werkzeug.exceptions import HTTPException, NotFound, SecurityError

from feedback.core.token import ALPHABET, LENGTH
from feedback.web import bounds, headers, observe, problems, survey, unsubscribe
from feedback.web.survey.pages import Pages

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

log = get_logger()

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

LINK = re.compile(r"/(in(/[^/]*)?|[^/]+(/stop[^/]*)?)(/[^/0-9A-Za-z]*)?", re.DOTALL)
"""Addresses of customers' pages, including mistyped ones; the staff's pages have priority."""

_WITH_SOMETHING_STUCK = re.compile(
    rf"/(?P<clean>(in/)?[{ALPHABET}]{{{LENGTH}}}(/stop)?)[^0-9A-Za-z]+", re.ASCII | re.DOTALL
)
"""A complete link, followed by characters that a mail program included: a full stop, bracket, space, mark."""


def create_app(runtime: Runtime) -> Flask:
    """The Flask application with survey pages and opt-out pages, of a started Runtime."""
    app = Flask("feedback.web.customers", static_folder=None)
    app.config.update(bounds.configuration(runtime.settings))
    app.url_map.strict_slashes = False
    pages = Pages(runtime.settings)
    observe.install(app)
    app.register_blueprint(survey.blueprint(runtime, pages))
    app.register_blueprint(unsubscribe.blueprint(runtime, pages))
    headers.install(app)
    app.register_error_handler(SecurityError, problems.unknown_host)
    app.register_error_handler(NotFound, lambda _: _cleaned() or pages.unknown())
    app.register_error_handler(HTTPException, lambda error: _refused(pages, error))
    app.register_error_handler(Exception, lambda error: _unexpected(pages, error))
    return app


class Door:
    """Dispatches each request to the customers' or the staff's application.

    Paths that begin like a route of the staff's application go there, so that none of them is shadowed.
    """

    def __init__(self, customers: Application, staff: Flask) -> None:
        self.customers = customers
        self.staff = staff.wsgi_app
        self._app = staff

    @cached_property
    def rooms(self) -> frozenset[str]:
        """The first segments of the staff's routes (`desk` of `/desk/queue`), computed at the first request, because
        Flask accepts no routes after it."""
        return frozenset(rule.rule.split("/", 2)[1] for rule in self._app.url_map.iter_rules())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")  # as WSGI has it
        wanted = self.customers if self.is_for_customers(path) else self.staff
        return wanted(environ, start_response)

    def is_for_customers(self, path: str) -> bool:
        """Whether a path is a survey link, or a mistyped one."""
        room = path.split("/", 2)[1] if path.startswith("/") else ""
        return room not in self.rooms and LINK.fullmatch(path) is not None


def _cleaned() -> Response | None:
    """Redirect to the link without extra characters at its end, if that is its only mistake."""
    found = _WITH_SOMETHING_STUCK.fullmatch(request.path)
    if found is None or request.method not in ("GET", "HEAD"):
        return None
    query = request.query_string.decode("ascii", "ignore")
    return redirect(f"/{found['clean']}" + (f"?{query}" if query else ""), 302)  # type: ignore[return-value]


_REFUSED = {
    405: ("This cannot be done here", "Open the link in the message once more, or copy it whole."),
    413: (
        "This was too much to send at once",
        "Nothing of it was saved. Please shorten it and send it once more.",
    ),
}
_UNREADABLE = ("We could not read this", "Open the link in the message once more, or copy it whole.")


def _refused(pages: Pages, error: HTTPException) -> Response:
    """The page for a wrong method or a malformed request."""
    code = error.code or 400
    return pages.notice(code, *_REFUSED.get(code, _UNREADABLE), onward=True)


def _unexpected(pages: Pages, error: Exception) -> Response:
    log.error("unexpected", exc_info=error)
    return pages.notice(
        500, "We cannot save your answer just now", "Nothing is lost: please try again in a minute."
    )
