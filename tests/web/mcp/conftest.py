"""An office with a year of answers, and an assistant that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services import rollups
from feedback.services.staff.api_keys import Scope
from feedback.store.models import AnswerRow, Response, User
from tests import factories_desk, factories_history
from tests.web.api.conftest import key_over
from tests.web.browsing import serving


@dataclass
class Assistant:
    """A client of the revision that begins with `initialize`, without an initialisation: nothing depends on it."""

    app: Flask
    key: str

    def send(self, body: object, **headers: str) -> TestResponse:
        given = {"Authorization": f"Bearer {self.key}", **headers}
        return self.app.test_client(use_cookies=False).post("/mcp", json=body, headers=given)

    def request(self, method: str, **params: Any) -> Any:
        answer = self.send({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        assert answer.status_code == 200, answer.text
        return answer.get_json()["result"]

    def call(self, tool: str, **arguments: Any) -> Any:
        """What a tool answers."""
        result = self.request("tools/call", name=tool, arguments=arguments)
        assert not result["isError"], result["content"]
        return result["structuredContent"]

    def mistake(self, tool: str, **arguments: Any) -> str:
        """The sentence with which a tool refuses."""
        result = self.request("tools/call", name=tool, arguments=arguments)
        assert result["isError"]
        return str(result["content"][0]["text"])


@pytest.fixture(scope="module")
def year(office: Runtime) -> Runtime:
    """The office after a year with 400 answers."""
    with office.database.writing() as session:
        people = {each.email.partition("@")[0]: each for each in session.scalars(select(User))}
        factories_history.furnish(session, office, people, clock.now(), answers=400)
        _solve(session)
        rollups.rebuild(session)
    return office


def _solve(session: Session) -> None:
    """Two of three calls to the support solved the problem."""
    calls = select(Response).where(Response.questionnaire == "support-call-csat").order_by(Response.id)
    for number, response in enumerate(session.scalars(calls)):
        value = ("solved", "solved", "unsolved")[number % 3]
        response.answers.append(AnswerRow(question="solved", value=value))


@pytest.fixture(scope="module")
def assistant(office: Runtime, office_app: Flask) -> Assistant:
    """An assistant with a key of the lead's for everything that a lead may do."""
    return Assistant(office_app, key_over(office, "lead"))


@pytest.fixture(scope="module")
def cems(office: Runtime, office_app: Flask) -> Assistant:
    """With a key of Cem's, who sees his own accounts."""
    return Assistant(office_app, key_over(office, "cem"))


@pytest.fixture(scope="module")
def narrow(office: Runtime, office_app: Flask) -> Assistant:
    """With a key for follow-ups and nothing else."""
    return Assistant(office_app, key_over(office, "lead", Scope.FOLLOW_UPS_READ))


@pytest.fixture(scope="module")
def lead(office_app: Flask) -> FlaskClient:
    """A browser in which the lead is signed in."""
    client = office_app.test_client()
    form = {"email": "lead@example.com", "password": factories_desk.PASSWORD}
    assert client.post("/login", data=form).status_code == 302
    return client


@pytest.fixture(scope="module")
def address(office_app: Flask) -> Iterator[str]:
    with serving(office_app) as site:
        yield f"{site}/mcp"
