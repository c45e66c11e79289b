"""Accounts and contacts: lists, batches, consent and erasure."""

from __future__ import annotations

import pytest

from feedback.services.staff.api_keys import Scope
from tests.web.api.conftest import KeyOf, Program


@pytest.mark.parametrize(
    ("path", "query", "found"),
    [
        ("/contacts", {"search": "grace"}, ["c0"]),
        ("/contacts", {"search": "person1@example.com"}, ["c1"]),
        ("/contacts", {"phone": "+905321234503"}, ["c3"]),
        ("/contacts", {"email": "PERSON2@example.com"}, ["c2"]),
        ("/contacts", {"account": "a4"}, ["c4", "d4"]),
        ("/contacts", {"updated_since": "2099-01-01T00:00:00Z"}, []),
        ("/accounts", {"search": "BAKERY"}, ["a4"]),
        ("/accounts", {"segment": "core"}, ["a1", "a2", "a5"]),
        ("/accounts", {"owner": "Cem@example.com"}, ["a0", "a1", "a4"]),
    ],
    ids=str,
)
def test_filters_choose(program: Program, path: str, query: dict[str, str], found: list[str]) -> None:
    assert sorted(each["external_id"] for each in program.every(path, **query)) == found


def test_each_of_a_batch_is_stored_or_refused_by_itself(program: Program) -> None:
    accounts = [{"external_id": "x1", "name": "X"}, {"external_id": "x2", "owner": "no@example.com"}]
    made = program.post("/accounts/batch", items=accounts).get_json()["results"]
    assert [(each["external_id"], each["status"]) for each in made] == [("x1", 201), ("x2", 422)]
    assert made[1]["errors"][0]["pointer"] == "/owner"
    contacts = [
        {"external_id": "n1", "account": "x1", "email": "n1@example.com"},
        {"external_id": "n2", "account": "x2"},
        {"external_id": "n3", "phone": "12", "email": "x"},
        {"external_id": "n1", "name": "Ada"},
    ]
    made = program.post("/contacts/batch", items=contacts).get_json()["results"]
    assert [each["status"] for each in made] == [201, 422, 422, 200]
    assert [each["pointer"] for each in made[2]["errors"]] == ["/email", "/phone"]
    assert program.get("/contacts/n1").get_json()["name"] == "Ada"
    assert program.get("/contacts/n2").status_code == 404


def test_consent_is_recorded_and_withdrawn(program: Program) -> None:
    consent = {"basis": "consent", "source": "fair", "sms": False}
    given = program.call("POST", "/contacts/c0/consents", consent).get_json()["consents"]
    assert [(each["kind"], each["withdrawn_at"] is None) for each in given] == [
        ("sms", False),
        ("email", True),
    ]
    taken = program.call("POST", "/contacts/c0/consents", {**consent, "email": False}).get_json()["consents"]
    assert all(each["withdrawn_at"] for each in taken)


def test_a_person_is_erased_for_good(program: Program, key_of: KeyOf) -> None:
    assert key_of("cem").call("DELETE", "/contacts/c0").status_code == 403
    assert key_of("admin", Scope.CUSTOMERS_WRITE).call("DELETE", "/contacts/c0").status_code == 403
    done = program.call("DELETE", "/contacts/c0")
    assert (done.status_code, done.get_json()["responses"]) == (200, 2)
    assert program.get("/contacts/c0").status_code == 404
    assert program.put("/contacts/c0", name="Grace").status_code == 410
    assert program.every("/contacts", search="Grace") == []
    assert all(each["contact"] != "c0" for each in program.every("/responses"))


def test_usage_is_listed(program: Program) -> None:
    for n in range(3):
        at = f"2026-01-0{n + 1}T00:00:00Z"
        program.post("/accounts/a0/usage", key=f"k{n}", name="logins", value=n, at=at)
    found = program.every("/accounts/a0/usage", name="logins", since="2026-01-02T00:00:00Z", limit=1)
    assert [each["value"] for each in found] == [1, 2]
