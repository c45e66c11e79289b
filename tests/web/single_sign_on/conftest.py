"""An office whose staff sign in with a provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from feedback.bootstrap import Runtime
from feedback.settings import Secret
from feedback.settings.reading import with_values
from feedback.store.models import AuditEntry, User
from feedback.web.app import create_app
from tests.fakes.fake_identity_provider import CLIENT_ID, CLIENT_SECRET, FakeIdentityProvider

SITE = "http://localhost"


@pytest.fixture(scope="session")
def running_provider() -> Iterator[FakeIdentityProvider]:
    with FakeIdentityProvider() as provider:
        yield provider


@pytest.fixture
def provider(running_provider: FakeIdentityProvider) -> FakeIdentityProvider:
    running_provider.reset()
    return running_provider


def with_provider(runtime: Runtime, at: str, **changes: Any) -> Runtime:
    """The same installation with a provider; `changes` are settings of `sso`, or of other tables by their full name."""
    given = {
        "issuer": at,
        "client_id": CLIENT_ID,
        "client_secret": Secret(CLIENT_SECRET),
        "provider_name": "Okta",
        "allowed_networks": ("127.0.0.0/8",),
        "allow_http": True,
        **changes,
    }
    values = {name if "." in name else f"sso.{name}": value for name, value in given.items()}
    values |= {"web.public_url": SITE}
    return replace(runtime, settings=with_values(runtime.settings, values))


@dataclass
class Company:
    """An installation with its provider; `at` opens a browser, and `come` signs somebody in with it."""

    app: Flask
    runtime: Runtime
    provider: FakeIdentityProvider

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def answer(self, browser: FlaskClient, page: str = "/sso/sign-in", **claims: Any) -> TestResponse:
        """Go to the provider and come back."""
        start = browser.get(page)
        assert start.status_code == 303, start.text
        return browser.get(self.provider.authorise(start.headers["Location"], **claims))

    def come(self, who: str = "cem", **claims: Any) -> FlaskClient:
        browser = self.browser()
        answer = self.answer(browser, **person(who, **claims))
        assert is_in(browser), (answer.status_code, answer.text)
        return browser

    def told(self, browser: FlaskClient) -> str:
        """What the page says to which somebody was sent who was refused."""
        return browser.get("/login").text

    def user(self, who: str) -> User:
        with self.runtime.database.reading() as session:
            user = session.scalars(select(User).where(User.email == f"{who}@example.com")).one()
            assert user.roles is not None
            return user

    def roles(self, who: str) -> set[str]:
        return {role.name for role in self.user(who).roles}

    def audited(self, who: str) -> list[str]:
        wanted = select(AuditEntry.action).where(
            AuditEntry.subject == "user", AuditEntry.subject_id == self.user(who).id
        )
        with self.runtime.database.reading() as session:
            return list(session.scalars(wanted.order_by(AuditEntry.id)))


def person(who: str, **claims: Any) -> dict[str, Any]:
    standard = {
        "sub": f"subject-{who}",
        "email": f"{who}@example.com",
        "email_verified": True,
        "name": who.title(),
    }
    return {**standard, **claims}


def is_in(browser: FlaskClient) -> bool:
    return browser.get("/account/").status_code == 200


Open = Callable[..., Company]


@pytest.fixture
def company(runtime: Runtime, provider: FakeIdentityProvider) -> Open:
    """`company(new_accounts="made")`: the office with these settings."""

    def company(**changes: Any) -> Company:
        changed = with_provider(runtime, provider.issuer, **changes)
        app = create_app(changed)
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        return Company(app, changed, provider)

    return company


@pytest.fixture(scope="module")
def one_company(office: Runtime, running_provider: FakeIdentityProvider) -> Company:
    """One office on SQLite for all tests of a module, for sign-ins that are refused."""
    changed = with_provider(office, running_provider.issuer)
    app = create_app(changed)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return Company(app, changed, running_provider)
