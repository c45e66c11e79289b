"""The whole web application over a furnished office, and people who are signed in to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import Environment, FileSystemBytecodeCache
from passlib.hash import argon2
from playwright.sync_api import Browser, Page

from feedback import library, resources
from feedback.bootstrap import Runtime, open_providers
from feedback.library import Library
from feedback.settings import load
from feedback.store.database import Database
from feedback.web.app import create_app
from feedback.web.survey import pages
from tests import factories_desk
from tests.web.browsing import Open, serving

SignIn = Callable[[str], FlaskClient]


@pytest.fixture(scope="session", autouse=True)
def quick_applications(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nearly every test makes an application of its own and signs in. Templates are compiled once for all of them, and
    the cheap hashes of `factories_desk` are not replaced by dear ones at every sign-in."""
    staff, customers = (
        FileSystemBytecodeCache(str(tmp_path_factory.mktemp(name))) for name in ("staff", "customers")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": staff})
        patch.setattr(pages, "Environment", partial(Environment, bytecode_cache=customers))
        patch.setattr(argon2, "memory_cost", factories_desk.CHEAP["memory_cost"])
        yield


@pytest.fixture(scope="session")
def shipped() -> Library:
    """The questionnaires that ship, read once."""
    return library.load(resources.directories("questionnaires"))


@pytest.fixture
def shelf(shipped: Library) -> Library:
    """A library of one's own: it remembers versions by the ids of one database."""
    return Library(shipped.questionnaires, shipped.journey)


def runtime_over(database: Database, shelf: Library, instance: Path) -> Runtime:
    environ = {
        "FEEDBACK_DEMO": "true",
        "FEEDBACK_ORGANISATION_CURRENCY": "EUR",
        "FEEDBACK_ORGANISATION_NAME": "Acme",
        "FEEDBACK_PROVIDERS_ENABLED": "simulator_sms,simulator_email",
    }
    settings = load(instance, environ)
    return Runtime(settings, shelf, open_providers(settings, database), database)


@pytest.fixture
def runtime(migrated: Database, shelf: Library, tmp_path: Path) -> Runtime:
    """On SQLite, and again on PostgreSQL, with people and customers."""
    runtime = runtime_over(migrated, shelf, tmp_path)
    with migrated.writing() as session:
        factories_desk.furnish(session, runtime)
    return runtime


@pytest.fixture(scope="module")
def office(
    migrated_sqlite: Path, shipped: Library, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    """One office for all tests of a module, on SQLite: for requests that change nothing."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "feedback.db").write_bytes(migrated_sqlite.read_bytes())
    database = Database(f"sqlite:///{folder / 'feedback.db'}")
    runtime = runtime_over(database, Library(shipped.questionnaires, shipped.journey), folder)
    with database.writing() as session:
        factories_desk.furnish(session, runtime)
    yield runtime
    database.close()


@pytest.fixture(scope="module")
def office_app(office: Runtime) -> Flask:
    app = create_app(office)
    app.config.update(WTF_CSRF_ENABLED=False)
    return app


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    app = create_app(runtime)
    # Forms are tested with their tokens in the browser; here a token would only be read and sent back.
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return app


@pytest.fixture
def sign_in(app: Flask) -> SignIn:
    """`sign_in("cem")`: a browser of its own in which Cem is signed in."""

    def sign_in(who: str) -> FlaskClient:
        client = app.test_client()
        form = {"email": f"{who}@example.com", "password": factories_desk.PASSWORD}
        response = client.post("/login", data=form)
        assert response.status_code == 302, response.text
        return client

    return sign_in


@pytest.fixture
def site(migrated_sqlite: Path, shelf: Library, tmp_path: Path) -> Iterator[str]:
    """The address of a running office."""
    file = tmp_path / "feedback.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    database = Database(f"sqlite:///{file}")
    runtime = runtime_over(database, shelf, tmp_path)
    with database.writing() as session:
        factories_desk.furnish(session, runtime)
    with serving(create_app(runtime)) as address:
        yield address
    database.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """A page in a browser of its own; whatever its console complains about fails the test.

    Answers of 400 to 499 are no complaint: some tests are about them.
    """
    complaints: list[str] = []
    contexts = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)  # a password is slow to check, and more so on a busy machine
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and "status of 4" not in message.text
                else None
            ),
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
