"""Follow-ups, worked on by a program in somebody's name."""

from __future__ import annotations

import pytest
from flask import Flask

from feedback.services.staff.api_keys import Scope
from tests.web.api.conftest import KeyOf, Program, agree


@pytest.fixture
def cem(key_of: KeyOf) -> Program:
    return key_of("cem")


def open_one(program: Program) -> tuple[int, dict[str, str]]:
    found = program.every("/follow-ups", state="open", kind="recovery", account="a0")[0]
    answer = program.get(f"/follow-ups/{found['id']}")
    assert answer.headers["ETag"] == f'"{found["revision"]}"'
    return found["id"], {"If-Match": answer.headers["ETag"]}


def test_a_follow_up_is_taken_worked_on_and_closed(cem: Program) -> None:
    number, seen = open_one(cem)
    taken = cem.call("POST", f"/follow-ups/{number}/take", {}, headers=seen)
    assert (taken.status_code, taken.get_json()["state"]) == (200, "taken")
    cem.post(f"/follow-ups/{number}/notes", text="Called the depot.\nThey print by hand.")
    cem.post(f"/follow-ups/{number}/contacts", how="call", reached=True, text="Fixed with them.")
    late = {
        "outcome": "recovered",
        "note": "Fixed in 4.2",
        "root_cause": "product",
        "recovered_revenue": "250.50",
    }
    stale = cem.call("POST", f"/follow-ups/{number}/close", late, headers=seen)
    assert stale.status_code == 412
    seen = {"If-Match": cem.get(f"/follow-ups/{number}").headers["ETag"]}
    causes = cem.call("POST", f"/follow-ups/{number}/close", {**late, "root_cause": "no-such"}, headers=seen)
    assert causes.status_code == 422
    closed = cem.call(
        "POST",
        f"/follow-ups/{number}/close",
        {**late, "outcome": "churned", "root_cause": CAUSE},
        headers=seen,
    )
    assert closed.status_code == 200, closed.text
    body = closed.get_json()
    assert (body["state"], body["outcome"], body["recovered_revenue"]) == ("closed", "churned", "250.50")
    kinds = [(each["kind"], each["user"]) for each in body["entries"]]
    me = "cem@example.com"
    assert kinds == [("opened", None), ("taken", me), ("note", me), ("call", me), ("closed", me)]

    seen = {"If-Match": closed.headers["ETag"]}
    again = cem.call("POST", f"/follow-ups/{number}/reopen", {}, headers=seen).get_json()
    assert (again["state"], again["outcome"], again["closed_at"]) == ("taken", None, None)


CAUSE = "price"


def test_a_change_needs_the_version_that_was_read(cem: Program) -> None:
    number, seen = open_one(cem)
    assert cem.call("POST", f"/follow-ups/{number}/take", {}).status_code == 428
    assert cem.call("POST", f"/follow-ups/{number}/take", {}, headers={"If-Match": '"99"'}).status_code == 412
    assert cem.call("POST", f"/follow-ups/{number}/take", {}, headers=seen).status_code == 200


def test_a_program_sees_and_changes_what_its_owner_may(key_of: KeyOf, cem: Program) -> None:
    number, seen = open_one(cem)
    selin, viewer = key_of("selin"), key_of("viewer")
    assert selin.get(f"/follow-ups/{number}").status_code == 404
    assert viewer.get(f"/follow-ups/{number}").status_code == 200
    assert viewer.call("POST", f"/follow-ups/{number}/take", {}, headers=seen).status_code == 403
    reader = key_of("cem", Scope.FOLLOW_UPS_READ)
    assert reader.call("POST", f"/follow-ups/{number}/take", {}, headers=seen).status_code == 403


def test_a_follow_up_is_snoozed_and_reassigned(cem: Program) -> None:
    number, seen = open_one(cem)
    snoozed = cem.call(
        "POST",
        f"/follow-ups/{number}/snooze",
        {"until": "2098-01-01T09:00:00Z", "reason": "Fair"},
        headers=seen,
    )
    assert (snoozed.status_code, snoozed.get_json()["state"]) == (200, "snoozed")
    seen = {"If-Match": snoozed.headers["ETag"]}
    nobody = cem.call("POST", f"/follow-ups/{number}/reassign", {"to": "x@example.com"}, headers=seen)
    assert nobody.get_json()["errors"][0]["pointer"] == "/to"
    moved = cem.call("POST", f"/follow-ups/{number}/reassign", {"to": "selin@example.com"}, headers=seen)
    assert (moved.status_code, moved.get_json()["owner"]) == (200, "selin@example.com")


ONCE = {"Idempotency-Key": "5c1f"}


def test_a_program_writes_to_the_customer_in_somebody_s_name(app: Flask, key_of: KeyOf) -> None:
    agree(app)
    program = key_of("cem", Scope.FOLLOW_UPS_READ, Scope.FOLLOW_UPS_SEND)
    number = program.every("/follow-ups", state="open", kind="recovery", account="a0")[0]["id"]
    message = {"channel": "email", "text": "When may I call you?", "subject": "Your feedback", "waits": True}
    answer = program.call("POST", f"/follow-ups/{number}/messages", message, headers=ONCE)
    assert answer.status_code == 200, answer.text
    (sent,) = answer.get_json()["items"]
    assert (sent["direction"], sent["channel"], sent["state"]) == ("out", "email", "queued")
    assert program.get(f"/follow-ups/{number}/messages").get_json() == answer.get_json()
    kinds = [each["kind"] for each in program.get(f"/follow-ups/{number}").get_json()["entries"]]
    assert kinds[-1] == "wrote_email"


def test_a_message_that_is_sent_again_after_a_lost_answer_reaches_the_customer_once(
    app: Flask, key_of: KeyOf
) -> None:
    agree(app)
    program = key_of("cem", Scope.FOLLOW_UPS_READ, Scope.FOLLOW_UPS_SEND)
    number = program.every("/follow-ups", state="open", kind="recovery", account="a0")[0]["id"]
    where = f"/follow-ups/{number}/messages"
    message = {"channel": "email", "text": "When may I call you?", "subject": "Your feedback", "waits": True}
    refused = program.call("POST", where, message)
    assert refused.status_code == 428
    assert "Idempotency-Key" in refused.get_json()["detail"]
    first, again = (program.call("POST", where, message, headers=ONCE) for _ in range(2))
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.get_json() == again.get_json() == program.get(where).get_json()
    assert len(first.get_json()["items"]) == 1


def test_a_customer_who_never_agreed_is_not_written_to_by_a_program(key_of: KeyOf) -> None:
    program = key_of("cem", Scope.FOLLOW_UPS_READ, Scope.FOLLOW_UPS_SEND)
    number = program.every("/follow-ups", state="open", kind="recovery", account="a0")[0]["id"]
    message = {"channel": "sms", "text": "When may I call you?", "waits": True}
    answer = program.call("POST", f"/follow-ups/{number}/messages", message, headers=ONCE)
    assert (answer.status_code, "may not be written to" in answer.text) == (422, True)


def test_working_on_follow_ups_does_not_allow_a_program_to_write_to_customers(key_of: KeyOf) -> None:
    program = key_of("cem", Scope.FOLLOW_UPS_READ, Scope.FOLLOW_UPS_WORK)
    number = program.every("/follow-ups", state="open")[0]["id"]
    message = {"channel": "sms", "text": "Hello"}
    assert program.call("POST", f"/follow-ups/{number}/messages", message).status_code == 403
