"""Error responses of the API, as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from flask import Response, json
from pydantic import ValidationError
from structlog import get_logger
from werkzeug.exceptions import HTTPException

from feedback.errors import FeedbackError
from feedback.web.api.shapes import Mistake
from feedback.web.layout.error_pages import STATUS

log = get_logger()


class UnacceptableError(Exception):
    """The request is well formed, but its values are not acceptable."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__()
        self.mistakes = mistakes


def mistaken(pointer: str, detail: str) -> UnacceptableError:
    """One value that is not acceptable."""
    return UnacceptableError([Mistake(pointer=pointer, detail=detail)])


def unacceptable(error: UnacceptableError) -> Response:
    """The response for values that are not acceptable."""
    return problem(422, "Some values cannot be accepted.", error.mistakes)


def problem(status: int, detail: str | None = None, errors: Iterable[Mistake] = ()) -> Response:
    """A problem of type `about:blank`, whose title must be the status phrase (RFC 9457, 4.2.1)."""
    body: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        body["detail"] = detail
    if mistakes := [mistake.model_dump() for mistake in errors]:
        body["errors"] = mistakes
    return Response(json.dumps(body), status, mimetype="application/problem+json")


def status_of(error: FeedbackError) -> int:
    """The HTTP status of an error that a service raised."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def ours(error: FeedbackError) -> Response:
    """The response for an error that a service raised."""
    status = status_of(error)
    if status != 503:
        return problem(status, str(error))
    log.error("storage_unavailable", reason=str(error))
    answer = problem(status, "Please try again in a moment.")
    answer.headers["Retry-After"] = "5"
    return answer


def http(error: HTTPException) -> Response:
    """The response for an HTTP error: method, media type, size."""
    if error.response is not None:
        return error.get_response()  # type: ignore[return-value]
    answer = problem(error.code or 500, error.description)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            answer.headers[name] = value
    return answer


def invalid(error: ValidationError) -> Response:
    """The response for a request that fails validation: every mistake with its place, but without the value."""
    mistakes = [
        Mistake(pointer=_pointer(each["loc"]), detail=_sentence(each["msg"])) for each in error.errors()
    ]
    return problem(422, "The request does not match the API's description.", mistakes)


def _pointer(place: tuple[int | str, ...]) -> str:
    """The JSON pointer of a mistake, such as `/properties/a~1b`, without the names of tried types."""
    parts = [str(part) for part in place if "[" not in str(part)]
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ").strip()
    return text if text.endswith(".") else f"{text}."
