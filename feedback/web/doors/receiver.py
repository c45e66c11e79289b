"""POST /hooks/in/<name>: what other systems post is checked, stored, answered, and taken in.

The order matters: limits, the door, its check, and only then is anything of the body parsed. A body that is stored is
answered with 2xx whatever is in it, because the other system could do nothing about that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Response, json, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from feedback import clock
from feedback.core import door_check
from feedback.core.door_check import DoorCall
from feedback.services.doors import arrivals, mapping, processing, setting_up
from feedback.services.doors.mapping import DoorSetup
from feedback.store.models import Door
from feedback.store.portions import SHORT_REST, Portions
from feedback.web.auth.permissions import public
from feedback.web.http.rate_limits import MISSES, Limits, RateLimit
from feedback.web.http.request_limits import KIB

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

log = structlog.get_logger()

CALLS = RateLimit(1_200)
"""Per client address, door and process, as many as a key of the API may make."""
SMALL = 64 * KIB
"""Bytes of a body that is taken in at once; a larger one is left to the worker."""
LOOK_EVERY = 30.0
"""Seconds for which it is remembered whether a door is full."""
SALESFORCE_ACK = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)


def blueprint(runtime: Runtime) -> Blueprint:
    receiver = _Receiver(runtime)
    hooks = Blueprint("doors_in", __name__)
    hooks.add_url_rule("/<name>", "receive", receiver.receive, methods=["POST"])
    hooks.add_url_rule("/<name>", "knock", receiver.knock, methods=["GET"])
    return hooks


class _Receiver:
    def __init__(self, runtime: Runtime, seconds: Callable[[], float] = time.monotonic) -> None:
        self._runtime, self._database = runtime, runtime.database
        self._limits = Limits()
        self._seconds = seconds
        self._full: dict[int, tuple[float, bool]] = {}
        """Door id -> until when it is known, and whether the door is full."""

    @public("the other system signs it")
    def receive(self, name: str) -> ResponseReturnValue:
        if (limited := self._limited(name)) is not None:
            return limited
        door = self._door(name)
        if door is None:
            return self._missed(name, 404, "There is no such door.")
        setup, _ = mapping.read(door.setup)
        if setup is None:  # written by another release
            return _refused(503, "This door is not set up.", retry_after=600)
        if (reason := self._refusal(door, setup)) is not None:
            return self._missed(name, 401, f"The check of this call failed: {reason}.")
        if self._is_full(door.id):
            return _refused(503, "Too much waits here. Send it again later.", retry_after=3_600)
        return self._keep(door, setup)

    @public("it tells nothing but whether there is a door, as a call would")
    def knock(self, name: str) -> ResponseReturnValue:
        """Some systems look before they register an address."""
        if (limited := self._limited(name)) is not None:
            return limited
        if self._door(name) is None:
            return self._missed(name, 404, "There is no such door.")
        return Response("This address takes POST.\n", mimetype="text/plain")

    def _limited(self, name: str) -> Response | None:
        """The answer to a client that has called too often, or too often in vain."""
        kind = name[:64]
        if not self._limits.left(MISSES, f"door miss {kind}", request.remote_addr):
            return _refused(429, "Wait a minute: too many calls were refused.", retry_after=60)
        if not self._limits.hit(CALLS, f"door {kind}", request.remote_addr):
            return _refused(429, f"Send at most {CALLS.amount} calls a minute.", retry_after=60)
        return None

    def _refusal(self, door: Door, setup: DoorSetup) -> str | None:
        """Why the check of the call failed, which the page of the door shows; None if it did not."""
        now = clock.now()
        secrets = setting_up.accepted_secrets(door, now)
        reason = door_check.refusal(setup.check_, self._call(), secrets, now)
        if reason is not None:
            with self._database.writing() as session:
                setting_up.note_refused(session, door.id, reason, now)
        return reason

    def _keep(self, door: Door, setup: DoorSetup) -> Response:
        raw, now = request.get_data(), clock.now()
        body = arrivals.received(raw, self._runtime.settings.organisation.default_region)
        with self._database.writing() as session:
            arrival = arrivals.store(session, door.id, body, now)
        if len(raw) <= SMALL:
            self._take_in(arrival.id)
        if setup.answer == "salesforce":
            return Response(SALESFORCE_ACK, mimetype="text/xml")
        return _json(200, {"id": arrival.id})

    def _take_in(self, arrival_id: int) -> None:
        """At once; if anything fails, the worker does it, because the body is stored already."""
        portions = Portions(self._database, resting=SHORT_REST)
        try:
            processing.process(portions, arrival_id, self._runtime, clock.now(), processing.AT_ONCE)
        except Exception:
            log.exception("doors.left_to_worker", arrival=arrival_id)

    def _door(self, name: str) -> Door | None:
        with self._database.reading() as session:
            return session.scalar(select(Door).where(Door.name == name[:64]))

    def _call(self) -> DoorCall:
        base = self._runtime.settings.web.public_url.rstrip("/") or request.host_url.rstrip("/")
        query = request.query_string.decode("latin-1")
        url = f"{base}{request.path}{'?' + query if query else ''}"
        return DoorCall(
            request.get_data(), dict(request.headers), request.args.to_dict(), url, request.method
        )

    def _is_full(self, door_id: int) -> bool:
        until, known = self._full.get(door_id, (0.0, False))
        if self._seconds() < until:
            return known
        with self._database.reading() as session:
            found = arrivals.is_full(session, door_id)
        self._full[door_id] = self._seconds() + LOOK_EVERY, found
        return found

    def _missed(self, name: str, status: int, sentence: str) -> Response:
        self._limits.hit(MISSES, f"door miss {name[:64]}", request.remote_addr)
        return _refused(status, sentence)


def _refused(status: int, sentence: str, retry_after: int | None = None) -> Response:
    response = _json(status, {"error": sentence})
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _json(status: int, body: object) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")
