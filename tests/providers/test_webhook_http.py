"""Calls to addresses that admins typed in: nothing inside the own network, whatever a name says at which moment."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from feedback.providers.webhook_http import WebhookHttp, is_inside
from tests.fakes.fake_receiver import Answering, FakeReceiver
from tests.providers.certificates import certificate_for

LOOPBACK = [ip_network("127.0.0.0/8")]
PUBLIC = "93.184.216.34"


def names(**addresses: Sequence[str]) -> Any:
    """A resolver that knows these names, one list of addresses after the other."""
    asked: dict[str, int] = {}

    def resolve(host: str, port: int) -> Sequence[tuple[Any, ...]]:
        known = addresses[host.replace(".", "_")]
        turn = asked.get(host, 0)
        asked[host] = turn + 1
        found = known[min(turn, len(known) - 1)]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found.split(",")]

    resolve.asked = asked  # type: ignore[attr-defined]
    return resolve


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0",
        "fc00::1", "fd12::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:0a00:0001::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_inside(address: str) -> None:
    assert is_inside(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_public_addresses_are_not(address: str) -> None:
    assert not is_inside(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/", "http://2130706433:{port}/",
        "http://0x7f000001:{port}/", "http://0177.0.0.1:{port}/", "http://127.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
    ],
)  # fmt: skip
def test_nothing_on_this_machine_is_called(url: str) -> None:
    with FakeReceiver() as receiver:
        answer = WebhookHttp(allow_http=True).post(url.format(port=receiver.port), b"{}", {})
        assert answer.code in ("address_not_allowed", "bad_address", "unreachable")
        assert answer.status is None and not receiver.calls


def test_a_name_that_changes_between_check_and_connection_gains_nothing() -> None:
    """The first look-up says a public address, the second this machine. There is only one look-up for a call."""
    with FakeReceiver() as receiver:
        resolve = names(rebinding_test=[PUBLIC, "127.0.0.1"])
        http = WebhookHttp(allow_http=True, resolve=resolve, timeout=0.3)
        url = f"http://rebinding.test:{receiver.port}/"
        assert http.post(url, b"{}", {}).code in ("timeout", "unreachable")
        assert resolve.asked == {"rebinding.test": 1}
        assert http.post(url, b"{}", {}).code == "address_not_allowed"
        assert not receiver.calls


def test_of_several_addresses_only_the_allowed_ones_are_tried() -> None:
    with FakeReceiver() as receiver:
        http = WebhookHttp(
            allowed=[ip_network("127.0.0.2/32")],
            allow_http=True,
            resolve=names(two_test=["127.0.0.1,127.0.0.2"]),
        )
        answer = http.post(f"http://two.test:{receiver.port}/", b"{}", {})
        assert answer.code == "unreachable"  # nothing listens there
        assert not receiver.calls


def test_an_allowed_network_is_reached_and_the_name_is_sent() -> None:
    with FakeReceiver() as receiver:
        http = WebhookHttp(allowed=LOOPBACK, allow_http=True, resolve=names(inside_test=["127.0.0.1"]))
        answer = http.post(f"http://inside.test:{receiver.port}/a/b?c=d#e", b"[1]", {"x-own": "1"})
        (call,) = receiver.calls
        assert (answer.code, answer.status, answer.text) == ("http_200", 200, "thank you")
        assert (call.path, call.body, call.headers["x-own"]) == ("/a/b?c=d", b"[1]", "1")
        assert call.headers["host"] == f"inside.test:{receiver.port}"


def test_http_without_encryption_has_to_be_allowed() -> None:
    with FakeReceiver() as receiver:
        assert WebhookHttp(allowed=LOOPBACK).post(receiver.url, b"{}", {}).code == "https_required"
        assert not receiver.calls


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with FakeReceiver() as inside, FakeReceiver() as receiver:
        receiver.script = lambda _: Answering(307, {"Location": inside.url})
        answer = WebhookHttp(allowed=LOOPBACK, allow_http=True).post(receiver.url, b"{}", {})
        assert (answer.status, len(inside.calls)) == (307, 0)


@contextmanager
def trickling(piece: bytes) -> Iterator[int]:
    """A server that sends one piece of an answer again and again, and never ends it."""
    listening = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not stop.wait(0.02):
                try:
                    connection.sendall(piece)
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    stop.set()
    thread.join(5)
    listening.close()


def test_an_answer_that_never_ends_is_cut_off_by_one_deadline_for_the_whole_call() -> None:
    with trickling(b"x-more: y\r\n") as port:
        http = WebhookHttp(allowed=LOOPBACK, allow_http=True, timeout=0.5)
        answer = http.post(f"http://127.0.0.1:{port}/", b"{}", {})
        assert answer.code in ("timeout", "broken_answer") and answer.milliseconds < 5_000


def test_a_closed_port_and_an_unknown_name_are_unreachable() -> None:
    with FakeReceiver() as receiver:
        port = receiver.port
    http = WebhookHttp(allowed=LOOPBACK, allow_http=True)
    assert http.post(f"http://127.0.0.1:{port}/", b"{}", {}).code == "unreachable"
    assert http.post("http://no-such-name.invalid/", b"{}", {}).code == "unreachable"


def test_what_is_no_http_is_a_broken_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(b"220 mail.example.com ESMTP\r\n")

        threading.Thread(target=serve, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        assert WebhookHttp(allowed=LOOPBACK, allow_http=True).post(url, b"{}", {}).code == "broken_answer"


def test_the_certificate_must_be_that_of_the_name(tmp_path: Path) -> None:
    made = certificate_for("localhost", tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made)
    trust = ssl.create_default_context(cafile=str(made))
    with FakeReceiver(tls=server) as receiver:
        resolve = names(localhost=["127.0.0.1"], other_test=["127.0.0.1"])
        http = WebhookHttp(allowed=LOOPBACK, resolve=resolve, trust=trust)
        assert http.post(f"https://localhost:{receiver.port}/", b"{}", {}).code == "http_200"
        assert http.post(f"https://other.test:{receiver.port}/", b"{}", {}).code == "tls"
        stranger = WebhookHttp(allowed=LOOPBACK, resolve=resolve)
        assert stranger.post(f"https://localhost:{receiver.port}/", b"{}", {}).code == "tls"
