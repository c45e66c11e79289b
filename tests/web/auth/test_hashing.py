"""Passwords are hashed two at a time; whoever cannot wait is answered at once, and nobody else waits."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask
from passlib.context import CryptContext
from werkzeug.exceptions import ServiceUnavailable

from feedback.bootstrap import Runtime
from feedback.web.app import create_app
from feedback.web.auth.hashing import AT_ONCE, WAITING, HashingGate
from tests.web.auth.staff import password


class SlowContext:
    """Hashes for as long as a test wants, and knows how many do so together."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun = threading.Semaphore(0)
        self.most = self.now = 0
        self._lock = threading.Lock()

    def verify(self, *_: Any) -> bool:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.begun.release()
        self.go_on.wait(30)
        with self._lock:
            self.now -= 1
        return True

    hash = verify

    def identify(self, _: str) -> str:
        return "argon2"


def in_threads(number: int, work: Any) -> list[threading.Thread]:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for each in threads:
        each.start()
    return threads


def test_two_hash_and_four_wait_and_the_next_is_refused_at_once() -> None:
    slow = SlowContext()
    gate = HashingGate(slow, patience=30)
    results: list[bool] = []
    threads = in_threads(AT_ONCE + WAITING, lambda: results.append(gate.verify("x", "y")))
    for _ in range(AT_ONCE):
        assert slow.begun.acquire(timeout=10)
    while gate._inside._value:  # until the others wait
        pass
    with pytest.raises(ServiceUnavailable):
        gate.hash("x")
    slow.go_on.set()
    for each in threads:
        each.join()
    assert results == [True] * 6 and slow.most == AT_ONCE
    assert gate.verify("x", "y"), "it is open again"


def test_who_waits_too_long_is_refused() -> None:
    slow = SlowContext()
    gate = HashingGate(slow, patience=0.05)
    threads = in_threads(AT_ONCE, lambda: gate.verify("x", "y"))
    for _ in range(AT_ONCE):
        assert slow.begun.acquire(timeout=10)
    with pytest.raises(ServiceUnavailable):
        gate.verify("x", "y")
    slow.go_on.set()
    for each in threads:
        each.join()


def test_everything_but_hashing_passes_the_gate() -> None:
    gate = HashingGate(CryptContext(schemes=["argon2"]))
    assert gate.identify("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA") == "argon2"


def test_the_sign_in_alone_is_unavailable_while_passwords_are_hashed(runtime: Runtime) -> None:
    app: Flask = create_app(runtime)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    security = app.extensions["security"]
    assert isinstance(security.pwd_context, HashingGate)
    slow = SlowContext()
    security.pwd_context = HashingGate(slow, patience=0.05)
    threads = in_threads(AT_ONCE, lambda: security.pwd_context.verify("x", "y"))
    for _ in range(AT_ONCE):
        assert slow.begun.acquire(timeout=10)
    for who in ("cem", "nobody"):
        refused = password(app.test_client(), who)
        assert refused.status_code == 503 and refused.headers["Retry-After"] == "5"
    assert app.test_client().get("/login").status_code == 200
    assert app.test_client().get("/healthz").status_code == 200
    slow.go_on.set()
    for each in threads:
        each.join()
