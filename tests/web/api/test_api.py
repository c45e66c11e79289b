"""Accounts, contacts and events over HTTP, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.privacy import erasure
from feedback.services.staff import api_keys
from feedback.store.models import ApiKey, AuditEntry, Contact, Enrolment, JourneyEvent, UsagePoint
from feedback.web.api import gate
from feedback.web.api.shapes import MOST_EVENTS
from tests.web.api.conftest import Program

ADA = {
    "name": "Ada",
    "phone": "0532 123 45 67",
    "email": "Ada@Example.COM",
    "language": "tr-TR",
    "time_zone": "Europe/Istanbul",
    "properties": {"plan": "gold", "seats": 5},
    "consent": {"basis": "contract", "source": "terms"},
}


def problem_of(response: TestResponse, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body: dict[str, Any] = response.get_json()
    assert body["status"] == status
    assert body["title"]
    return body


def count(runtime: Runtime, model: type) -> int:
    with runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_contact_is_stored_changed_and_read(program: Program) -> None:
    made = program.put("/contacts/new-1", **{**ADA, "phone": "+90 532 123 45 67"})
    assert made.status_code == 201
    body = made.get_json()
    assert (body["phone"], body["email"], body["language"]) == ("+905321234567", "ada@example.com", "tr")
    assert [(each["kind"], each["basis"]) for each in body["consents"]] == [
        ("sms", "contract"),
        ("email", "contract"),
    ]
    changed = program.put("/contacts/new-1", name="Ada Lovelace", phone=None, properties={"plan": None})
    assert changed.status_code == 200
    read = program.get("/contacts/new-1").get_json()
    assert read == changed.get_json()
    assert (read["name"], read["phone"], read["email"]) == ("Ada Lovelace", None, "ada@example.com")
    assert read["properties"] == {"seats": 5}


@pytest.mark.parametrize("day", ["1405-12-20", "2569-03-31", "2206-01-01", "9999-12-31"])
def test_a_date_in_an_implausible_year_is_refused(program: Program, day: str) -> None:
    refused = problem_of(program.put("/accounts/a1", name="Acme", renewal_on=day), 422)
    assert [each["pointer"] for each in refused["errors"]] == ["/renewal_on"]


def test_a_national_number_is_read_in_the_country_of_the_same_contact(program: Program) -> None:
    made = program.put("/contacts/new-1", phone="030 12345678", country="DE")
    assert made.json["phone"] == "+493012345678"


def test_the_same_again_changes_nothing(program: Program) -> None:
    first = program.put("/contacts/new-1", **{**ADA, "phone": "+905321234567"})
    second = program.put("/contacts/new-1", **{**ADA, "phone": "+905321234567"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.get_json() == second.get_json()


def test_an_account_has_an_owner_money_and_a_renewal(program: Program) -> None:
    made = program.put(
        "/accounts/acc/7",
        name="Acme",
        owner="cem@example.com",
        recurring_revenue="1200.5",
        currency="eur",
        renewal_on="2027-01-31",
    )
    assert made.status_code == 201, made.text
    body = program.get("/accounts/acc/7").get_json()
    assert (body["owner"], body["recurring_revenue"], body["currency"], body["renewal_on"]) == (
        "cem@example.com",
        "1200.50",
        "EUR",
        "2027-01-31",
    )
    assert program.put("/contacts/new-1", account="acc/7").get_json()["account"] == "acc/7"
    assert program.put("/accounts/acc/7", owner=None, name=None).get_json() | {"updated_at": ""} == body | {
        "owner": None,
        "updated_at": "",
    }


def test_every_mistake_is_named_with_its_place(program: Program, runtime: Runtime) -> None:
    before = count(runtime, Contact)
    shape = problem_of(program.put("/contacts/x", phone=5, colour="red"), 422)
    assert {each["pointer"] for each in shape["errors"]} == {"/phone", "/colour"}
    values = problem_of(program.put("/contacts/x", phone="12", email="ada", time_zone="Mars"), 422)
    assert [each["pointer"] for each in values["errors"]] == ["/email", "/phone", "/time_zone"]
    unknown = problem_of(program.put("/contacts/x", account="nowhere"), 422)
    assert unknown["errors"][0]["pointer"] == "/account"
    assert (
        problem_of(program.put("/accounts/x", owner="nobody@example.com"), 422)["errors"][0]["pointer"]
        == "/owner"
    )
    assert count(runtime, Contact) == before


def test_an_event_is_stored_once_and_says_which_surveys_follow(program: Program, runtime: Runtime) -> None:
    program.put("/contacts/new-1", **{**ADA, "phone": "+905321234567"})
    event = {"key": "T-1", "name": "ticket_closed", "contact": "new-1", "properties": {"number": 1}}
    event["occurred_at"] = "2026-01-05T10:00:00.125+03:00"
    before = count(runtime, Enrolment)
    first, second = program.post("/events", **event), program.post("/events", **event)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.get_json() == second.get_json() == program.get("/events/T-1").get_json()
    (enrolment,) = first.get_json()["enrolments"]
    assert enrolment["state"] in ("scheduled", "skipped")
    assert count(runtime, Enrolment) == before + 1


def test_each_event_of_a_batch_is_stored_or_refused_by_itself(program: Program, runtime: Runtime) -> None:
    program.put("/contacts/new-1", **{**ADA, "phone": "+905321234567"})
    good = {"key": "T-1", "name": "ticket_closed", "contact": "new-1"}
    future = (clock.now() + timedelta(days=2)).isoformat()
    events = [
        good,
        good,
        {**good, "key": "T-2", "contact": "nobody"},
        {**good, "key": "T-3", "occurred_at": future},
        {**good, "name": "go_live"},
        {**good, "key": "T-4"},
    ]
    before = count(runtime, JourneyEvent)
    results = program.post("/events/batch", events=events).get_json()["results"]
    assert [(each["key"], each["status"]) for each in results] == [
        ("T-1", 201), ("T-1", 200), ("T-2", 404), ("T-3", 422), ("T-1", 409), ("T-4", 201)
    ]  # fmt: skip
    assert [bool(each["detail"]) for each in results] == [False, False, True, True, True, False]
    again = program.post("/events/batch", events=events).get_json()["results"]
    assert [each["status"] for each in again] == [200, 200, 404, 422, 409, 200]
    assert count(runtime, JourneyEvent) == before + 2


def test_a_batch_with_a_mistake_in_its_form_is_refused_whole(program: Program, runtime: Runtime) -> None:
    program.put("/contacts/new-1", name="Ada")
    good = {"key": "T-1", "name": "go_live", "contact": "new-1"}
    before = count(runtime, JourneyEvent)
    shape = problem_of(program.post("/events/batch", events=[good, {**good, "name": "Go Live"}]), 422)
    assert [each["pointer"] for each in shape["errors"]] == ["/events/1/name"]
    for events in ([], [good] * (MOST_EVENTS + 1)):
        problem_of(program.post("/events/batch", events=events), 422)
    assert count(runtime, JourneyEvent) == before


def test_a_batch_counts_as_one_call_for_each_twenty_events(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "CALLS", type(gate.CALLS)(3))
    events = [{"key": f"T-{n}", "name": "go_live", "contact": "nobody"} for n in range(40)]
    statuses = [program.post("/events/batch", events=events[:n]).status_code for n in (40, 20, 1)]
    assert statuses == [200, 200, 429]


def test_a_key_that_meant_something_else_is_a_conflict(program: Program) -> None:
    for contact in ("new-1", "new-2"):
        program.put(f"/contacts/{contact}", name=contact)
    program.post("/events", key="T-1", name="go_live", contact="new-1")
    problem_of(program.post("/events", key="T-1", name="ticket_closed", contact="new-1"), 409)
    problem_of(program.post("/events", key="T-1", name="go_live", contact="new-2"), 409)


@pytest.mark.parametrize(
    ("key", "name", "said"),
    [
        (
            "erased:4",
            "ticket_closed",
            "Use another key: keys that begin with 'erased:' are the program's own.",
        ),
        ("follow-up:2", "ticket_closed", "keys that begin with 'follow-up:'"),
        ("Follow-Up:2", "ticket_closed", "keys that begin with 'follow-up:'"),
        ("t-1", "follow_up_closed", "'follow_up_closed' is an event that the program records itself."),
    ],
)
def test_the_programs_own_keys_and_events_are_refused(
    program: Program, runtime: Runtime, key: str, name: str, said: str
) -> None:
    program.put("/contacts/c-1", name="Ada")
    answer = program.post("/events", key=key, name=name, contact="c-1")
    assert answer.status_code == 422
    assert said in answer.text
    with runtime.database.reading() as session:
        assert session.scalars(select(JourneyEvent)).all() == []


def test_an_id_like_that_of_an_erased_person_is_refused(program: Program, runtime: Runtime) -> None:
    answer = program.put("/contacts/erased:4", name="Ada")
    assert answer.status_code == 422
    assert "Use another id: ids that begin with 'erased:' are the program's own." in answer.text
    with runtime.database.reading() as session:
        assert session.scalars(select(Contact).where(Contact.external_id == "erased:4")).all() == []


def test_an_event_needs_a_contact_and_a_past(program: Program) -> None:
    problem_of(program.post("/events", key="T-1", name="go_live", contact="nobody"), 404)
    program.put("/contacts/new-1", name="Ada")
    future = {"key": "T-1", "name": "go_live", "contact": "new-1", "occurred_at": "2999-01-01T00:00:00Z"}
    problem_of(program.post("/events", **future), 422)
    problem_of(program.post("/events", **{**future, "occurred_at": "2026-01-01T00:00:00"}), 422)


def test_who_was_erased_is_gone_and_cannot_come_back(program: Program, runtime: Runtime) -> None:
    program.put("/contacts/new-1", name="Ada")
    with runtime.database.writing() as session:
        erasure.erase(session, erasure.find(session, "new-1"), by=None, now=clock.now())
    problem_of(program.get("/contacts/new-1"), 404)
    problem_of(program.put("/contacts/new-1", name="Ada"), 410)
    problem_of(program.post("/events", key="T-1", name="go_live", contact="new-1"), 404)


def test_the_same_new_contact_from_two_programs_at_once_is_one(program: Program, runtime: Runtime) -> None:
    before = count(runtime, Contact)
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda n: program.put("/contacts/new-1", name=f"Ada {n}").status_code, range(12))
        )
    assert set(answers) <= {200, 201}
    assert count(runtime, Contact) == before + 1


def test_the_same_event_from_two_programs_at_once_is_one(program: Program, runtime: Runtime) -> None:
    program.put("/contacts/new-1", **{**ADA, "phone": "+905321234567"})
    before = count(runtime, JourneyEvent)
    event = {"key": "T-1", "name": "ticket_closed", "contact": "new-1"}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: program.post("/events", **event).status_code, range(12)))
    assert set(answers) <= {200, 201}
    assert count(runtime, JourneyEvent) == before + 1


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic YTpi", "Bearer"])
def test_without_a_valid_key_there_is_nothing(app: Flask, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    response = app.test_client().get("/api/v1/contacts/x", headers=headers)
    problem_of(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_key_opens_nothing_and_its_text_is_nowhere(program: Program, runtime: Runtime) -> None:
    problem_of(program.get("/contacts/x"), 404)
    with runtime.database.writing() as session:
        (key,) = api_keys.everything(session)
        assert key.last_used_at is not None
        assert program.key not in repr(vars(key))
        api_keys.revoke(session, key.id, by=None, now=clock.now())
    problem_of(program.get("/contacts/x"), 401)
    with runtime.database.reading() as session:
        actions = session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject == "api_key").order_by(AuditEntry.id)
        ).all()
    assert list(actions) == ["created", "revoked"]


def test_guessing_keys_ends_soon(app: Flask) -> None:
    client = app.test_client()
    strange = {"REMOTE_ADDR": "203.0.113.9"}
    statuses = [client.get("/api/v1/contacts/x", environ_base=strange).status_code for _ in range(40)]
    assert statuses[:30] == [401] * 30
    assert statuses[-1] == 429


def test_a_key_that_calls_too_often_is_told_when_to_come_back(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "CALLS", type(gate.CALLS)(2))
    assert [program.get("/contacts/x").status_code for _ in range(3)] == [404, 404, 429]
    assert program.get("/contacts/x").headers["Retry-After"] == "60"


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b"\xff\xfe{}", "application/json", 400),
        (b"null", "application/json", 422),
        (b"name=Ada", "application/x-www-form-urlencoded", 415),
        (b'{"name": "' + b"a" * 70_000 + b'"}', "application/json", 413),
        (b'{"name": "a\\u0000b"}', "application/json", 422),
        (b'{"name": "\\ud800"}', "application/json", 422),
        (b'{"properties": {"a": NaN}}', "application/json", 422),
        (b'{"properties": {"a": {"b": 1}}}', "application/json", 422),
    ],
)
def test_a_body_that_cannot_be_used_is_a_problem(
    program: Program, raw: bytes, kind: str, status: int
) -> None:
    client = program.app.test_client()
    headers = {"Authorization": f"Bearer {program.key}"}
    problem_of(client.put("/api/v1/contacts/x", data=raw, content_type=kind, headers=headers), status)


def test_a_wrong_method_or_path_is_a_problem_too(program: Program) -> None:
    assert problem_of(program.call("PATCH", "/contacts/x"), 405)
    assert problem_of(program.get("/nothing"), 404)


def test_the_key_is_stored_as_a_digest(program: Program, runtime: Runtime) -> None:
    with runtime.database.reading() as session:
        key = session.scalars(select(ApiKey)).one()
    assert len(key.digest) == 64
    assert program.key.startswith(key.prefix)
    assert len(program.key) > 40


def test_usage_is_told_once_and_belongs_to_its_account(program: Program, runtime: Runtime) -> None:
    program.put("/accounts/acc/7", name="Acme")
    figure = {"key": "d1", "name": "active_users", "value": 12, "at": "2026-03-01T00:00:00+03:00"}
    first, again = (program.post("/accounts/acc/7/usage", **figure) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json()
    assert (first.get_json()["value"], first.get_json()["account"]) == (12, "acc/7")
    problem_of(program.post("/accounts/acc/7/usage", **{**figure, "value": 13}), 409)
    problem_of(program.post("/accounts/nobody/usage", **figure), 404)
    assert count(runtime, UsagePoint) == 1


@pytest.mark.parametrize("value", ["12", True, -1, None])
def test_usage_is_a_number_of_zero_or_more(program: Program, value: object) -> None:
    program.put("/accounts/acc-7", name="Acme")
    body = problem_of(program.post("/accounts/acc-7/usage", key="k", name="logins", value=value), 422)
    assert [each["pointer"] for each in body["errors"]] == ["/value"]


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-13-01T00:00:00Z",
    ],
)
def test_a_time_near_the_ends_of_the_calendar_is_refused(program: Program, at: str) -> None:
    program.put("/accounts/acc-7", name="Acme")
    program.put("/contacts/c-7", name="Ada")
    problem_of(program.post("/accounts/acc-7/usage", key="k", name="logins", value=1, at=at), 422)
    problem_of(program.post("/events", key="k", name="purchase", contact="c-7", occurred_at=at), 422)
