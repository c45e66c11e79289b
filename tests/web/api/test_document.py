"""The description of the API: that it is true, tried out by a program that knows nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from feedback import clock
from feedback.library import Library
from feedback.services.staff import api_keys
from feedback.store.database import Database
from feedback.store.models import Contact
from feedback.web.api import gate
from feedback.web.app import create_app
from tests.web.conftest import runtime_over

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    ignored_auth,
)


@pytest.fixture
def described(migrated_sqlite: Path, shelf: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The API's schema over one database, and a key in every call."""
    import shutil

    for limit in ("CALLS", "MISSES"):
        monkeypatch.setattr(gate, limit, type(gate.CALLS)(1_000_000))
    shutil.copy(migrated_sqlite, tmp_path / "described.db")
    database = Database(f"sqlite:///{tmp_path / 'described.db'}")
    app = create_app(runtime_over(database, shelf, tmp_path))
    with database.writing() as session:
        _, token = api_keys.create(session, "schemathesis", by=None, now=clock.now())
        session.add(Contact(external_id="known", created_at=clock.now(), updated_at=clock.now()))
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    yield schema, token
    database.close()


def test_every_operation_behaves_as_it_is_described(described: Any) -> None:
    schema, token = described
    operations = [result.ok() for result in schema.get_all_operations()]
    assert {f"{each.method.upper()} {each.path}" for each in operations} == {
        "PUT /accounts/{external_id}",
        "GET /accounts/{external_id}",
        "POST /accounts/{external_id}/usage",
        "PUT /contacts/{external_id}",
        "GET /contacts/{external_id}",
        "POST /events",
        "POST /events/batch",
        "GET /events/{key}",
    }
    seen: Counter[tuple[str, int]] = Counter()
    for operation in operations:
        _try_out(operation, token, seen)
    good = {label for label, status in seen if status < 300}
    assert good >= {"PUT /accounts/{external_id}", "PUT /contacts/{external_id}", "POST /events"}


def _try_out(operation: Any, token: str, seen: Counter[tuple[str, int]]) -> None:
    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def attempt(case: Any) -> None:
        if isinstance(case.body, dict) and "contact" in case.body:
            case.body["contact"] = "known"  # otherwise hardly an event would find its contact
        answer = case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)
        seen[operation.label, answer.status_code] += 1

    attempt()


def test_the_description_needs_no_key_and_no_other_server(described: Any, app: Flask) -> None:
    response = app.test_client().get("/api/v1/openapi.json")
    document = response.get_json()
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "/api/v1"}]
    assert "http" not in response.text.replace('"type": "http"', "").replace('"http"', "")
