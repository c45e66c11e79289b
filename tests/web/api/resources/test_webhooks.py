"""Webhooks by a program, with the permission that an admin has on the page."""

from __future__ import annotations

from datetime import timedelta

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.webhooks import spreading
from tests.web.api.conftest import KeyOf, Program

BODY = {
    "name": "CRM",
    "url": "https://crm.example.com/hooks",
    "events": ["score.low", "response.created"],
    "filters": {"segments": ["vip"], "score_at_most": 6},
}


def test_a_webhook_is_registered_read_changed_and_deleted(program: Program) -> None:
    made = program.post("/webhooks", **BODY)
    assert made.status_code == 201
    body = made.get_json()
    assert body["secret"].startswith("whsec_") and body["events"] == ["response.created", "score.low"]
    assert body["filters"] == {
        "questionnaires": [], "stages": [], "segments": ["vip"], "channels": [], "score_at_most": 6
    }  # fmt: skip
    read = program.get(f"/webhooks/{body['id']}")
    assert read.get_json() == {**body, "secret": None}
    seen = {"If-Match": read.headers["ETag"]}
    place = f"/webhooks/{body['id']}"
    changed = program.call("PUT", place, {**BODY, "name": "Helpdesk"}, headers=seen)
    assert (changed.status_code, changed.get_json()["name"]) == (200, "Helpdesk")
    late = program.call("PUT", place, BODY, headers=seen)
    assert late.status_code == 412
    assert [each["name"] for each in program.every("/webhooks")] == ["Helpdesk"]
    assert program.call("DELETE", place).status_code == 200
    assert program.get(place).status_code == 404


def test_what_cannot_work_is_refused_and_stores_nothing(program: Program) -> None:
    for change in (
        {"url": "http://crm.example.com/"},
        {"url": "crm"},
        {"events": ["score.high"]},
        {"events": []},
    ):
        assert program.post("/webhooks", **{**BODY, **change}).status_code == 422
    assert program.every("/webhooks") == []


def test_a_webhook_is_paused_tested_and_its_log_read_and_replayed(program: Program, runtime: Runtime) -> None:
    webhook = program.post("/webhooks", **BODY).get_json()["id"]
    assert program.post(f"/webhooks/{webhook}/pause").get_json()["paused_at"]
    assert program.post(f"/webhooks/{webhook}/test").status_code == 409
    assert program.post(f"/webhooks/{webhook}/resume").get_json()["paused_at"] is None
    assert program.post(f"/webhooks/{webhook}/rotate").get_json()["secret"].startswith("whsec_")
    assert program.post(f"/webhooks/{webhook}/rotate").status_code == 409
    delivery = program.post(f"/webhooks/{webhook}/test").get_json()
    with runtime.database.writing() as session:
        assert spreading.spread(session, runtime, clock.now()) == 0
    listed = program.every(f"/webhooks/{webhook}/deliveries")
    assert [(each["event"], each["state"], each["body"]) for each in listed] == [
        ("webhook.test", "pending", None)
    ]
    place = f"/webhooks/{webhook}/deliveries/{delivery['id']}"
    whole = program.get(place).get_json()
    assert '"type":"webhook.test"' in whole["body"] and whole["log"] == []
    assert program.post(f"{place}/redeliver").get_json()["state"] == "pending"
    now = clock.now()
    times = {"since": (now - timedelta(days=1)).isoformat(), "until": (now + timedelta(days=1)).isoformat()}
    assert program.post(f"/webhooks/{webhook}/replay", **times).get_json() == {"events": 1}
    back = {"since": times["until"], "until": times["since"]}
    assert program.post(f"/webhooks/{webhook}/replay", **back).status_code == 422


def test_keys_of_people_who_are_no_admins_have_no_access(program: Program, key_of: KeyOf) -> None:
    program.post("/webhooks", **BODY)
    assert key_of("lead").get("/webhooks").status_code == 403
    assert key_of("lead").post("/webhooks", **BODY).status_code == 403
