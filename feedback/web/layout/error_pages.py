"""Converts errors to responses: a page for people, problem details (RFC 9457) for programs."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, Response, current_app, json, render_template, request
from flask_wtf.csrf import CSRFError
from structlog import get_logger
from werkzeug.exceptions import HTTPException, MethodNotAllowed, SecurityError
from werkzeug.exceptions import NotFound as NoSuchPage

from feedback.errors import (
    Conflict,
    FeedbackError,
    Forbidden,
    Gone,
    NotFound,
    Rejected,
    SignatureInvalid,
    StorageUnavailable,
    TooManyAttempts,
)
from feedback.i18n import _
from feedback.web.http.locale import say

log = get_logger()

STATUS: dict[type[FeedbackError], int] = {
    NotFound: 404,
    Forbidden: 403,
    SignatureInvalid: 403,
    Conflict: 409,
    Gone: 410,
    Rejected: 422,
    TooManyAttempts: 429,
    StorageUnavailable: 503,
}


TITLES = {
    400: _("Invalid request"),
    403: _("No access"),
    404: _("Page not found"),
    405: _("Not possible here"),
    409: _("Not saved"),
    410: _("No longer available"),
    413: _("Too much data"),
    414: _("Address too long"),
    422: _("Check your entries"),
    429: _("Too many attempts"),
    431: _("Too much data"),
    500: _("Something went wrong"),
    503: _("Service unavailable"),
}
ADVICE = {
    400: _("Reload the page and try again."),
    403: _("Ask an admin for access."),
    404: _("Check the address. The page may not exist, or you may not have access."),
    413: _("Shorten what you entered, then send it again. Nothing was saved."),
    414: _("Open the page from the menu, or shorten the address."),
    429: _("Wait a minute, then try again."),
    431: _("Delete the cookies of this site in your browser, then try again."),
    500: _("We have logged the error. Please try again."),
    503: _("Try again in a minute."),
}
STALE_FORM = _("Reload the page and try again: this form has expired.")


def install(app: Flask) -> None:
    for error in STATUS:
        app.register_error_handler(error, _ours)
    app.register_error_handler(CSRFError, lambda _: answer(400, STALE_FORM))
    app.register_error_handler(SecurityError, unknown_host)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _ours(error: Exception) -> Response:
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    if status == 503:
        log.error("storage_unavailable", reason=str(error))
        return answer(status, None)  # the reason is only for the operator
    return answer(status, str(error))


def unknown_host(error: SecurityError) -> Response:
    """The response for an unknown host name. Plain text, because a page would contain links with that host."""
    return Response("This host name is not ours.\n", error.code, mimetype="text/plain")


def _http(error: HTTPException) -> Response:
    if error.response is not None:  # a complete response already, such as a redirect
        return error.get_response()  # type: ignore[return-value]
    if isinstance(error, MethodNotAllowed) and error.valid_methods and not _exists(error.valid_methods):
        error = NoSuchPage()
    response = answer(error.code or 500, None)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _exists(methods: Iterable[str]) -> bool:
    """Whether there is a page here for one of these methods. A number that is too large for its rule is refused only
    after the rules of other methods were compared, and would be told as a wrong method."""
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and any(adapter.test(method=each) for each in methods)


def _unexpected(error: Exception) -> Response:
    log.error("unexpected", exc_info=error)
    return answer(500, None)


def answer(status: int, detail: str | None) -> Response:
    """An error in the format that the client accepts."""
    if wants_json():
        return _problem(status, detail)
    page = render_template(
        "layout/error.html",
        status=status,
        title=say().gettext(TITLES.get(status, TITLES[500])),
        detail=say().gettext(detail or ADVICE.get(status, ADVICE[500])),
    )
    return Response(page, status, mimetype="text/html")


def wants_json() -> bool:
    """Whether the client is a program: it calls the API, or does not prefer HTML."""
    if request.path.startswith(("/api/", "/hooks/")):
        return True
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _problem(status: int, detail: str | None) -> Response:
    body = {"type": "about:blank", "title": TITLES.get(status, TITLES[500]), "status": status}
    if detail:
        body["detail"] = detail
    return Response(json.dumps(body), status, mimetype="application/problem+json")
