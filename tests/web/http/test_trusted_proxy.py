"""Only the named proxy says who a visitor is."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from feedback.web.app import behind_proxy

STRANGER, PROXY = "203.0.113.7", "192.0.2.1"
SAID = {"X-Forwarded-For": STRANGER, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}


def client(trusted: str) -> FlaskClient:
    app = Flask(__name__)
    app.add_url_rule(
        "/", view_func=lambda: {"who": request.remote_addr, "secure": request.is_secure, "host": request.host}
    )
    return behind_proxy(app, trusted).test_client()


def seen(trusted: str, peer: str) -> Any:
    return client(trusted).get("/", headers=SAID, environ_overrides={"REMOTE_ADDR": peer}).get_json()


@pytest.mark.parametrize(
    ("trusted", "peer"),
    [
        (PROXY, PROXY),
        ("*", "198.51.100.9"),
        ("127.0.0.1", "::ffff:127.0.0.1"),
        ("2001:db8::1", "2001:DB8:0::1"),
    ],
)
def test_the_named_proxy_is_believed(trusted: str, peer: str) -> None:
    assert seen(trusted, peer) == {"who": STRANGER, "secure": True, "host": "evil.example"}


@pytest.mark.parametrize(
    ("trusted", "peer"), [("", PROXY), (PROXY, "192.0.2.2"), (PROXY, ""), ("localhost", "127.0.0.1")]
)
def test_nobody_else_is(trusted: str, peer: str) -> None:
    assert seen(trusted, peer) == {"who": peer, "secure": False, "host": "localhost"}
