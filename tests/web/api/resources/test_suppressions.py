"""The suppression list by a program."""

from __future__ import annotations

from tests.web.api.conftest import KeyOf, Program


def test_an_opt_out_counts_for_the_person_and_is_lifted_again(program: Program) -> None:
    made = program.post("/suppressions", channel="email", address="Person0@example.com", source="phone call")
    assert made.status_code == 201
    body = made.get_json()
    assert (body["address"], body["reason"], body["contact"]) == ("person0@example.com", "opt_out", "c0")
    assert program.post("/suppressions", channel="email", address="person0@example.com").status_code == 200
    ways = {(each["channel"], each["address"]) for each in program.every("/suppressions")}
    assert ways == {("email", "person0@example.com"), ("sms", "+905321234500")}
    lifted = program.post("/suppressions/lift", channel="email", address="person0@example.com")
    assert lifted.status_code == 200 and lifted.get_json()["lifted_at"]
    assert [each["channel"] for each in program.every("/suppressions")] == ["sms"]
    assert len(program.every("/suppressions", lifted=True)) == 2


def test_a_complaint_stays(program: Program) -> None:
    way = {"channel": "email", "address": "x@example.com"}
    program.post("/suppressions", **way, reason="complaint")
    assert program.post("/suppressions/lift", **way).status_code == 409
    assert program.post("/suppressions/lift", channel="email", address="y@example.com").status_code == 404


def test_an_address_that_is_none_is_named(program: Program) -> None:
    for channel, address in (("email", "nobody"), ("sms", "12")):
        refused = program.post("/suppressions", channel=channel, address=address)
        assert [each["pointer"] for each in refused.get_json()["errors"]] == ["/address"]


def test_a_csm_s_key_sees_the_list_of_their_contacts(program: Program, key_of: KeyOf) -> None:
    for number in range(6):
        program.post("/suppressions", channel="email", address=f"person{number}@example.com", reason="manual")
    program.post("/suppressions", channel="email", address="stranger@example.com", reason="manual")
    seen = {each["address"] for each in key_of("selin").every("/suppressions")}
    assert seen == set()  # added by hand, so they name no contact
    assert len(program.every("/suppressions")) == 7
