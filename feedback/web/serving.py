"""Runs the web server until it is told to stop, and lets running requests finish."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import structlog
from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server

from feedback.errors import SettingsInvalid
from feedback.settings import Settings
from feedback.settings.table import WebSettings

log = structlog.get_logger()

_FORWARDED = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}


def _nothing() -> None:
    pass


def serve(
    app: Flask,
    settings: Settings,
    ready: Callable[[str], None] | None = None,
    stopped: Callable[[], object] = _nothing,
) -> None:
    """Serve requests until SIGTERM or SIGINT, then finish running requests within `worker.stop_within`.

    `ready` is called with the address once the port is open, and `stopped` as soon as the signal arrives.
    Raises SettingsInvalid if the port cannot be opened.
    """
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
        wasyncore.loop(timeout=1, map=sockets, count=1)
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
        return create_server(
            app,
            map=sockets,
            host=web.host,
            port=web.port,
            threads=web.threads,
            ident=None,
            clear_untrusted_proxy_headers=True,
            **proxy,
        )
    except OSError as error:
        raise SettingsInvalid(
            f"Port {web.port} on {web.host} cannot be opened ({error.strerror}); "
            "stop the program that uses it, or change web.port."
        ) from None


def _finish(sockets: dict[int, Any], end: float) -> None:
    """Accept no new connections, and continue until every received request has been answered, or until `end` on the
    monotonic clock.

    The server's own shutdown stops its loop immediately, and loses responses that are still in its buffers.
    """
    wasyncore.loop(timeout=0, map=sockets, count=2)  # accept pending connections
    for listener in [each for each in sockets.values() if isinstance(each, BaseWSGIServer)]:
        listener.del_channel()
        listener.socket.close()
    while time.monotonic() < end and any(map(_is_busy, list(sockets.values()))):
        wasyncore.loop(timeout=0.1, map=sockets, count=1)


def _is_busy(connection: Any) -> bool:
    return isinstance(connection, HTTPChannel) and bool(connection.requests or connection.total_outbufs_len)
