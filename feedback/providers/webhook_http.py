"""Calls addresses that admins have typed in (webhooks, the provider of the single sign-on), and none inside the own
network.

A name is resolved once for each connection, every address that it has is judged, and the connection goes to exactly
the addresses that were judged: a name that changes between check and connection gains nothing. Redirects are not
followed, proxies of the environment are not used (they would connect elsewhere), and the whole call has one deadline.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, SSLError
from urllib3.exceptions import TimeoutError as SlowError

from feedback.core.web_address import WebAddress

TIMEOUT = 15.0
"""Seconds for a whole call; the Standard Webhooks specification recommends 15 to 30."""
CONNECT = 5.0
KEPT = 1_000
"""Bytes of the receiver's answer that are kept for the log."""
TRANSLATED = ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16")
"""IPv6 addresses that hold an IPv4 address (RFC 6052, RFC 3056), which a gateway may connect to."""

Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Sequence[tuple[Any, ...]]]


class _NotAllowedError(Exception):
    """The name has no address to which webhooks may go."""


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """The result of a call. `code` is `http_200`, `timeout` ...; `status` is None without an answer; `retry_after` is
    the header as it was sent; `text` the beginning of the answer."""

    code: str
    milliseconds: int
    status: int | None = None
    retry_after: str = ""
    text: str = ""


def resolve(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """The addresses of a name, as `socket.getaddrinfo` returns them."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def is_inside(address: str) -> bool:
    """Whether an IP address is no public one: private, loopback, link-local, shared, reserved, multicast ..."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_inside(str(found.ipv4_mapped))
        if found in TRANSLATED[0]:
            return is_inside(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        if found in TRANSLATED[1]:
            return is_inside(str(ipaddress.IPv4Address((int(found) >> 80) & 0xFFFFFFFF)))
    return not found.is_global or found.is_multicast


@dataclass(frozen=True, slots=True)
class WebhookHttp:
    """Makes the calls. `allowed` are networks that may be reached although they are no public ones."""

    allowed: Sequence[Network] = ()
    allow_http: bool = False
    timeout: float = TIMEOUT
    kept: int = KEPT
    """Bytes of an answer that are read."""
    resolve: Resolve = resolve
    trust: ssl.SSLContext | None = None
    """Which certificates are trusted; default: those of the system, and of public authorities."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> WebhookAnswer:
        """Make one call. It does not raise: a failed one is an answer without a status."""
        return self._answer("POST", url, body, headers)

    def get(self, url: str, headers: Mapping[str, str]) -> WebhookAnswer:
        """Like `post`, but it reads."""
        return self._answer("GET", url, None, headers)

    def _answer(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> WebhookAnswer:
        began = time.monotonic()

        def answer(code: str, **rest: Any) -> WebhookAnswer:
            return WebhookAnswer(code, round(1000 * (time.monotonic() - began)), **rest)

        try:
            address = WebAddress.parse(url)
        except ValueError:
            return answer("bad_address")
        if address.scheme != "https" and not self.allow_http:
            return answer("https_required")
        try:
            return answer(**self._call(method, address, url, body, headers))
        except Exception as error:
            if (code := _code_of(error)) is None:
                raise
            return answer(code)

    def _call(
        self, method: str, address: WebAddress, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        pool = self._pool(address)
        clock = _Deadline(self.timeout)
        try:
            with clock:
                response = pool.urlopen(
                    method,
                    _target(url),
                    body=body,
                    headers={**headers, "Host": _host(address)},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                    decode_content=False,
                    timeout=Timeout(connect=min(CONNECT, self.timeout), read=self.timeout),
                )
                with response:
                    text = response.read(self.kept)
        except (HTTPError, OSError):
            if not clock.is_over:
                raise
        finally:
            pool.close()
        if clock.is_over:  # a head that was cut off can look like a whole one
            raise SlowError
        return {
            "code": f"http_{response.status}",
            "status": response.status,
            "retry_after": response.headers.get("Retry-After", ""),
            "text": text.decode("utf-8", "replace").replace("\x00", ""),
        }

    def _pool(self, address: WebAddress) -> HTTPConnectionPool:
        if address.scheme == "https":
            pool: HTTPConnectionPool = _HttpsPool(
                address.host, address.port, maxsize=1, ssl_context=self.trust or _public_trust()
            )
        else:
            pool = _HttpPool(address.host, address.port, maxsize=1)
        pool.conn_kw["chosen"] = self._addresses
        return pool

    def _addresses(self, host: str, port: int) -> Sequence[tuple[Any, ...]]:
        """The addresses of a name that may be connected to. Raises _NotAllowedError if there is none."""
        found = self.resolve(host, port)
        fit = [each for each in found if self._may(str(each[4][0]))]
        if found and not fit:
            raise _NotAllowedError("no address outside the own network")
        return fit

    def _may(self, address: str) -> bool:
        plain = ipaddress.ip_address(address.partition("%")[0])
        return not is_inside(address) or any(
            plain.version == each.version and plain in each for each in self.allowed
        )


@cache
def _public_trust() -> ssl.SSLContext:
    """Made once, because reading the certificates takes longer than a call."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


class _Deadline:
    """Closes the connection when the time is over: the time-outs of a socket are only those between two bytes."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> None:
        _current.deadline = self
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        _current.deadline = None
        if self._socket is not None:
            self._socket.close()

    def connected(self, made: socket.socket) -> None:
        self._socket = made.dup()  # TLS takes the socket itself over
        if self.is_over:
            self._end()

    def _end(self) -> None:
        self.is_over = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


_current = threading.local()


def _connect(connection: Any) -> socket.socket:
    """A socket to the first address that answers, of those that were judged."""
    last: OSError | None = None
    try:
        addresses = connection.chosen(connection.host, connection.port)
    except socket.gaierror as error:
        raise NewConnectionError(connection, f"no such name: {error}") from error
    for family, kind, protocol, _, place in addresses:
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(min(CONNECT, connection.timeout or CONNECT))
            made.connect(place)
        except OSError as error:
            made.close()
            last = error
        else:
            made.settimeout(connection.timeout)
            deadline: _Deadline | None = getattr(_current, "deadline", None)
            if deadline is not None:
                deadline.connected(made)
            return made
    if isinstance(last, TimeoutError):
        raise last
    raise NewConnectionError(connection, str(last)) from last


class _Http(HTTPConnection):
    def __init__(self, *args: Any, chosen: Callable[[str, int], Any], **kwargs: Any) -> None:
        self.chosen = chosen
        super().__init__(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _Https(HTTPSConnection):
    def __init__(self, *args: Any, chosen: Callable[[str, int], Any], **kwargs: Any) -> None:
        self.chosen = chosen
        super().__init__(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


def _target(url: str) -> str:
    """Path and query of an address."""
    rest = url.split("://", 1)[1].partition("#")[0]
    at = min((rest.find(sign) for sign in "/?" if sign in rest), default=-1)
    path = rest[at:] if at >= 0 else "/"
    return path if path.startswith("/") else f"/{path}"


def _host(address: WebAddress) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}" if address.port else host


_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (_NotAllowedError, "address_not_allowed"),
    (NewConnectionError, "unreachable"),
    (SlowError, "timeout"),
    (TimeoutError, "timeout"),
    (SSLError, "tls"),
    (ssl.SSLError, "tls"),
    (ProtocolError, "broken_answer"),
    (HTTPError, "broken_answer"),
    (OSError, "unreachable"),
    (UnicodeError, "bad_address"),
)
"""An exception -> what the log says; the first that fits."""


def _code_of(error: BaseException) -> str | None:
    """The code of a failure, or of what caused it; None for a fault of ours."""
    causes = [error]
    for each in causes:  # it grows
        inner = [getattr(each, "reason", None), each.__cause__, *each.args]
        causes += [one for one in inner if isinstance(one, BaseException) and one not in causes]
    for kind, code in _CODES:
        if any(isinstance(each, kind) for each in causes):
            return code
    return None
