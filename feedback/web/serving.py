"""Runs the web server until it is told to stop, and lets running requests finish."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping
from copy import copy
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, create_server
from werkzeug.wrappers import Request

from feedback.errors import SettingsInvalid
from feedback.settings import Settings
from feedback.settings.table import WebSettings
from feedback.web.http.request_limits import LARGEST_HEAD, LARGEST_REQUEST, LARGEST_UPLOAD, UPLOADS

log = structlog.get_logger()

IDLE = 30
"""Seconds after which a connection is closed on which nothing happens."""
ARRIVAL = 30.0
"""Seconds in which a whole request has to arrive, however steadily its bytes come."""
UPLOADS_TAKE = 20
"""How many times as long an upload may take: a file of customers on a slow line."""
CONNECTIONS = 1_000
"""The most connections at a time; further ones wait in the operating system."""
_OTHER_FILES = 200
"""Open files of one process besides its connections: database, log, pools, providers."""
_FORWARDED = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}


def _nothing() -> None:
    pass


def serve(
    app: Flask,
    settings: Settings,
    ready: Callable[[str], None] | None = None,
    stopped: Callable[[], object] = _nothing,
    *,
    arrival: float = ARRIVAL,
) -> None:
    """Serve requests until SIGTERM or SIGINT, then finish running requests within `worker.stop_within`.

    `ready` is called with the address once the port is open, and `stopped` as soon as the signal arrives. `arrival` is
    the number of seconds in which a whole request has to arrive. Raises SettingsInvalid if the port cannot be opened.
    """
    slow = SlowRequests(arrival)
    sockets: dict[int, Any] = {}  # all open sockets: listening ones and connections
    server = _open(app, settings.web, sockets)
    stopping = threading.Event()

    def stop() -> None:
        stopped()
        stopping.set()

    stop_on_signals(stop)
    host = "127.0.0.1" if settings.web.host == "0.0.0.0" else settings.web.host  # noqa: S104 - only printed
    if ready:
        ready(f"http://{host}:{getattr(server, 'effective_port', settings.web.port)}")
    while not stopping.is_set():
        _loop(sockets, 1)
        slow.close(sockets, time.monotonic())
    end = time.monotonic() + settings.worker.stop_within.total_seconds()
    _finish(sockets, end)
    server.task_dispatcher.shutdown(cancel_pending=False, timeout=max(0.1, end - time.monotonic()))
    log.info("web.stopped")


def stop_on_signals(stop: Callable[[], object]) -> None:
    """Call `stop` at SIGTERM and SIGINT; only the main thread can handle signals."""
    if threading.current_thread() is not threading.main_thread():
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def _open(app: Flask, web: WebSettings, sockets: dict[int, Any]) -> Any:
    proxy = (
        {"trusted_proxy": web.trusted_proxy, "trusted_proxy_headers": _FORWARDED} if web.trusted_proxy else {}
    )
    try:
        server = create_server(
            app,
            map=sockets,
            host=web.host,
            port=web.port,
            threads=web.threads,
            ident=None,
            max_request_body_size=LARGEST_REQUEST + 1,  # the first size that is too large
            max_request_header_size=LARGEST_HEAD,
            connection_limit=_most_connections(),
            channel_timeout=IDLE,
            cleanup_interval=IDLE // 6,
            clear_untrusted_proxy_headers=True,
            **proxy,
        )
        for each in sockets.values():
            if isinstance(each, BaseWSGIServer):
                each.channel_class = _channel(app, each.adj)
        return server
    except OSError as error:
        raise SettingsInvalid(
            f"Port {web.port} on {web.host} cannot be opened ({error.strerror}); "
            "stop the program that uses it, or change web.port."
        ) from None


def _channel(app: Flask, limits: Any) -> type[HTTPChannel]:
    """Connections that let in a larger body where a file of customers is uploaded, by somebody who is signed in."""
    wider = copy(limits)
    wider.max_request_body_size = LARGEST_UPLOAD + 1

    class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            is_large = self.chunked or self.content_length > LARGEST_REQUEST
            if is_large and self.path.rstrip("/") == UPLOADS and _is_signed_in(app, self.headers):
                self.adj = wider

    class Channel(HTTPChannel):  # type: ignore[misc]
        parser_class = Parser

        @property
        def is_upload(self) -> bool:
            return self.request is not None and self.request.adj is wider

    return Channel


def _is_signed_in(app: Flask, headers: Mapping[str, str]) -> bool:
    """Whether the cookie is one that we gave to somebody when they signed in. The view checks that it still holds."""
    request = Request({"HTTP_COOKIE": headers.get("COOKIE", "")})
    session = app.session_interface.open_session(app, request)  # type: ignore[arg-type]
    return bool(session and session.get("_user_id"))


class SlowRequests:
    """Closes connections on which one request takes longer than `arrival` seconds to arrive.

    Waitress closes only those on which nothing happens, and a byte now and then is something.
    """

    def __init__(self, arrival: float) -> None:
        self._arrival = arrival
        self._seen: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
        """Half a request -> when it was first seen."""

    def close(self, sockets: Mapping[int, Any], now: float) -> None:
        """Close the overdue ones; `now` is on a clock that nobody sets."""
        for connection in list(sockets.values()):
            if not isinstance(connection, HTTPChannel) or connection.request is None:
                continue
            if connection.requests:  # nothing is read as long as an earlier request is answered
                self._seen[connection.request] = now
                continue
            longest = self._arrival * (UPLOADS_TAKE if getattr(connection, "is_upload", False) else 1)
            if now - self._seen.setdefault(connection.request, now) > longest:
                connection.will_close = True


def _loop(sockets: dict[int, Any], seconds: float, count: int = 1) -> None:
    """Wait for events, at most `seconds`. `select`, the default, stops the server at the 1,024th open file."""
    wasyncore.loop(timeout=seconds, use_poll=True, map=sockets, count=count)


def _most_connections() -> int:
    """`CONNECTIONS`, or fewer where the operating system does not allow as many open files."""
    try:
        import resource  # noqa: PLC0415  (Unix only)
    except ImportError:
        return CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + _OTHER_FILES
    if 0 <= soft < wanted:  # -1 is no limit
        soft = wanted if hard < 0 else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return CONNECTIONS if soft < 0 else max(1, min(CONNECTIONS, soft - _OTHER_FILES))


def _finish(sockets: dict[int, Any], end: float) -> None:
    """Accept no new connections, and continue until every received request has been answered, or until `end` on the
    monotonic clock.

    The server's own shutdown stops its loop immediately, and loses responses that are still in its buffers.
    """
    _loop(sockets, 0, 2)  # accept pending connections
    for listener in [each for each in sockets.values() if isinstance(each, BaseWSGIServer)]:
        listener.del_channel()
        listener.socket.close()
    while time.monotonic() < end and any(map(_is_busy, list(sockets.values()))):
        _loop(sockets, 0.1)


def _is_busy(connection: Any) -> bool:
    return isinstance(connection, HTTPChannel) and bool(connection.requests or connection.total_outbufs_len)
