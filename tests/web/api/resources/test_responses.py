"""Responses and comments."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from feedback.bootstrap import Runtime
from feedback.services.staff.api_keys import Scope
from tests.web.api.conftest import KeyOf, Program, key_over


@pytest.fixture(scope="module")
def reader(office: Runtime, office_app: Flask) -> Program:
    return Program(office_app, key_over(office, "admin"))


def test_a_response_has_its_scores_and_what_was_expanded(reader: Program) -> None:
    (bare,) = reader.every("/responses", contact="c0", band="bad")
    assert (bare["contact"], bare["account"], bare["answers"]) == ("c0", "a0", None)
    assert [(each["metric"], each["value"], each["band"]) for each in bare["scores"]] == [
        ("nps", 3, "detractor")
    ]
    one = reader.get(f"/responses/{bare['id']}", expand="contact,account,answers").get_json()
    assert (one["contact"]["name"], one["account"]["name"]) == ("Grace Moore", "Northwind Logistics")
    assert one["account"]["recurring_revenue"] == "12000.00"
    words = [each["text"] for each in one["answers"] if each["text"]]
    assert words == ["Every release breaks our label printing. Support answers, but nobody fixes it."]
    assert one == {**bare, **{name: one[name] for name in ("contact", "account", "answers")}}


@pytest.mark.parametrize(
    ("query", "contacts"),
    [
        ({"band": "good", "metric": "nps", "contact": "c5"}, {"c5"}),
        ({"segment": "vip"}, {"c0"}),
        ({"account": "a3", "band": "detractor"}, {"c3"}),
        ({"language": "fa"}, {"c2"}),
        ({"stage": "moon"}, set()),
        ({"contact": "nobody"}, set()),
        ({"until": "2001-01-01T00:00:00Z"}, set()),
        ({"updated_since": "2099-01-01T00:00:00Z"}, set()),
    ],
    ids=str,
)
def test_filters_choose(reader: Program, query: dict[str, str], contacts: set[str]) -> None:
    assert {each["contact"] for each in reader.every("/responses", **query)} == contacts


def test_personal_data_of_a_response_needs_its_own_scope(office: Runtime, office_app: Flask) -> None:
    program = Program(office_app, key_over(office, "admin", Scope.RESPONSES_READ))
    assert program.get("/responses", expand="answers").status_code == 200
    assert program.get("/responses", expand="contact").status_code == 403
    assert program.get("/responses", expand="shoe_size").status_code == 422


def test_a_csm_s_key_reads_the_answers_of_their_accounts(office: Runtime, office_app: Flask) -> None:
    program = Program(office_app, key_over(office, "selin", Scope.RESPONSES_READ))
    found: list[dict[str, Any]] = program.every("/responses")
    assert {each["account"] for each in found} == {"a3", "a5"}
    others = Program(office_app, key_over(office, "admin")).every("/responses", account="a0")
    assert program.get(f"/responses/{others[0]['id']}").status_code == 404
    assert {each["account"] for each in program.every("/comments")} == {"a3", "a5"}


def test_comments_are_searched_and_have_the_score_beside_them(reader: Program) -> None:
    (found,) = reader.every("/comments", search="LABEL PRINTING")
    assert (found["metric"], found["value"], found["band"], found["account"]) == ("nps", 3, "detractor", "a0")
    assert reader.get(f"/responses/{found['response']}").get_json()["account"] == "a0"
    refused = reader.get("/comments", first_day="2026-02-01", last_day="2026-01-01")
    assert [each["pointer"] for each in refused.get_json()["errors"]] == ["/first_day"]


def test_answers_of_another_system_are_added_and_count(key_of: KeyOf, runtime: Runtime) -> None:
    program = key_of("admin")
    body = {
        "contact": "d0",
        "questionnaire": "relationship-nps",
        "answers": [{"question": "score", "value": 2}, {"question": "improve", "text": "Slow"}],
    }
    made = program.post("/responses", **body)
    assert made.status_code == 201, made.text
    found = made.get_json()
    assert (found["source"], found["contact"], found["account"], found["complete"]) == (
        "import",
        "d0",
        "a0",
        True,
    )
    assert [(each["value"], each["band"]) for each in found["scores"]] == [(2, "detractor")]
    assert found == program.get(f"/responses/{found['id']}", expand="answers").get_json()
    opened = program.every("/follow-ups", account="a0", state="open")
    assert found["id"] in {each["response"] for each in opened}
    old = {**body, "answered_at": "2024-01-01T00:00:00Z"}
    late = program.post("/responses", **old).get_json()
    assert late["answered_at"].startswith("2024-01-01")
    assert late["id"] not in {each["response"] for each in program.every("/follow-ups")}


@pytest.mark.parametrize(
    "change",
    [
        {"contact": "nobody"},
        {"questionnaire": "none"},
        {"answers": [{"question": "score", "value": 11}]},
        {"answers": [{"question": "moon", "value": 1}]},
        {"answers": [{"question": "score", "value": 1}, {"question": "score", "value": 2}]},
        {"answered_at": "2099-01-01T00:00:00Z"},
    ],
    ids=str,
)
def test_answers_that_cannot_be_are_refused(key_of: KeyOf, change: dict[str, Any]) -> None:
    program = key_of("admin")
    before = len(program.every("/responses"))
    answers = [{"question": "score", "value": 2}]
    body = {"contact": "d0", "questionnaire": "relationship-nps", "answers": answers, **change}
    assert program.post("/responses", **body).status_code in (404, 422)
    assert len(program.every("/responses")) == before
