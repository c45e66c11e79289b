"""Checks of every API call: key, rate limit and media type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    BadRequest,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)

from feedback import clock
from feedback.services.staff import api_keys
from feedback.web.http.rate_limits import MISSES, Counters, Limits, RateLimit

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

CALLS = RateLimit(1_200)
"""Per key and process: enough to import a customer base, but not enough to overload the system."""
EVENTS_OF_A_CALL = 20
"""A batch counts as one call for each so many events."""
OPEN = ("api.openapi",)


class Gate:
    """Runs before every route of the API."""

    def __init__(self, runtime: Runtime) -> None:
        self._database = runtime.database
        self._misses = Limits()
        self._calls = Counters()

    def check(self) -> Response | None:
        """Raises an HTTP error (401, 429, 415 or 400), or returns None to continue the request."""
        if request.endpoint in OPEN:
            return None
        self._known_caller()
        if request.method in ("POST", "PUT"):
            _read_json()
        return None

    def _known_caller(self) -> None:
        given = request.authorization
        token = given.token if given is not None and given.type == "bearer" else None
        if not self._misses.left(MISSES, "api", request.remote_addr):
            raise TooManyRequests(
                "Wait a minute: there were too many calls without a valid key.", retry_after=60
            )
        with self._database.glance() as connection:
            key = api_keys.find(connection, token) if token else None
        if key is None:
            self._misses.hit(MISSES, "api", request.remote_addr)
            sentence = "Send `Authorization: Bearer <key>` with a valid key."
            raise Unauthorized(sentence, www_authenticate=WWWAuthenticate("bearer", {"realm": "feedback"}))
        g.api_key = key.id
        self.count(1)
        now = clock.now()
        if api_keys.is_use_worth_noting(key, now):
            with self._database.writing() as session:
                api_keys.note_use(session, key.id, now)

    def count(self, calls: int) -> None:
        """Count calls of the key that the request has brought. Raises TooManyRequests."""
        if not self._calls.hit(CALLS, "api", str(g.api_key), calls):
            raise TooManyRequests(f"Wait: this key may make {CALLS.amount} calls a minute.", retry_after=60)

    def count_batch(self, events: int) -> None:
        """Count a batch of so many events, of which one call is counted already. Raises TooManyRequests."""
        if (more := (events - 1) // EVENTS_OF_A_CALL) > 0:
            self.count(more)


def _read_json() -> None:
    if not request.is_json:
        raise UnsupportedMediaType("Send JSON, with `Content-Type: application/json`.")
    try:
        request.get_json()
    except (BadRequest, RecursionError):
        raise BadRequest("The body is not JSON.") from None
