"""The customers' application: the pages behind their links, and nothing else.

It has no session, no sign-in and no cookie, so nothing of the staff's is loaded, asked or paid for when a
customer answers; and a mistake in it ends in a page for customers. It stands before the staff's application
(`Door`), because a link is `/` and twelve letters and is to stay that short.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from structlog import get_logger
from werkzeug.exceptions import HTTPException, SecurityError

from feedback.web import bounds, headers, observe, problems, survey, unsubscribe
from feedback.web.survey.pages import Pages

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

log = get_logger()

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

LINK = re.compile(r"/(in/)?[^/.-]{12}(/stop)?/?", re.DOTALL)
"""The addresses of customers, mistyped ones too; no address of the staff's may match."""


def create_app(runtime: Runtime) -> Flask:
    """Survey pages and the way out of them, over a started Runtime."""
    app = Flask("feedback.web.customers", static_folder=None)
    app.config.update(bounds.configuration(runtime.settings))
    app.url_map.strict_slashes = False
    pages = Pages(runtime.settings)
    observe.install(app)
    app.register_blueprint(survey.blueprint(runtime, pages))
    app.register_blueprint(unsubscribe.blueprint(runtime, pages))
    headers.install(app)
    app.register_error_handler(SecurityError, problems.unknown_host)
    app.register_error_handler(HTTPException, lambda error: _refused(pages, error))
    app.register_error_handler(Exception, lambda error: _unexpected(pages, error))
    return app


class Door:
    """Leads each request to the customers' application or to the staff's."""

    def __init__(self, customers: Application, staff: Application) -> None:
        self.customers = customers
        self.staff = staff

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")  # as WSGI has it
        wanted = self.customers if LINK.fullmatch(path) else self.staff
        return wanted(environ, start_response)


def _refused(pages: Pages, error: HTTPException) -> Response:
    """A method or an address that does not exist, or a request that cannot be read."""
    return pages.notice(
        error.code or 400, "We do not know this link", "Please check that the address is complete."
    )


def _unexpected(pages: Pages, error: Exception) -> Response:
    log.error("unexpected", exc_info=error)
    return pages.notice(
        500, "We cannot save your answer just now", "Nothing is lost: please try again in a minute."
    )
