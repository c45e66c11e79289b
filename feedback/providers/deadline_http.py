"""HTTP through `requests`, with a deadline that is checked at each write to the socket.

Checking the deadline before the call is not enough: a process that is frozen between check and write would
send after another worker has taken over the message. Head and body of a request are separate writes, so the
check is in the connection class, below pooling, proxies and TLS.
"""

from __future__ import annotations

import email.utils
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from feedback.providers.base import Deadline

_LARGEST_ANSWER = 20_000_000  # bytes; a page of 1,000 messages is about one million


@dataclass(slots=True)
class Call:
    """The state of the current request in this thread."""

    deadline: Deadline
    written: bool = False  # bytes were sent, so the provider may have acted
    status: int | None = None
    retry_after: str = ""

    def about_to_write(self) -> None:
        self.deadline.check()
        self.written = True


_current: ContextVar[Call | None] = ContextVar("call", default=None)


@contextmanager
def writing_until(deadline: Deadline) -> Iterator[Call]:
    """In this block, no byte is written to a connection of DeadlineSession after `deadline`."""
    call = Call(deadline)
    token = _current.set(call)
    try:
        yield call
    finally:
        _current.reset(token)


def _before_write(connection: HTTPConnection) -> None:
    # Connect first: a failure to connect is certain, not ambiguous.
    if connection.sock is None:
        connection.connect()
    call = _current.get()
    if call is not None:
        call.about_to_write()


class _Http(HTTPConnection):
    def send(self, data: Any) -> None:
        _before_write(self)
        super().send(data)


class _Https(HTTPSConnection):
    def send(self, data: Any) -> None:
        _before_write(self)
        super().send(data)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    pools: ClassVar = {"http": _HttpPool, "https": _HttpsPool}

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self.pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self.pools
        return manager


class DeadlineSession:
    """One pool of connections, safe to share between threads; it follows no redirects and does not retry."""

    def __init__(self, *, use_environment: bool = True) -> None:
        self._session = requests.Session()
        self._session.trust_env = use_environment
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(pool_maxsize=64))

    def request(self, method: str, url: str, *, timeout: float, **kwargs: Any) -> tuple[int, str, Any]:
        """Make a request; returns status, text and headers of the response.

        `timeout` (seconds) limits reading the whole response, not each read. The deadline limits only the start:
        once the request is sent, it is better to wait for the response than not to know it.
        """
        call = _current.get() or Call(Deadline.after(timeout))
        patience = Deadline.after(timeout)
        call.deadline.check()
        response = self._session.request(
            method,
            url,
            timeout=(max(0.01, min(timeout, call.deadline.remaining())), timeout),
            allow_redirects=False,
            stream=True,
            **kwargs,
        )
        with response:
            call.status, call.retry_after = response.status_code, response.headers.get("Retry-After", "")
            return response.status_code, _text(response, patience), response.headers


def _text(response: requests.Response, patience: Deadline) -> str:
    """Read the body until `patience` ends; `requests` alone has no limit for a body that arrives slowly."""
    body = bytearray()
    while chunk := response.raw.read1(65_536, decode_content=True):
        body += chunk
        if patience.remaining() <= 0 or len(body) > _LARGEST_ANSWER:
            raise requests.exceptions.ReadTimeout("The response took too long or is too large.")
    return body.decode("utf-8", "replace")


def seconds_to_wait(retry_after: str, now: datetime) -> float | None:
    """Seconds from a Retry-After header (RFC 9110 10.2.3: a number or a date), at most a day."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(min(int(retry_after[:6]), 86_400))
    try:
        moment = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), 86_400.0)
