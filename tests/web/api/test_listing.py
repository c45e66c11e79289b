"""Lists: pages, links, cursors, unknown parameters; one style for all of them."""

from __future__ import annotations

import pytest
from flask import Flask

from feedback.bootstrap import Runtime
from feedback.web.app import create_app
from tests.web.api.conftest import KeyOf, Program, key_over

LISTS = (
    "/accounts",
    "/contacts",
    "/suppressions",
    "/responses",
    "/comments",
    "/invitations",
    "/follow-ups",
    "/accounts/a0/usage",
)


@pytest.fixture(scope="module")
def reader(office: Runtime, office_app: Flask) -> Program:
    return Program(office_app, key_over(office, "admin"))


@pytest.mark.parametrize("path", LISTS)
def test_a_list_read_in_small_pages_is_the_list(reader: Program, path: str) -> None:
    whole = reader.get(path, limit=200)
    assert whole.status_code == 200, whole.text
    items = whole.get_json()["items"]
    assert "Link" not in whole.headers
    assert reader.every(path, limit=2) == items
    if path not in ("/suppressions", "/accounts/a0/usage"):
        assert len(items) > 4


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "many"},
        {"offset": "2"},
        {"cursor": "WzFd"},
        {"cursor": "%"},
    ],
    ids=str,
)
def test_a_mistake_in_a_parameter_is_named(reader: Program, path: str, query: dict[str, str]) -> None:
    refused = reader.get(path, **query)
    assert refused.status_code == 422
    (mistake,) = refused.get_json()["errors"]
    assert mistake["pointer"] == f"/{next(iter(query))}"


def test_a_cursor_belongs_to_its_order(reader: Program) -> None:
    cursor = reader.get("/contacts", limit=1).get_json()["next_cursor"]
    assert reader.get("/contacts", limit=1, cursor=cursor).status_code == 200
    assert reader.get("/contacts", limit=1, cursor=cursor, sort="-id").status_code == 422


def test_the_link_keeps_the_filters_and_has_no_comma(reader: Program) -> None:
    link = reader.get("/responses", limit=1, expand="answers,contact", band="bad").headers["Link"]
    assert "band=bad" in link and "expand=answers%2Ccontact" in link and "limit=1" in link
    assert "," not in link
    assert link.startswith("<http://localhost/api/v1/responses?") and link.endswith('>; rel="next"')


@pytest.mark.parametrize("sort", ["id", "-id", "updated_at", "-updated_at"])
def test_every_order_gives_each_item_once(reader: Program, sort: str) -> None:
    found = [each["external_id"] for each in reader.every("/contacts", limit=3, sort=sort)]
    assert len(found) == len(set(found)) == 12


def test_reading_of_personal_data_is_in_the_audit_log_once_an_hour(office: Runtime) -> None:
    from sqlalchemy import select

    from feedback.store.models import AuditEntry

    program = Program(create_app(office), key_over(office, "lead"))
    for _ in range(3):
        program.get("/contacts")
        program.get("/comments")
    with office.database.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action == "saw")).all()
    own = [row.subject for row in rows if row.detail.get("key") and row.user_id == _lead(office)]
    assert sorted(own) == ["comments", "contacts"]


def _lead(office: Runtime) -> int:
    from feedback.services.staff import accounts

    with office.database.reading() as session:
        user = accounts.by_email(session, "lead@example.com")
        assert user is not None
        return user.id


def test_a_post_with_a_key_happens_once_and_is_answered_alike(key_of: KeyOf) -> None:
    program = key_of("admin")
    body = {"key": "x", "name": "logins", "value": 1}
    headers = {"Idempotency-Key": "7f0c"}
    first = program.call("POST", "/accounts/a0/usage", body, headers=headers)
    again = program.call("POST", "/accounts/a0/usage", body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.data, first.headers["ETag"]) == (again.data, again.headers["ETag"])
    assert again.headers["Idempotency-Replayed"] == "true"
    other = program.call("POST", "/accounts/a0/usage", {**body, "value": 2}, headers=headers)
    assert other.status_code == 422
    assert "another Idempotency-Key" in other.get_json()["detail"]


def test_a_refused_post_may_be_sent_again_with_its_key(key_of: KeyOf) -> None:
    program = key_of("admin")
    event = {"key": "T-1", "name": "go_live", "contact": "late"}
    headers = {"Idempotency-Key": "7f0c"}
    assert program.call("POST", "/events", event, headers=headers).status_code == 404
    program.put("/contacts/late", name="Late")
    assert program.call("POST", "/events", event, headers=headers).status_code == 201


def test_a_change_of_what_somebody_else_has_changed_is_refused(key_of: KeyOf) -> None:
    program = key_of("admin")
    seen = program.get("/contacts/c0").headers["ETag"]
    changed = program.call("PUT", "/contacts/c0", {"name": "A"}, headers={"If-Match": seen})
    assert changed.status_code == 200
    late = program.call("PUT", "/contacts/c0", {"name": "B"}, headers={"If-Match": seen})
    assert late.status_code == 412
    new = changed.headers["ETag"]
    assert new == program.get("/contacts/c0").headers["ETag"] != seen
    assert program.call("PUT", "/contacts/c0", {"name": "B"}, headers={"If-Match": new}).status_code == 200
    assert program.call("PUT", "/contacts/none", {"name": "B"}, headers={"If-Match": new}).status_code == 412
