"""A new installation, as `feedback init` and `feedback user add` leave it: no name, no channel, one admin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.library import Library
from feedback.services.staff import accounts
from feedback.settings import load
from feedback.store.database import Database
from feedback.web.app import create_app
from tests import factories_desk
from tests.fakes.fake_smtp import FakeSmtp
from tests.fakes.fake_twilio import FakeTwilio

SECRETS = {
    "FEEDBACK_WEB_SECRET_KEY": "a secret key of a new installation",
    "FEEDBACK_WEB_PASSWORD_SALT": "a password salt of a new installation",
    "FEEDBACK_LINK_KEY": "a link key of a new installation, too",
}
MAIL = {
    "seen": "0",
    "providers.enabled": ["", "on"],
    "smtp.host": "127.0.0.1",
    "smtp.security": "none",
    "smtp.sender": "Acme <hello@acme.example>",
}


def new_installation(database: Database, shelf: Library, instance: Path, twilio: str = "") -> Runtime:
    environ = SECRETS | ({"FEEDBACK_TWILIO_BASE_URL": twilio} if twilio else {})
    runtime = Runtime(load(instance, environ), shelf, {}, database)
    with database.writing() as session:
        new = accounts.NewUser("ada@example.com", "Ada Admin", ["admin"], language="en")
        user = accounts.add_user(session, new, clock.now())
        user.password = factories_desk.hashed(runtime.settings.web.password_salt.reveal())
    return runtime


@pytest.fixture
def smtp() -> Iterator[FakeSmtp]:
    with FakeSmtp() as server:
        yield server


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as server:
        yield server


@pytest.fixture
def fresh(migrated: Database, shelf: Library, tmp_path: Path, twilio: FakeTwilio) -> Runtime:
    return new_installation(migrated, shelf, tmp_path, twilio.url)


@pytest.fixture
def fresh_app(fresh: Runtime) -> Flask:
    app = create_app(fresh)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return app


@pytest.fixture
def admin(fresh_app: Flask) -> FlaskClient:
    """The first admin, signed in."""
    client = fresh_app.test_client()
    form = {"email": "ada@example.com", "password": factories_desk.PASSWORD}
    assert client.post("/login", data=form).status_code == 302
    return client
