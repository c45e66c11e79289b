"""Calls of doors as other systems make them, with the signature or password that a check asks for."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from flask import Flask
from werkzeug.test import TestResponse

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.core import door_check
from feedback.core.door_check import DoorCall, DoorCheck
from feedback.services.doors import mapping, setting_up
from feedback.services.doors.setting_up import DoorDraft

SECRET = "a secret of eighteen"


def made(runtime: Runtime, setup: str, name: str = "help", recipe: str | None = None) -> int:
    """The id of a new door with the secret `SECRET`."""
    with runtime.database.writing() as session:
        draft = DoorDraft(name, name, setup, recipe)
        door, _ = setting_up.create(session, draft, SECRET, by=None, now=clock.now())
        return door.id


@dataclass(frozen=True)
class OtherSystem:
    """A system that posts to a door."""

    app: Flask
    setup: str
    name: str = "help"
    secret: str = SECRET
    base: str = "http://localhost"

    def post(self, body: str | bytes, *, age: float = 0, **headers: str) -> TestResponse:
        """Send a body whose signature was made `age` seconds ago; `headers` replace those that belong to it."""
        raw = body.encode() if isinstance(body, str) else body
        setup, problems = mapping.read(self.setup)
        assert setup is not None, problems
        path = f"/hooks/in/{self.name}"
        if setup.check_.query:
            path += f"?{setup.check_.query}={self.secret}"
        signed = {**self._headers(setup.check_, raw, path, age), **headers}
        return self.app.test_client(use_cookies=False).post(path, data=raw, headers=signed)

    def _headers(self, check: DoorCheck, raw: bytes, path: str, age: float) -> dict[str, str]:
        kind = {"Content-Type": "application/json"}
        if check.by == "basic":
            word = base64.b64encode(f"{check.user}:{self.secret}".encode()).decode()
            return {**kind, "Authorization": f"Basic {word}"}
        if check.by == "token":
            return {**kind, check.header: check.prefix + self.secret} if check.header else kind
        at = str(int((clock.now().timestamp() - age) * (1000 if "HubSpot" in str(check.header) else 1)))
        headers = {check.timestamp_header: at} if check.timestamp_header else {}
        if check.id_header:
            headers[check.id_header] = "msg_1"
        call = DoorCall(raw, headers, url=f"{self.base}{path}")
        made = door_check.signature(check, call, self.secret, at if "{timestamp}" in check.signed else "")
        if check.signature_key:
            made = f"{check.timestamp_key}={at},{check.signature_key}={made}"
        return {**kind, **headers, str(check.header): check.prefix + made}
