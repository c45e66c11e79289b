"""The HTTP session with a deadline by itself: over TLS, with idle connections, with answers that do not end."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from queue import SimpleQueue

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.errors import DeliveryFailed
from feedback.providers.base import Deadline
from feedback.providers.deadline_http import DeadlineSession, seconds_to_wait, writing_until
from tests.providers.certificates import certificate_for

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def serving(*answers: bytes, tls: ssl.SSLContext | None = None) -> Iterator[tuple[int, SimpleQueue[bytes]]]:
    """A server that answers one request per connection; gives its port, and what it read once it closed."""
    listener, heard = socket.create_server(("127.0.0.1", 0)), SimpleQueue()

    def serve() -> None:
        for answer in answers:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with closing(tls.wrap_socket(connection, server_side=True) if tls else connection) as stream:
                request = stream.recv(65_536)
                if request:
                    stream.sendall(answer)
            heard.put(request)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


class PassesOnce(Deadline):
    """The check before the call passes, the one at the first write does not."""

    @classmethod
    def begun(cls) -> "PassesOnce":
        deadline = cls(Deadline.after(60).at)
        object.__setattr__(deadline, "_checks", [])
        return deadline

    def check(self) -> None:
        self._checks.append(None)
        if len(self._checks) > 1:
            Deadline.after(-1).check()


def test_a_connection_that_was_closed_while_idle_is_replaced():
    session = DeadlineSession(use_environment=False)
    with serving(GOOD, GOOD) as (port, heard):
        for _ in range(2):
            assert session.request("GET", f"http://127.0.0.1:{port}/", timeout=2)[:2] == (200, "ok")
            assert heard.get(timeout=2).startswith(b"GET / ")


def test_status_and_retry_after_are_noted_for_the_caller():
    session = DeadlineSession(use_environment=False)
    slow_down = b"HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n"
    with serving(slow_down) as (port, _), writing_until(Deadline.after(5)) as call:
        session.request("POST", f"http://127.0.0.1:{port}/", timeout=2, data={"a": "b"})
    assert (call.written, call.status, call.retry_after) == (True, 429, "3")


def test_redirects_are_not_followed():
    session = DeadlineSession(use_environment=False)
    elsewhere = b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with serving(elsewhere) as (port, _):
        assert session.request("POST", f"http://127.0.0.1:{port}/", timeout=2)[0] == 307


def test_an_answer_without_end_is_given_up():
    session = DeadlineSession(use_environment=False)
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 21_000_000
    with serving(endless) as (port, _), pytest.raises(requests.exceptions.ReadTimeout):
        session.request("GET", f"http://127.0.0.1:{port}/", timeout=20)


def test_the_deadline_holds_over_tls_and_after_the_handshake(tmp_path, monkeypatch):
    certificate = certificate_for("localhost", tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)

    session = DeadlineSession()
    with serving(GOOD, GOOD, tls=tls) as (port, heard):
        with writing_until(PassesOnce.begun()) as call, pytest.raises(DeliveryFailed):
            session.request("POST", f"https://localhost:{port}/", timeout=2, data={"a": "b"})
        assert not call.written
        assert session.request("GET", f"https://localhost:{port}/", timeout=2)[:2] == (200, "ok")
    assert heard.get(timeout=2) == b""


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("99999999999", 86_400),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 12:01:30 -0000", 90),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("٧", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header, seconds):
    assert seconds_to_wait(header, NOW) == seconds


@settings(deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [-+]?\d+"))
def test_any_retry_after_is_a_wait_of_at_most_a_day_or_none(header):
    wait = seconds_to_wait(header, NOW)
    assert wait is None or 0 <= wait <= 86_400


def test_the_deadline_holds_behind_a_proxy(monkeypatch):
    with serving(GOOD, GOOD) as (port, heard):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        with writing_until(PassesOnce.begun()), pytest.raises(DeliveryFailed):
            DeadlineSession().request("POST", "http://provider.invalid/", timeout=2, data={"a": "b"})
        assert heard.get(timeout=2) == b""
        assert DeadlineSession().request("GET", "http://provider.invalid/", timeout=2)[:2] == (200, "ok")
        assert heard.get(timeout=2).startswith(b"GET http://provider.invalid/ ")
