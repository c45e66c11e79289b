"""Segments by a program."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.services.staff.api_keys import Scope
from feedback.store.models import AuditEntry, SavedSegment
from tests.web.api.conftest import KeyOf, Program


def made(program: Program, name: str = "First account", **wanted: Any) -> dict[str, Any]:
    answer = program.post("/segments", name=name, filter=wanted or {"account": "a0"})
    assert answer.status_code == 201, answer.text
    return answer.get_json()  # type: ignore[no-any-return]


def test_a_program_saves_reads_counts_lists_changes_and_deletes_a_segment(
    program: Program, runtime: Runtime
) -> None:
    wanted = {
        "account": "a0",
        "owner": "selin@example.com",
        "permitted": "none",
        "not_asked_for": 0,
        "properties": [{"name": "contact.role", "value": "king"}],
    }
    kept = made(program, **wanted)
    path = f"/segments/{kept['id']}"
    assert {name: kept["filter"][name] for name in wanted} == wanted
    assert program.get(path).get_json() == kept
    assert [each["id"] for each in program.every("/segments")] == [kept["id"]]
    assert program.get(f"{path}/count").get_json() == {"count": 0, "is_more": False}

    changed = program.put(path, name="Acme", filter={"account": "a0"})
    assert changed.get_json()["name"] == "Acme"
    people = [each["external_id"] for each in program.every(f"{path}/contacts", limit=1)]
    assert people
    assert people == [each["external_id"] for each in program.every("/contacts", account="a0")]
    assert program.get(f"{path}/count").get_json() == {"count": len(people), "is_more": False}

    assert program.call("DELETE", path).get_json()["name"] == "Acme"
    assert program.get(path).status_code == 404
    with runtime.database.reading() as session:
        told = select(AuditEntry.action).where(AuditEntry.subject == "segment").order_by(AuditEntry.id)
        assert session.scalars(told).all() == ["added", "changed", "deleted"]


def test_a_change_of_what_somebody_else_has_changed_is_refused(program: Program) -> None:
    path = f"/segments/{made(program)['id']}"
    seen = program.get(path).headers["ETag"]
    body = {"name": "Other", "filter": {"account": "a0"}}
    assert program.call("PUT", path, body, headers={"If-Match": seen}).status_code == 200
    for method, sent in (("PUT", body), ("DELETE", None)):
        assert program.call(method, path, sent, headers={"If-Match": seen}).status_code == 412
    now = program.get(path).headers["ETag"]
    assert program.call("DELETE", path, headers={"If-Match": now}).status_code == 200


def test_what_cannot_be_used_is_named_by_its_place(program: Program) -> None:
    for given, pointer in (
        ({"account": "nowhere"}, "/filter/account"),
        ({"owner": "nobody@example.com"}, "/filter/owner"),
        ({"owner": "selin@example.com", "without_owner": True}, "/filter/without_owner"),
        ({"country": "turkey"}, "/filter/country"),
        ({"renews_within": 4_000}, "/filter/renews_within"),
        ({"properties": [{"name": "colour", "value": "red"}]}, "/filter/properties/0/name"),
        ({"words": "ada"}, "/filter/words"),
    ):
        refused = program.post("/segments", name="Wrong", filter=given)
        assert refused.status_code == 422, given
        assert [each["pointer"] for each in refused.get_json()["errors"]] == [pointer]
    nothing = program.post("/segments", name="Wrong", filter={})
    assert (nothing.status_code, "at least one filter" in nothing.text) == (422, True)
    made(program)
    assert program.post("/segments", name="first ACCOUNT", filter={"account": "a0"}).status_code == 409
    assert len(program.every("/segments")) == 1


def test_a_key_counts_and_lists_only_what_its_owner_sees(program: Program, key_of: KeyOf) -> None:
    wide = f"/segments/{made(program, name='Everybody', not_asked_for=0)['id']}"
    theirs = key_of("selin", Scope.CUSTOMERS_READ)
    seen, all_of_them = theirs.every(f"{wide}/contacts"), program.every(f"{wide}/contacts")
    assert 0 < len(seen) < len(all_of_them)
    assert theirs.get(f"{wide}/count").get_json()["count"] == len(seen)
    assert theirs.post("/segments", name="Mine", filter={"account": "a0"}).status_code == 403
    assert key_of("selin").post("/segments", name="Mine", filter={"account": "a0"}).status_code == 403


def test_a_segment_of_a_later_release_is_shown_without_its_filter(program: Program, runtime: Runtime) -> None:
    path = f"/segments/{made(program)['id']}"
    with runtime.database.writing() as session:
        session.scalars(select(SavedSegment)).one().query = {"phase_of_the_moon": "full"}
    assert program.get(path).get_json()["filter"] is None
    assert [each["filter"] for each in program.every("/segments")] == [None]
    assert program.get(f"{path}/count").status_code == 422
