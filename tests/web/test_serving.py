"""The web server among slow, idle and oversized connections, on real sockets."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ARRIVAL = 3.0
MIB = 1024 * 1024
SMALL = f"""
import sys
from pathlib import Path
from flask import Flask, request, session
from feedback.settings import load
from feedback.web.serving import serve

app = Flask("small")
app.secret_key = "a key of the test"

@app.route("/healthz", methods=["GET", "POST"])
@app.route("/customers/import/", methods=["POST"])
def healthz():
    return str(len(request.get_data()))

@app.route("/signed-in")
def sign_in():
    session["_user_id"] = "ada"
    return ""

@app.route("/visited")
def visit():
    session["seen"] = "a page"
    return ""

serve(app, load(Path(sys.argv[1]), {{"FEEDBACK_WEB_PORT": sys.argv[2]}}), print, arrival={ARRIVAL})
"""


@contextmanager
def running(command: list[str], port: int) -> Iterator[int]:
    environ = {**os.environ, "FEEDBACK_WEB_PORT": str(port), "FEEDBACK_PROVIDERS_ENABLED": "simulator_sms"}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: asked(port) is not None or process.poll() is not None, 120)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def until(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def sent(port: int, data: bytes) -> bytes:
    """The beginning of the answer to these bytes."""
    with connected(port) as connection:
        connection.sendall(data)
        return connection.recv(4_096)


def asked(port: int) -> bytes | None:
    try:
        return sent(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    except ConnectionError:
        return None


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side has closed it."""
    connection.settimeout(0.01)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def trickle(connection: socket.socket) -> None:
    """One more byte, unless it is closed."""
    try:
        connection.sendall(b"a")
    except OSError:
        return


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a small application behind the same server, which waits 3 seconds for a request."""
    port = free_port()
    with running([sys.executable, "-c", SMALL, str(tmp_path_factory.mktemp("small")), str(port)], port):
        yield port


def test_a_hundred_and_fifty_slow_connections_do_not_stop_an_installation(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "feedback.cli", "--instance", str(tmp_path / "instance")]
    made = [*program, "init", "--name", "Acme", "--public-url", "https://s.example.com"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    with running([*program, "run"], free_port()) as port, ExitStack() as stack:
        slow = [stack.enter_context(connected(port)) for _ in range(150)]
        for number, connection in enumerate(slow):
            connection.sendall(
                b"G" if number % 2 else b"POST /login HTTP/1.1\r\nContent-Length: 9000\r\n\r\na"
            )
        began = time.monotonic()
        answer = asked(port)
        assert answer is not None and answer.startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began < 10  # it was 140 seconds


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ",
        b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n",
    ],
    ids=["headers", "body", "chunks"],
)
def test_a_request_that_arrives_too_slowly_is_cut_off_however_steadily_it_comes(
    small: int, beginning: bytes
) -> None:
    with connected(small) as connection:
        connection.sendall(beginning)
        began = time.monotonic()

        def is_cut_off() -> bool:
            trickle(connection)
            return is_closed(connection)

        until(is_cut_off, 30)
        assert time.monotonic() - began > ARRIVAL - 0.5


def test_a_connection_may_bring_many_requests_over_a_longer_time(small: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", small, timeout=20)
    end = time.monotonic() + 2 * ARRIVAL
    while time.monotonic() < end:
        connection.request("GET", "/healthz")
        first = connection.sock
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"0")
        time.sleep(0.5)
        assert connection.sock is first, "the connection was closed between two requests"
    connection.close()


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        ("POST /healthz", f"Content-Length: {60 * 1024 * 1024}", b"413"),
        ("POST /healthz", f"Content-Length: {2 * 1024 * 1024 + 1}", b"413"),
        ("GET /healthz", "X-Long: " + "a" * 17_000, b"431"),
        ("GET /" + "a" * 17_000, "X: y", b"431"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_sent(
    small: int, request_line: str, headers: str, status: bytes
) -> None:
    data = f"{request_line} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n".encode()
    assert sent(small, data).split()[1] == status


def test_chunks_that_never_end_are_refused(small: int) -> None:
    head = b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    with connected(small) as connection:
        connection.sendall(head)
        for _ in range(33):  # a little more than 2 MiB
            connection.sendall(chunk)
        assert connection.recv(4_096).split()[1] == b"413"


def test_the_largest_body_is_still_taken(small: int) -> None:
    body = b"a" * (2 * 1024 * 1024)
    head = f"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    assert b"200" in sent(small, head + body)


def cookie_of(port: int, page: str) -> bytes:
    answer = sent(port, f"GET {page} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    return answer.split(b"Set-Cookie: ")[1].split(b";")[0]


@pytest.mark.parametrize(
    ("page", "path", "size", "status"),
    [
        ("/signed-in", "/customers/import/", 2 * MIB + 1, b"200"),
        ("/signed-in", "/customers/import/", 31 * MIB + 1, b"413"),
        ("/signed-in", "/healthz", 2 * MIB + 1, b"413"),
        ("/visited", "/customers/import/", 2 * MIB + 1, b"413"),
        ("", "/customers/import/", 2 * MIB + 1, b"413"),
    ],
)
def test_a_large_file_is_taken_of_somebody_who_is_signed_in_and_nowhere_else(
    small: int, page: str, path: str, size: int, status: bytes
) -> None:
    cookie = cookie_of(small, page) if page else b"session=made-up"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n".encode()
    body = b"a" * size if status == b"200" else b""
    with connected(small) as connection:
        connection.sendall(head + b"Cookie: " + cookie + b"\r\n\r\n" + body)
        assert connection.recv(4_096).split()[1] == status


def test_a_large_file_may_take_longer_than_another_request(small: int) -> None:
    size = 2 * MIB + 1
    head = f"POST /customers/import/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n".encode()
    with connected(small) as connection:
        connection.sendall(head + b"Cookie: " + cookie_of(small, "/signed-in") + b"\r\n\r\n")
        time.sleep(ARRIVAL + 1.5)  # another request is cut off in this time, see above
        connection.sendall(b"a" * size)
        assert connection.recv(4_096).split()[1] == b"200"
