"""The whole web application over a furnished office, and people who are signed in to it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache, partial, partialmethod
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_openapi3 import utils as openapi
from jinja2 import Environment, FileSystemBytecodeCache
from passlib.hash import argon2
from playwright.sync_api import Browser, Page
from werkzeug.routing import Rule
from werkzeug.routing.rules import RulePart

from feedback import clock, library, resources
from feedback.bootstrap import Runtime, open_providers
from feedback.library import Library
from feedback.settings import load
from feedback.store.database import Database
from feedback.web.app import create_app
from feedback.web.survey import pages
from tests import factories_desk
from tests.conftest import BOTH, Template
from tests.web.browsing import Open, serving

SignIn = Callable[[str], FlaskClient]
FRESH = timedelta(minutes=1)
"""How old a furnished office may be."""
KEPT = 8
"""So many of them, of both kinds of database and of several times."""


@pytest.fixture(scope="session", autouse=True)
def quick_applications(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nearly every test makes an application of its own and signs in. Templates and the API's shapes are compiled once
    for all of them, addresses only when a link to them is made, and the cheap hashes of `factories_desk` are not
    replaced by dear ones at every sign-in."""
    staff, customers = (
        FileSystemBytecodeCache(str(tmp_path_factory.mktemp(name))) for name in ("staff", "customers")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": staff})
        patch.setattr(pages, "Environment", partial(Environment, bytecode_cache=customers))
        patch.setattr(openapi, "get_model_schema", cache(openapi.get_model_schema))
        patch.setattr(Rule, "_compile_builder", partialmethod(_when_it_is_called, Rule._compile_builder))
        patch.setattr(Rule, "_parse_rule", partialmethod(_parsed_once, Rule._parse_rule, {}))
        patch.setattr(argon2, "memory_cost", factories_desk.CHEAP["memory_cost"])
        yield


def _when_it_is_called(rule: Rule, compile_builder: Callable[..., Any], append_unknown: bool = True) -> Any:
    """What builds an address from a rule. To compile it takes longer than all the rest of making an application, and
    most tests need few."""

    def build(rule: Rule, /, *arguments: Any, **options: Any) -> Any:
        name = "_build_unknown" if append_unknown else "_build"
        setattr(rule, name, compile_builder(rule, append_unknown).__get__(rule, None))
        return getattr(rule, name)(*arguments, **options)

    return build


def _parsed_once(rule: Rule, parse: Callable[..., Any], known: dict[Any, Any], text: str) -> list[RulePart]:
    """The parts of a rule's address, which are the same in every application that knows the same kinds of parts."""
    key = text, tuple(rule.map.converters.values())
    if key not in known:
        traced = len(rule._trace)
        known[key] = list(parse(rule, text)), rule._trace[traced:], dict(rule._converters)
        return list(known[key][0])
    parts, trace, converters = known[key]
    rule._trace += trace
    rule._converters |= converters
    rule.arguments |= converters.keys()
    return list(parts)


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


class Furnished:
    """Databases with people and customers, one of each kind, to be copied.

    What is told in them happened hours and days before they are made. So they are made again after a minute, and for a
    test that sets the clock to another time; the tests of a module often set it to the same.
    """

    def __init__(self, shipped: Library, folder: Path) -> None:
        self._shipped = shipped
        self._folder = folder
        self._made: dict[tuple[Template, datetime], Template] = {}

    def copy(self, empty: Template, folder: Path) -> tuple[str, Callable[[], None]]:
        """The URL of a copy for one test, and what removes it."""
        now = clock.now()
        made = next(
            (each for each in self._made if each[0] == empty and timedelta() <= now - each[1] < FRESH), None
        )
        if made is None:
            made = empty, now.replace(microsecond=0)  # a clock that is set goes on from there
            room = Path(tempfile.mkdtemp(dir=self._folder))
            self._made[made] = empty.changed(room, partial(self._furnish, room, made[1]))
            for oldest in list(self._made)[:-KEPT]:
                del self._made[oldest]
        return self._made[made].copy(folder)

    def _furnish(self, folder: Path, now: datetime, database: Database) -> None:
        shelf = Library(self._shipped.questionnaires, self._shipped.journey)
        with database.writing() as session:
            factories_desk.furnish(session, runtime_over(database, shelf, folder), now)


@pytest.fixture(scope="session")
def furnished(shipped: Library, tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    return Furnished(shipped, tmp_path_factory.mktemp("furnished"))


@pytest.fixture(params=BOTH)
def runtime(
    request: pytest.FixtureRequest, furnished: Furnished, shelf: Library, tmp_path: Path
) -> Iterator[Runtime]:
    """On SQLite, and again on PostgreSQL, with people and customers."""
    url, done = furnished.copy(request.getfixturevalue(f"{request.param}_template"), tmp_path)
    database = Database(url)
    yield runtime_over(database, shelf, tmp_path)
    database.close()
    done()


@pytest.fixture(scope="module")
def office(
    furnished: Furnished,
    sqlite_template: Template,
    shipped: Library,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Runtime]:
    """One office for all tests of a module, on SQLite: for requests that change nothing."""
    folder = tmp_path_factory.mktemp("office")
    database = Database(furnished.copy(sqlite_template, folder)[0])
    yield runtime_over(database, Library(shipped.questionnaires, shipped.journey), folder)
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
def site(furnished: Furnished, sqlite_template: Template, shelf: Library, tmp_path: Path) -> Iterator[str]:
    """The address of a running office."""
    database = Database(furnished.copy(sqlite_template, tmp_path)[0])
    with serving(create_app(runtime_over(database, shelf, tmp_path))) as address:
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
