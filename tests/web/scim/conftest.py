"""A provider's program that calls SCIM with a key of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from feedback.bootstrap import Runtime
from feedback.services.staff.api_keys import Scope
from feedback.store.models import User
from feedback.web.app import create_app
from tests.fakes.fake_identity_provider import FakeIdentityProvider
from tests.web.api.conftest import key_over
from tests.web.single_sign_on.conftest import Company, with_provider

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


@dataclass
class ScimProgram:
    office: Company
    key: str

    def call(self, method: str, path: str, body: object = None, **query: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}"}
        client = self.office.app.test_client(use_cookies=False)
        return client.open(
            f"/scim/v2{path}",
            method=method,
            json=body,
            headers=headers,
            query_string=query,
            content_type="application/scim+json" if body is not None else None,
        )

    def patch(self, path: str, *operations: dict[str, Any]) -> TestResponse:
        return self.call("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    def found(self, path: str, written: str) -> list[dict[str, Any]]:
        """What a filter finds."""
        answer = self.call("GET", path, filter=written)
        assert answer.status_code == 200, answer.text
        resources: list[dict[str, Any]] = answer.json["Resources"]
        assert answer.json["totalResults"] == len(resources)
        return resources

    def id_of(self, who: str) -> str:
        with self.office.runtime.database.reading() as session:
            return str(session.scalars(select(User.id).where(User.email == f"{who}@example.com")).one())

    def add(self, who: str, **changes: Any) -> dict[str, Any]:
        body = {"schemas": [USER], "userName": f"{who}@example.com", "active": True, **changes}
        answer = self.call("POST", "/Users", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json
        return made

    def group(self, name: str, *members: str, **changes: Any) -> dict[str, Any]:
        body = {
            "schemas": [GROUP],
            "displayName": name,
            "members": [{"value": each} for each in members],
            **changes,
        }
        answer = self.call("POST", "/Groups", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json
        return made


Start = Any


@pytest.fixture(scope="session")
def running_provider() -> Any:
    with FakeIdentityProvider() as provider:
        yield provider


@pytest.fixture
def provider(running_provider: FakeIdentityProvider) -> FakeIdentityProvider:
    running_provider.reset()
    return running_provider


@pytest.fixture
def program(runtime: Runtime, provider: FakeIdentityProvider) -> Any:
    """`program(roles={...})`: the office with these settings, and the provider's program."""

    def program(**changes: Any) -> ScimProgram:
        changed = with_provider(runtime, provider.issuer, **changes)
        app: Flask = create_app(changed)
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        return ScimProgram(Company(app, changed, provider), key_over(runtime, None, Scope.SCIM))

    return program
