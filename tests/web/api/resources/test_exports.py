"""Exports by a program: asked for once, downloaded when they are made."""

from __future__ import annotations

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.exports import jobs
from feedback.services.staff.api_keys import Scope
from tests.web.api.conftest import KeyOf, Program

WANTED = {
    "survey": "relationship-nps",
    "format": "sav",
    "rows": "answers",
    "since": "2026-01-01T00:00:00+03:00",
}


def test_a_program_asks_waits_and_downloads(program: Program, runtime: Runtime) -> None:
    headers = {"Idempotency-Key": "export-1"}
    made = program.call("POST", "/exports", WANTED, headers=headers)
    assert made.status_code == 201, made.text
    again = program.call("POST", "/exports", WANTED, headers=headers)
    assert again.get_json() == made.get_json()
    path = f"/exports/{made.get_json()['id']}"
    assert [each["id"] for each in program.every("/exports", state="waiting")] == [made.get_json()["id"]]
    assert program.get(f"{path}/file").status_code == 409
    assert jobs.work(runtime.database, runtime, clock.now)
    found = program.get(path).get_json()
    assert (found["state"], found["format"], found["rows"]) == ("done", "sav", "answers")
    file = program.get(f"{path}/file")
    assert file.data.startswith(b"$FL2")
    assert (len(file.data), file.headers["Content-Type"]) == (found["size"], "application/x-spss-sav")
    assert program.call("DELETE", path).get_json()["id"] == found["id"]
    assert program.get(path).status_code == 404


def test_mistakes_are_named_by_their_place(program: Program) -> None:
    for changed, pointer in (
        ({"survey": "never"}, "/survey"),
        ({"format": "doc"}, "/format"),
        ({"until": "2025-01-01T00:00:00+03:00"}, "/until"),
    ):
        refused = program.post("/exports", **{**WANTED, **changed})
        assert refused.status_code == 422, changed
        assert [each["pointer"] for each in refused.get_json()["errors"]] == [pointer]


def test_a_key_exports_only_with_its_scope_and_its_owner_s_permission(
    key_of: KeyOf, runtime: Runtime
) -> None:
    assert key_of("cem").get("/exports").status_code == 403
    assert key_of("admin", Scope.EXPORTS_READ).post("/exports", **WANTED).status_code == 403
    assert key_of("admin", Scope.EXPORTS_WRITE).get("/exports").status_code == 403
    assert key_of("lead").post("/exports", **WANTED).status_code == 201
    assert key_of(None, Scope.EXPORTS_READ).get("/exports").get_json()["items"][0]["state"] == "waiting"
