"""Asking contacts by a program."""

from __future__ import annotations

from datetime import datetime

from feedback.bootstrap import Runtime
from feedback.services.journey import invitations
from tests.web.api.conftest import Program

ADA = {
    "phone": "+905321234599",
    "email": "new@example.com",
    "time_zone": "Europe/Istanbul",
    "consent": {"basis": "contract", "source": "terms"},
}


def stage_of(runtime: Runtime) -> str:
    return next(each.key for each in runtime.library.journey.stages if "email" in each.channels)


def test_a_contact_is_asked_once_and_the_policy_decides(program: Program, runtime: Runtime) -> None:
    program.put("/contacts/new-1", **ADA)
    wish = {"key": "T-1", "contact": "new-1", "stage": stage_of(runtime)}
    first, again = program.post("/invitations", **wish), program.post("/invitations", **wish)
    assert (first.status_code, again.status_code) == (201, 200)
    decision = first.get_json()["decision"]
    assert (decision["state"], decision["reason"]) == ("scheduled", None)
    assert again.get_json()["decision"] == decision
    due = datetime.fromisoformat(decision["due_at"])  # within contact hours, whenever this runs
    with runtime.database.writing() as session:
        invitations.issue_due(session, runtime, due)
    (made,) = program.every("/invitations", contact="new-1")
    assert (made["state"], made["stage"]) == ("queued", wish["stage"])
    story = program.get(f"/invitations/{made['id']}").get_json()
    assert "planned_asked" in [each["code"] for each in story["timeline"]]
    withdrawn = program.call("POST", f"/invitations/{made['id']}/withdraw", {})
    assert (withdrawn.get_json()["state"], withdrawn.get_json()["link"]) == ("withdrawn", None)
    assert program.call("POST", f"/invitations/{made['id']}/withdraw", {}).status_code == 409


def test_who_may_not_be_asked_is_skipped_with_the_reason(program: Program, runtime: Runtime) -> None:
    program.put("/contacts/new-1", email="new@example.com", time_zone="Europe/Istanbul")
    asked = program.post("/invitations", key="T-1", contact="new-1", stage=stage_of(runtime)).get_json()
    assert (asked["decision"]["state"], asked["invitation"]) == ("skipped", None)
    assert asked["decision"]["reason"]


def test_a_link_without_sending_takes_an_answer_and_counts_as_sent(
    program: Program, runtime: Runtime
) -> None:
    program.put("/contacts/new-1", name="Ada")
    wish = {"key": "T-1", "contact": "new-1", "stage": stage_of(runtime), "send": False}
    first, again = program.post("/invitations", **wish), program.post("/invitations", **wish)
    assert (first.status_code, again.status_code) == (201, 200)
    made = first.get_json()["invitation"]
    assert again.get_json()["invitation"] == made
    assert (made["state"], made["channel"]) == ("sent", "none")
    token = made["link"].rpartition("/")[2]
    page = program.app.test_client().get(f"/{token}")
    assert page.status_code == 200
    assert program.get(f"/invitations/{made['id']}").status_code == 200


def test_an_unknown_contact_or_stage_and_a_strange_time_are_refused(
    program: Program, runtime: Runtime
) -> None:
    wish = {"key": "T-1", "contact": "c0", "stage": stage_of(runtime)}
    assert program.post("/invitations", **{**wish, "contact": "nobody"}).status_code == 404
    unknown = program.post("/invitations", **{**wish, "stage": "moon"})
    assert unknown.status_code == 404 and wish["stage"] in unknown.get_json()["detail"]
    assert program.post("/invitations", **wish, at="2001-01-01T00:00:00Z").status_code == 422


def test_a_list_is_chosen_by_a_state_that_there_is(program: Program) -> None:
    assert program.get("/invitations", state="sent").status_code == 200
    wrong = program.get("/invitations", state="{n} points")
    assert (wrong.status_code, wrong.get_json()["errors"][0]["pointer"]) == (422, "/state")
