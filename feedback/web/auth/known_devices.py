"""Devices on which somebody has signed in before, so that a stranger's guesses do not lock the owner out.

After a sign-in, the browser keeps a signed cookie for the account. Attempts with it are counted by themselves; all
attempts without it share one count. Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Flask, Response, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from feedback.settings import Settings
from feedback.web.http import request_limits
from feedback.web.http.cookies import cookie_name

REMEMBERED = timedelta(days=180)


class KnownDevices:
    """Reads and writes the cookie."""

    def __init__(self, settings: Settings) -> None:
        keys = [settings.web.secret_key_previous.reveal(), settings.web.secret_key.reveal()]
        self._serializer = URLSafeTimedSerializer([key for key in keys if key], salt="known-device")
        self._name = cookie_name("feedback_device", settings)
        self._secure = request_limits.is_secure(settings)

    def install(self, app: Flask) -> None:
        app.after_request(self._add_cookie)

    def device(self, account: str) -> str | None:
        """The id of this device, if somebody has signed in to this account (a digest) on it."""
        try:
            made_for, device = self._serializer.loads(
                request.cookies.get(self._name, ""), max_age=int(REMEMBERED.total_seconds())
            )
        except (BadSignature, ValueError, TypeError):
            return None
        return str(device) if made_for == account else None

    def remember(self, account: str) -> None:
        """Send the cookie with the response, unless the device has it."""
        if self.device(account) is None:
            g.known_device = account

    def _add_cookie(self, response: Response) -> Response:
        if account := g.pop("known_device", None):
            response.set_cookie(
                self._name,
                str(self._serializer.dumps([account, secrets.token_hex(8)])),
                max_age=REMEMBERED,
                httponly=True,
                secure=self._secure,
                samesite="Lax",
            )
        return response
