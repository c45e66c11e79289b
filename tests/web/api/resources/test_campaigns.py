"""Campaigns by a program."""

from __future__ import annotations

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.campaigns import upkeep
from feedback.store.portions import Portions
from tests.web.api.conftest import KeyOf, Program

PLAN = {"name": "Spring", "questionnaire": "relationship-nps", "channels": ["email", "sms"]}


def test_a_program_plans_starts_and_follows_a_campaign(program: Program, runtime: Runtime) -> None:
    made = program.post("/campaigns", **PLAN, contacts=["c0", "c1"], repeats="quarter")
    assert made.status_code == 201, made.text
    body = made.get_json()
    assert (body["state"], body["segment"], body["waves"]) == ("draft", None, [])
    path = f"/campaigns/{body['id']}"
    started = program.post(f"{path}/start").get_json()
    assert (started["state"], len(started["waves"])) == ("running", 1)
    assert program.post(f"{path}/start").status_code == 409
    upkeep.work(Portions(runtime.database, rest=lambda _: None), runtime, clock.now())
    wave = program.get(path).get_json()["waves"][0]
    assert wave["waiting"] + sum(wave["skipped"].values()) == 2
    for action, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelling")):
        assert program.post(f"{path}/{action}").get_json()["state"] == state
    assert [each["id"] for each in program.every("/campaigns", state="cancelling")] == [body["id"]]
    assert program.every("/campaigns", state="draft") == []


def test_a_program_asks_all_customers(program: Program) -> None:
    body = program.post("/campaigns", **PLAN, everybody=True).get_json()
    assert (body["everybody"], body["segment"], body["state"]) == (True, None, "draft")
    listed = program.post("/campaigns", **PLAN, contacts=["c0"]).get_json()
    assert listed["everybody"] is False
    assert len(program.post(f"/campaigns/{body['id']}/start").get_json()["waves"]) == 1


def test_what_does_not_exist_is_named_by_its_place(program: Program) -> None:
    for given, pointer in (
        ({"contacts": ["c0", "nobody"]}, "/contacts/1"),
        ({"segment": "none"}, "/segment"),
        ({}, "/segment"),
        ({"contacts": ["c0"], "segment": "both"}, "/segment"),
        ({"contacts": ["c0"], "everybody": True}, "/segment"),
        ({"contacts": ["c0"], "spread_days": 0}, "/spread_days"),
    ):
        refused = program.post("/campaigns", **PLAN, **given)
        assert refused.status_code == 422, given
        assert [each["pointer"] for each in refused.get_json()["errors"]] == [pointer]
    assert program.get("/campaigns/77").status_code == 404


def test_a_csm_s_key_has_no_campaigns(key_of: KeyOf) -> None:
    assert key_of("selin").get("/campaigns").status_code == 403
