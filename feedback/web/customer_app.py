"""The customers' application: survey pages and opt-out pages.

It has no session, no sign-in and no cookie, so nothing of the staff's is loaded, asked or paid for when a
customer answers; and a mistake in it ends in a page for customers. It stands before the staff's application
(`PathDispatcher`), because a link is `/` and twelve letters and is to stay that short.
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
from feedback.web import monitoring
from feedback.web.http import headers, library_in_force, request_limits
from feedback.web.http.application import NoSessions, PlainFlask
from feedback.web.http.routes import TokenConverter
from feedback.web.layout import error_pages
from feedback.web.survey import unsubscribe
from feedback.web.survey.frames import Frames
from feedback.web.survey.pages import Notice, Pages
from feedback.web.survey.views import SurveyViews

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime
    from feedback.services.studio.following import Following

log = get_logger()

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

LINK = re.compile(r"/(in(/[^/]*)?|[^/]+(/stop[^/]*)?)(/[^/0-9A-Za-z]*)?", re.DOTALL)
"""Addresses of customers' pages, including mistyped ones; the staff's pages have priority."""

_WITH_SOMETHING_STUCK = re.compile(
    rf"/(?P<clean>(in/)?[{ALPHABET}]{{{LENGTH}}}(/stop)?)[^0-9A-Za-z]+", re.ASCII | re.DOTALL
)
"""A complete link, followed by characters that a mail program included: a full stop, bracket, space, mark."""


def create_app(runtime: Runtime, follower: Following) -> Flask:
    """The Flask application with survey pages and opt-out pages, of a started Runtime."""
    app = PlainFlask("feedback.web.customer_app", static_folder=None)
    app.session_interface = NoSessions()
    app.config.update(request_limits.configuration(runtime.settings))
    app.url_map.strict_slashes = False
    app.url_map.converters["token"] = TokenConverter
    frames = Frames()
    pages = Pages(runtime.settings, frames)
    monitoring.install(app)
    request_limits.install(app)
    library_in_force.install(app, follower)
    app.register_blueprint(SurveyViews(runtime, pages, frames).blueprint())
    app.register_blueprint(unsubscribe.blueprint(runtime, pages))
    headers.install(app)
    app.register_error_handler(SecurityError, error_pages.unknown_host)
    app.register_error_handler(NotFound, lambda _: _cleaned() or pages.unknown())
    app.register_error_handler(HTTPException, lambda error: _refused(pages, error))
    app.register_error_handler(Exception, lambda error: _unexpected(pages, error))
    return app


class PathDispatcher:
    """Dispatches each request to the customers' or the staff's application.

    Paths that begin like a route of the staff's application go there, so that none of them is shadowed.
    """

    def __init__(self, customers: Application, staff: Flask) -> None:
        self.customers = customers
        self.staff = staff.wsgi_app
        self._app = staff

    @cached_property
    def staff_prefixes(self) -> frozenset[str]:
        """The first segments of the staff's routes (`desk` of `/desk/queue`), computed at the first request, because
        Flask accepts no routes after it."""
        return frozenset(rule.rule.split("/", 2)[1] for rule in self._app.url_map.iter_rules())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")  # as WSGI has it
        wanted = self.customers if self.is_for_customers(path) else self.staff
        return wanted(environ, start_response)

    def is_for_customers(self, path: str) -> bool:
        """Whether a path is a survey link, or a mistyped one."""
        prefix = path.split("/", 2)[1] if path.startswith("/") else ""
        return prefix not in self.staff_prefixes and LINK.fullmatch(path) is not None


def _cleaned() -> Response | None:
    """Redirect to the link without extra characters at its end, if that is its only mistake."""
    found = _WITH_SOMETHING_STUCK.fullmatch(request.path)
    if found is None or request.method not in ("GET", "HEAD"):
        return None
    query = request.query_string.decode("ascii", "ignore")
    return redirect(f"/{found['clean']}" + (f"?{query}" if query else ""), 302)  # type: ignore[return-value]


_REFUSED = {
    405: ("Not possible here", "Open the link in the message again, or copy all of it."),
    413: (
        "Your answer is too long",
        "Please shorten it and send it again. Nothing was saved.",
    ),
}
_UNREADABLE = ("We could not read this request", "Open the link in the message again, or copy all of it.")


def _refused(pages: Pages, error: HTTPException) -> Response:
    """The page for a wrong method or a malformed request."""
    code = error.code or 400
    return pages.notice(Notice(code, *_REFUSED.get(code, _UNREADABLE), onward=True))


def _unexpected(pages: Pages, error: Exception) -> Response:
    log.error("unexpected", exc_info=error)
    words = "Nothing is lost: please try again in a minute."
    return pages.notice(Notice(500, "We can't save your answer right now", words))
