"""Checks of every API call: key, scope, rate limit and media type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, current_app, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    PreconditionRequired,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)

from feedback import clock
from feedback.services import audit
from feedback.services.staff import api_keys
from feedback.services.staff.api_keys import Scope
from feedback.web.api.scopes import Caller
from feedback.web.http.rate_limits import MISSES, Counters, Limits, RateLimit

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

CALLS = RateLimit(1_200)
"""Per key and process: enough to import a customer base, but not enough to overload the system."""
IDEMPOTENCY_KEY = "Idempotency-Key"
EVENTS_OF_A_CALL = 20
"""A batch counts as one call for each so many events."""
SEEN = RateLimit(1, 3_600.0)
"""Repeated reading of the same kind of data by the same key makes one entry of the audit log an hour."""


class Gate:
    """Runs before every route of the API."""

    def __init__(self, runtime: Runtime) -> None:
        self._database = runtime.database
        self._misses = Limits()
        self._calls = Counters()
        self._seen = Counters()

    def check(self) -> Response | None:
        """Raises an HTTP error (401, 403, 429, 428, 415 or 400), or returns None to continue the request."""
        scopes = _scopes_of(request.endpoint)
        if scopes == ():
            return None
        given = request.authorization
        self.known_caller(given.token if given is not None and given.type == "bearer" else None)
        if scopes is not None:
            demand(*scopes)
            _demand_idempotency_key(request.endpoint)
        if request.method in ("POST", "PUT"):
            _read_json()
        return None

    def known_caller(self, token: str | None, scheme: str = "bearer") -> Caller:
        """The program with this key, noted in `g.caller` and counted. Raises Unauthorized or TooManyRequests."""
        if not self._misses.left(MISSES, "api", request.remote_addr):
            raise TooManyRequests(
                "Wait a minute: there were too many calls without a valid key.", retry_after=60
            )
        now = clock.now()
        with self._database.glance() as connection:
            key = api_keys.find(connection, token, now) if token else None
        if key is None:
            self._misses.hit(MISSES, "api", request.remote_addr)
            sentence = "Send `Authorization: Bearer <key>` with a valid key."
            raise Unauthorized(sentence, www_authenticate=WWWAuthenticate(scheme, {"realm": "feedback"}))
        g.caller = Caller.of(key)
        self.count(1)
        if api_keys.is_use_worth_noting(key, now):
            with self._database.writing() as session:
                api_keys.note_use(session, key.id, now)
        return g.caller  # type: ignore[no-any-return]

    def count(self, calls: int) -> None:
        """Count calls of the key that the request has brought. Raises TooManyRequests."""
        subject = str(g.caller.key_id)
        if not self._calls.hit(CALLS, "api", subject, calls):
            _, seconds = self._calls.window(CALLS, "api", subject)
            raise TooManyRequests(
                f"Wait: this key may make {CALLS.amount} calls a minute.", retry_after=seconds
            )

    def count_batch(self, events: int) -> None:
        """Count a batch of so many events, of which one call is counted already. Raises TooManyRequests."""
        if (more := (events - 1) // EVENTS_OF_A_CALL) > 0:
            self.count(more)

    def note_seen(self, subject: str) -> None:
        """Record, at most once an hour and process, that the key has read customers' words or personal data."""
        caller: Caller = g.caller
        if not self._seen.hit(SEEN, subject, str(caller.key_id)):
            return
        with self._database.writing() as session:
            by, key = caller.owner_id, caller.key_id
            audit.record(session, "saw", subject, None, by=by, now=clock.now(), key=key)

    def add_limits(self, response: Response) -> Response:
        """Say how many calls are left (draft-ietf-httpapi-ratelimit-headers-11)."""
        caller: Caller | None = g.get("caller")
        if caller is not None:
            left, seconds = self._calls.window(CALLS, "api", str(caller.key_id))
            response.headers["RateLimit-Policy"] = f'"default";q={CALLS.amount};w={CALLS.seconds:.0f}'
            response.headers["RateLimit"] = f'"default";r={left};t={seconds}'
        return response


def caller() -> Caller:
    """The program that makes this call."""
    return g.caller  # type: ignore[no-any-return]


def demand(*scopes: Scope) -> None:
    """Raises Forbidden unless the key may do one of these things."""
    known = caller()
    if known.allowed.intersection(scopes):
        return
    if known.scopes.intersection(scopes):
        raise Forbidden("The owner of this key has no permission for this.")
    raise Forbidden(f"Use a key with the scope {' or '.join(scopes)}.")


def _scopes_of(endpoint: str | None) -> tuple[Scope, ...] | None:
    """The scopes of a route; empty for what needs no key, and None for an address that does not exist.

    A route that names none is refused, so a forgotten decorator cannot open it.
    """
    if endpoint is None:
        return None
    scopes: tuple[Scope, ...] | None = getattr(current_app.view_functions[endpoint], "scopes", None)
    if scopes is None:
        raise Forbidden("Nobody may call this yet: it has no scope.")
    return scopes


def _demand_idempotency_key(endpoint: str | None) -> None:
    view = current_app.view_functions.get(endpoint or "")
    if getattr(view, "sent_once", False) and IDEMPOTENCY_KEY not in request.headers:
        raise PreconditionRequired(
            f"Send {IDEMPOTENCY_KEY} with a random value, and the same one if you send this call again: the customer "
            "then gets the message once."
        )


def _read_json() -> None:
    if not request.is_json:
        raise UnsupportedMediaType("Send JSON, with `Content-Type: application/json`.")
    try:
        request.get_json()
    except (BadRequest, RecursionError):
        raise BadRequest("The body is not JSON.") from None
