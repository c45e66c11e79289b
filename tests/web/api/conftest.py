"""A program that calls the API with a key of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.contact import suppression
from feedback.services.staff import accounts, api_keys
from feedback.services.staff.api_keys import Grant, Scope
from feedback.store.models import Contact


@dataclass
class Program:
    app: Flask
    key: str

    def call(self, method: str, path: str, body: object = None, **rest: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", **rest.pop("headers", {})}
        client = self.app.test_client(use_cookies=False)
        return client.open(f"/api/v1{path}", method=method, json=body, headers=headers, **rest)

    def put(self, path: str, **body: Any) -> TestResponse:
        return self.call("PUT", path, body)

    def post(self, path: str, **body: Any) -> TestResponse:
        return self.call("POST", path, body)

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.call("GET", path, **({"query_string": query} if query else {}))

    def every(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All items of a list, page by page as `Link` says."""
        found, seen = [], 0
        answer = self.get(path, **query)
        while True:
            assert answer.status_code == 200, answer.text
            found += answer.get_json()["items"]
            following = answer.headers.get("Link")
            if following is None:
                assert answer.get_json()["next_cursor"] is None
                return found
            seen += 1
            assert seen < 1_000
            address = following.split(";")[0].strip("<>")
            answer = self.get(address.partition("/api/v1")[2])


def key_over(runtime: Runtime, who: str | None, *scopes: Scope, **grant: Any) -> str:
    """The text of a new key of this person's, with all scopes if none is named."""
    with runtime.database.writing() as session:
        owner = accounts.by_email(session, f"{who}@example.com") if who else None
        assert owner is not None or who is None
        wanted = Grant(scopes or tuple(Scope), owner.id if owner else None, **grant)
        return api_keys.create(session, "CRM", by=None, now=clock.now(), grant=wanted)[1]


KeyOf = Callable[..., Program]


@pytest.fixture
def key_of(app: Flask, runtime: Runtime) -> KeyOf:
    """`key_of("cem", Scope.SCORES_READ)`: a program with a key of Cem's; all scopes if none is named."""

    return lambda who, *scopes, **grant: Program(app, key_over(runtime, who, *scopes, **grant))


@pytest.fixture
def program(key_of: KeyOf) -> Program:
    """A program of an admin that may do everything."""
    return key_of("admin")


def agree(app: Flask) -> None:
    """Every contact has agreed to messages at every address."""
    with app.extensions["feedback"].database.writing() as session:
        for contact in session.scalars(select(Contact).order_by(Contact.id)):
            for kind, address in contact.addresses.items():
                suppression.grant(
                    session, contact, kind, address, basis="contract", source="test", now=clock.now()
                )
