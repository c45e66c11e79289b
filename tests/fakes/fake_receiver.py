"""Another system that receives webhooks: a real HTTP server, which fails when it is told to."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Received:
    """A call. `headers` are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def uid(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def type(self) -> str:
        return str(self.event["type"])

    def verified(self, secret: str) -> Any:
        """What the specification's own library makes of it; it raises for a wrong signature."""
        return Webhook(secret).verify(self.body, dict(self.headers))


@dataclass
class Answering:
    """What the receiver answers; `before` is called first, and may wait."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"thank you"
    before: Callable[[Received], None] = lambda _: None


Script = Callable[[Received], Answering]


class FakeReceiver:
    """Listens on 127.0.0.1. `script` decides about each call; `taken` are those that it answered with 2xx."""

    def __init__(self, script: Script | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.script: Script = script or (lambda _: Answering())
        self.calls: list[Received] = []
        self.taken: list[Received] = []
        self._lock = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver._answer(self)

            def do_GET(self) -> None:
                receiver._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A caller that was killed in the middle of a call is what the trials are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if tls else "http"

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length", 0))
        content = handler.rfile.read(length)
        if len(content) < length:  # the caller was killed in the middle of its call
            handler.close_connection = True
            return
        headers = {name.lower(): value for name, value in handler.headers.items()}
        received = Received(handler.path, headers, content)
        with self._lock:
            self.calls.append(received)
        answering = self.script(received)
        answering.before(received)
        if 200 <= answering.status < 300:
            with self._lock:
                self.taken.append(received)
                self._lock.notify_all()
        try:
            handler.send_response(answering.status)
            for name, value in answering.headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(answering.body)))
            handler.end_headers()
            handler.wfile.write(answering.body)
        except OSError:
            pass  # the caller has gone

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/hooks?from=feedback"

    def next_taken(self, seconds: float) -> bool:
        """Wait until it has taken something. False if nothing came."""
        with self._lock:
            return self._lock.wait_for(lambda: bool(self.taken), seconds)

    def types(self) -> Sequence[str]:
        """The types of the events that it took, in their order."""
        return [each.type for each in self.taken]

    def __enter__(self) -> FakeReceiver:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
