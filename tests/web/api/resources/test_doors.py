"""Doors by a program, with the permission that an admin has on the page."""

from __future__ import annotations

import pytest

from feedback.services.doors import recipes
from tests.web.api.conftest import KeyOf, Program
from tests.web.doors.calling import OtherSystem

SETUP = """check: {by: token, header: X-Door-Token}
rules:
  - id: id
    account: {external_id: company, name: name}
"""
BODY = {"title": "CRM", "name": "crm", "setup": SETUP}


def test_a_door_is_made_read_changed_and_deleted(program: Program) -> None:
    made = program.post("/doors", **BODY)
    assert made.status_code == 201
    body = made.get_json()
    assert len(body["secret"]) > 30 and body["path"] == "/hooks/in/crm"
    read = program.get(f"/doors/{body['id']}")
    assert read.get_json() == {**body, "secret": None}
    place, seen = f"/doors/{body['id']}", {"If-Match": read.headers["ETag"]}
    change = {"title": "Billing", "setup": SETUP}
    assert program.call("PUT", place, change, headers=seen).get_json()["title"] == "Billing"
    assert program.call("PUT", place, change, headers=seen).status_code == 412
    assert program.post("/doors", **BODY).status_code == 409
    assert [each["title"] for each in program.every("/doors")] == ["Billing"]
    assert program.call("DELETE", place).status_code == 200
    assert program.get(place).status_code == 404


def test_a_recipe_brings_its_set_up_and_a_given_secret_is_never_shown(program: Program) -> None:
    made = program.post("/doors", title="Stripe", name="stripe", recipe="stripe", secret="whsec_12345678")
    assert made.get_json()["secret"] is None
    assert made.get_json()["setup"] == recipes.every()["stripe"].setup
    assert "whsec_12345678" not in program.get("/doors").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"setup": "check: {by: token, header: X}\nrules:\n  - account: {external_id: 'a ||'}\n"}, "Line 3"),
        ({"setup": "check: {"}, "not YAML"),
        ({"setup": None}, "Line 1"),
        ({"name": "In"}, "/name"),
        ({"secret": "short"}, "8 to 500"),
    ],
)
def test_what_cannot_work_is_refused_and_stores_nothing(
    program: Program, change: dict[str, object], said: str
) -> None:
    answer = program.post("/doors", **{**BODY, **change})
    assert answer.status_code == 422 and said in answer.text
    assert program.every("/doors") == []


def test_what_came_is_read_tried_processed_again_and_deleted(program: Program) -> None:
    door = program.post("/doors", **BODY).get_json()
    system = OtherSystem(program.app, SETUP, "crm", door["secret"])
    place = f"/doors/{door['id']}"
    assert system.post('{"id": 1, "customer": "acme-9", "name": "Acme"}').status_code == 200
    (listed,) = program.every(f"{place}/arrivals", state="refused")
    assert listed["body"] is None and program.every(f"{place}/arrivals", state="done") == []
    fixed = SETUP.replace("company", "customer")
    tried = program.post(f"{place}/try", body='{"id": 1, "customer": "acme-9"}', setup=fixed).get_json()
    assert (tried["state"], tried["count"]) == ("done", 1)
    assert tried["parts"][0]["did"] == [{"what": "account", "key": "acme-9", "result": "created"}]
    assert program.get("/accounts/acme-9").status_code == 404
    program.call("PUT", place, {"title": "CRM", "setup": fixed})
    again = program.post(f"{place}/arrivals/{listed['id']}/process")
    assert again.get_json()["state"] == "waiting"
    assert program.post(f"{place}/process").get_json() == {"bodies": 0}
    whole = program.get(f"{place}/arrivals/{listed['id']}").get_json()
    assert '"acme-9"' in whole["body"] and whole["parts"] == []
    assert program.call("DELETE", f"{place}/arrivals/{listed['id']}").status_code == 200
    assert program.every(f"{place}/arrivals") == []


def test_a_new_secret_counts_together_with_the_old_one(program: Program) -> None:
    door = program.post("/doors", **BODY).get_json()
    place = f"/doors/{door['id']}"
    new = program.post(f"{place}/secret").get_json()["secret"]
    for secret in (door["secret"], new):
        assert OtherSystem(program.app, SETUP, "crm", secret).post("{}").status_code == 200
    assert program.post(f"{place}/pause").get_json()["paused_at"]
    assert program.post(f"{place}/resume").get_json()["paused_at"] is None


def test_keys_of_people_who_are_no_admins_have_no_access(program: Program, key_of: KeyOf) -> None:
    program.post("/doors", **BODY)
    assert key_of("lead").get("/doors").status_code == 403
    assert key_of("lead").post("/doors", **BODY).status_code == 403
