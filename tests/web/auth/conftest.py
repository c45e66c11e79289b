from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from flask import Flask

from feedback.bootstrap import Runtime
from tests import factories_desk


class QuickHashing:
    """Stands in for Argon2 where a test guesses hundreds of times; the password of the factories is the right one."""

    def __init__(self, salt: str) -> None:
        mac = hmac.new(salt.encode(), factories_desk.PASSWORD.encode(), hashlib.sha512)
        self._known = base64.b64encode(mac.digest()).decode()

    def hash(self, secret: str | bytes, **_: Any) -> str:
        return f"quick {_text(secret)}"

    def verify(self, secret: str | bytes, stored: str) -> bool:
        given = _text(secret)
        return stored == f"quick {given}" if stored.startswith("quick ") else given == self._known

    def identify(self, _stored: str) -> str:
        return "argon2"

    def needs_update(self, _stored: str) -> bool:
        return False


def _text(secret: str | bytes) -> str:
    return secret.decode() if isinstance(secret, bytes) else secret


@pytest.fixture
def quick_hashing(app: Flask, runtime: Runtime) -> QuickHashing:
    hashing = QuickHashing(runtime.settings.web.password_salt.reveal())
    app.extensions["security"].pwd_context = hashing
    return hashing
