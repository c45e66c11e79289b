"""One office and one sign-in for all tests of a module, on SQLite: signing in takes longer than most pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories_desk

Enter = Callable[[str], FlaskClient]


@pytest.fixture(scope="module")
def enter(office_app: Flask) -> Iterator[Enter]:
    """`enter("lead")`: a browser in which the lead is signed in, the same one each time."""
    clients: dict[str, FlaskClient] = {}

    def enter(who: str) -> FlaskClient:
        if who not in clients:
            clients[who] = office_app.test_client()
            form = {"email": f"{who}@example.com", "password": factories_desk.PASSWORD}
            assert clients[who].post("/login", data=form).status_code == 302
        return clients[who]

    yield enter
