"""Serves the application until it is told to stop, and lets what is in flight finish."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

import structlog
from flask import Flask
from waitress.server import create_server

from feedback.errors import SettingsInvalid
from feedback.settings import Settings

log = structlog.get_logger()


def serve(app: Flask, settings: Settings, ready: Callable[[str], None] | None = None) -> None:
    """Answer requests until SIGTERM or SIGINT; `ready` is told the address once the port is open.

    Raises SettingsInvalid where the port cannot be had.
    """
    web = settings.web
    proxy = (
        {"trusted_proxy": web.trusted_proxy, "trusted_proxy_headers": _FORWARDED} if web.trusted_proxy else {}
    )
    try:
        server = create_server(
            app,
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
            "stop what uses it, or set web.port to another one."
        ) from None
    stop_on_signals(server.close)
    host = "127.0.0.1" if web.host == "0.0.0.0" else web.host  # noqa: S104 - only for the line we print
    if ready:
        ready(f"http://{host}:{getattr(server, 'effective_port', web.port)}")
    try:
        server.run()
    except OSError:
        log.debug("web.socket_closed")  # closing the listener wakes the loop this way
    finally:
        server.task_dispatcher.shutdown(cancel_pending=False, timeout=30)
        log.info("web.stopped")


def stop_on_signals(stop: Callable[[], object]) -> None:
    """Call `stop` at SIGTERM and SIGINT; only the main thread may listen to signals."""
    if threading.current_thread() is not threading.main_thread():
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


_FORWARDED = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
