"""The description of the API: that it is true, tried out by a program that knows nothing else."""

from __future__ import annotations

import re
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
from feedback.services.staff import accounts, api_keys
from feedback.store.database import Database
from feedback.store.models import Contact
from feedback.web.api import gate
from feedback.web.api.examples import EXAMPLES
from feedback.web.app import create_app
from tests.web.api.conftest import Program, agree
from tests.web.browsing import PHONE, Open, fits, is_accessible
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
        admin = accounts.add_user(session, accounts.NewUser("a@example.com", "A", ["admin"]), clock.now())
        grant = api_keys.Grant(tuple(api_keys.Scope), admin.id)
        _, token = api_keys.create(session, "schemathesis", by=None, now=clock.now(), grant=grant)
        session.add(Contact(external_id="known", created_at=clock.now(), updated_at=clock.now()))
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    yield schema, token
    database.close()


def test_every_operation_behaves_as_it_is_described(described: Any) -> None:
    schema, token = described
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 35
    seen: Counter[tuple[str, int]] = Counter()
    for operation in operations:
        _try_out(operation, token, seen)
    good = {label for label, status in seen if status < 300}
    assert good >= {"PUT /accounts/{external_id}", "PUT /contacts/{external_id}", "POST /events"}


def _try_out(operation: Any, token: str, seen: Counter[tuple[str, int]]) -> None:
    @settings(
        max_examples=12,
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
        if "cursor" in (case.query or {}):
            del case.query["cursor"]  # nobody guesses one
        answer = case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)
        seen[operation.label, answer.status_code] += 1

    attempt()


def test_the_description_needs_no_key_and_no_other_server(described: Any, app: Flask) -> None:
    response = app.test_client().get("/api/v1/openapi.json")
    document = response.get_json()
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "/api/v1"}]
    text = response.text.replace(EXAMPLES["POST /webhooks"]["url"], "")  # the receiver is somewhere else
    assert "http" not in text.replace('"type": "http"', "").replace('"http"', "")


def test_every_operation_with_a_body_has_an_example_and_every_example_an_operation(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    with_body = {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if "requestBody" in operation
    }
    assert with_body == set(EXAMPLES)


def test_every_example_works(program: Program) -> None:
    """In the order of the table: an account, its contact, what happens to them. Follow-ups are looked up."""
    agree(program.app)
    for label, body in EXAMPLES.items():
        method, _, path = label.partition(" ")
        external_id = "acme" if "/accounts/" in path else "c-17"
        headers = {}
        if "/follow-ups/" in path:
            (task,) = program.every("/follow-ups", account="a0", kind="recovery")[-1:]
            headers["If-Match"] = f'"{task["revision"]}"'
            path = path.replace("{follow_up_id}", str(task["id"]))
        if label.endswith("/messages"):
            headers["Idempotency-Key"] = "7f0c"
        if "{invitation_id}" in path:
            path = path.replace(
                "{invitation_id}", str(program.every("/invitations", contact="c-17")[0]["id"])
            )
        if "{segment_id}" in path:
            path = path.replace("{segment_id}", str(program.every("/segments")[0]["id"]))
        if "{campaign_id}" in path:
            path = path.replace("{campaign_id}", str(program.every("/campaigns")[0]["id"]))
        if "{webhook_id}" in path:
            path = path.replace("{webhook_id}", str(program.every("/webhooks")[0]["id"]))
        if "{door_id}" in path:
            path = path.replace("{door_id}", str(program.every("/doors")[0]["id"]))
        if "{arrival_id}" in path:
            secret = program.post(path.partition("/arrivals")[0] + "/secret").get_json()["secret"]
            headers_of_door = {"X-Door-Token": secret}
            program.app.test_client().post("/hooks/in/help-desk", json={"id": 1}, headers=headers_of_door)
            (made,) = program.every(path.partition("/{arrival_id}")[0])[:1]
            path = path.replace("{arrival_id}", str(made["id"]))
        if "{delivery_id}" in path:
            (made,) = program.every(path.partition("/{delivery_id}")[0])[:1]
            path = path.replace("{delivery_id}", str(made["id"]))
        answer = program.call(method, path.replace("{external_id}", external_id), dict(body), headers=headers)
        assert answer.status_code in (200, 201), (label, answer.text)


def test_the_reference_names_every_operation_and_needs_nothing_from_elsewhere(office_app: Flask) -> None:
    client = office_app.test_client()
    page = client.get("/api/v1/")
    assert page.status_code == 200
    document = client.get("/api/v1/openapi.json").get_json()
    for path, item in document["paths"].items():
        for operation in item.values():
            assert f'id="{operation["operationId"]}"' in page.text, path
            for scope in operation["x-scopes"]:
                assert scope in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text and "style=" not in page.text
    sources = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert sources and all(each.startswith("/") for each in sources)


@pytest.mark.browser
def test_the_reference_is_readable_on_a_phone(site: str, open_page: Open) -> None:
    page = open_page(viewport=PHONE)
    page.goto(f"{site}/api/v1/")
    fits(page)
    is_accessible(page)
