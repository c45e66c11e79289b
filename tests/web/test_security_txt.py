"""Somebody who finds a vulnerability finds out whom to tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.web.app import create_app


def ask(runtime: Runtime, **organisation: str) -> TestResponse:
    own = replace(runtime.settings.organisation, **{"support_email": "", **organisation})  # type: ignore[arg-type]
    web = replace(runtime.settings.web, public_url="https://s.example.com")
    app = create_app(replace(runtime, settings=replace(runtime.settings, organisation=own, web=web)))
    return app.test_client().get("/.well-known/security.txt", base_url="https://s.example.com")


def fields(response: TestResponse) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in response.text.splitlines())


@pytest.mark.parametrize(
    ("organisation", "contact"),
    [
        ({"security_contact": "security@example.com"}, "mailto:security@example.com"),
        ({"security_contact": "mailto:security@example.com"}, "mailto:security@example.com"),
        ({"security_contact": "https://example.com/security"}, "https://example.com/security"),
        ({"support_email": "help+desk@example.com"}, "mailto:help%2Bdesk@example.com"),
    ],
)
def test_the_contact_of_the_settings_is_named(
    runtime: Runtime, organisation: dict[str, str], contact: str
) -> None:
    response = ask(runtime, **organisation)
    assert response.content_type == "text/plain; charset=utf-8"
    found = fields(response)
    assert found["Contact"] == contact
    assert found["Canonical"] == "https://s.example.com/.well-known/security.txt"
    assert found["Preferred-Languages"] == "en, tr, fa"


def test_it_has_never_expired(runtime: Runtime) -> None:
    for years in (0, 5):
        with time_machine.travel(datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=365 * years), tick=False):
            expires = fields(ask(runtime, security_contact="a@b.example"))["Expires"]
            left = datetime.fromisoformat(expires) - clock.now()
        assert timedelta(days=30) < left < timedelta(days=365)


def test_without_a_contact_there_is_no_page(runtime: Runtime) -> None:
    assert ask(runtime).status_code == 404
