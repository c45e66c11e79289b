"""The customer's page behind a test client, over a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.core.questionnaire import Questionnaire
from feedback.settings import Secret, Settings
from feedback.settings.table import OrganisationSettings, WebSettings
from feedback.store.database import Database
from feedback.web.app import create_app
from feedback.web.survey import stamp
from tests.factories_surveys import NOW, NPS, TOKEN, invite, shelf


@pytest.fixture
def now() -> Iterator[time_machine.Coordinates]:
    """The clock stands at NOW; `shift` moves it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@dataclass
class Site:
    """An installation with one invitation, and a browser without cookies."""

    runtime: Runtime
    app: Flask

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client(use_cookies=False)

    def get(self, query: str = "", **rest: Any) -> TestResponse:
        return self.client.get(f"/{TOKEN}{query}", **rest)

    def post(self, query: str = "", made: str | None = None, **fields: Any) -> TestResponse:
        """Send a form as a person would who looked at its page for a while."""
        sent = {"stamp": self.stamp() if made is None else made, "seen": "1"} | fields
        return self.client.post(f"/{TOKEN}{query}", data=sent)

    def stamp(self) -> str:
        """The stamp of a page that was rendered a minute ago."""
        key = self.runtime.settings.web.secret_key.reveal().encode()
        return stamp.make(key, TOKEN, clock.now() - timedelta(minutes=1))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(
        Settings(instance=tmp_path),
        web=replace(WebSettings(), secret_key=Secret("s" * 40), password_salt=Secret("p" * 40)),
        organisation=replace(
            OrganisationSettings(),
            name="Acme",
            privacy_url="https://acme.example/privacy",
            support_email="help@acme.example",
        ),
    )


Opener = Callable[..., Site]


@pytest.fixture
def open_site(migrated_sqlite: Path, tmp_path: Path, settings: Settings) -> Iterator[Opener]:
    """Opens a site that asks `questionnaire`, with an invitation (and an organisation) changed as given."""
    import shutil

    opened: list[Database] = []

    def open_site(
        questionnaire: Questionnaire = NPS,
        organisation: OrganisationSettings | None = None,
        **invitation: Any,
    ) -> Site:
        own = replace(settings, organisation=organisation) if organisation else settings
        file = shutil.copy(migrated_sqlite, tmp_path / f"{len(opened)}.db")
        database = Database(f"sqlite:///{file}")
        opened.append(database)
        library = shelf(questionnaire)
        with database.writing() as session:
            invite(session, library, questionnaire.key, **invitation)
        runtime = Runtime(own, library, {}, database)
        return Site(runtime, create_app(runtime))

    yield open_site
    for database in opened:
        database.close()


@pytest.fixture
def site(open_site: Opener, now: time_machine.Coordinates) -> Site:
    """The site that asks NPS, and the clock at NOW."""
    return open_site()
