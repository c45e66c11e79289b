"""What other systems post: checked, kept, answered, taken in once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.doors import arrivals, expressions, processing, recipes, setting_up
from feedback.store.models import Account, Contact, Door, DoorArrival, JourneyEvent
from feedback.store.portions import Portions
from feedback.web.doors import receiver
from feedback.web.http.rate_limits import RateLimit
from feedback.worker import Worker
from tests.web.doors.calling import SECRET, OtherSystem, made

SIGNED = """check:
  by: hmac
  header: X-Signature
  timestamp_header: X-Time
  signed: "{timestamp}{body}"
rules:
  - when: kind == 'account'
    id: id
    account: {external_id: account, name: name}
  - when: kind == 'usage'
    id: id
    account: {external_id: account}
    usage: {name: {constant: seats}, value: seats}
"""
ACME = '{"kind": "account", "id": 7, "account": "acme-9", "name": "Acme"}'


def rows(runtime: Runtime) -> Sequence[DoorArrival]:
    with runtime.database.reading() as session:
        return session.scalars(select(DoorArrival).order_by(DoorArrival.id)).all()


def states(runtime: Runtime) -> list[str]:
    return [str(row.state) for row in rows(runtime)]


def door(runtime: Runtime) -> Door:
    with runtime.database.reading() as session:
        return session.scalars(select(Door)).one()


@pytest.fixture
def system(app: Flask, runtime: Runtime) -> OtherSystem:
    made(runtime, SIGNED)
    return OtherSystem(app, SIGNED)


def test_a_body_is_kept_taken_in_and_answered(system: OtherSystem, runtime: Runtime) -> None:
    answer = system.post(ACME)
    assert answer.status_code == 200 and answer.get_json() == {"id": 1}
    (row,) = rows(runtime)
    assert (row.body, row.size, str(row.state)) == (ACME, len(ACME), "done")
    with runtime.database.reading() as session:
        assert session.scalars(select(Account.name).where(Account.external_id == "acme-9")).one() == "Acme"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"X-Signature": "ab" * 32}, "wrong_signature"),
        ({"X-Signature": ""}, "no_signature"),
        ({"X-Time": ""}, "no_timestamp"),
        ({"X-Time": "soon"}, "wrong_signature"),
    ],
)
def test_a_call_that_is_not_signed_is_refused_and_nothing_of_it_is_kept(
    system: OtherSystem, runtime: Runtime, change: dict[str, str], reason: str
) -> None:
    answer = system.post(ACME, **change)
    assert answer.status_code == 401 and reason in answer.text
    assert rows(runtime) == []
    assert (door(runtime).refused_calls, door(runtime).refused_for) == (1, reason)
    assert system.post(ACME).status_code == 200
    assert door(runtime).refused_calls == 0


def test_a_call_that_is_sent_again_much_later_is_refused(system: OtherSystem) -> None:
    assert system.post(ACME, age=200).status_code == 200
    late = system.post(ACME, age=400)
    assert late.status_code == 401 and "old_timestamp" in late.text


def test_an_unknown_shape_is_kept_shown_and_taken_in_after_the_mapping_was_fixed(
    system: OtherSystem, runtime: Runtime
) -> None:
    bodies = [
        '{"type": "news"}',
        "no JSON",
        "[]",
        '{"kind": "account", "id": 1}',
        "\x00\ufffd",
        "<a><b>1</b></a>",
    ]
    for body in bodies:
        assert system.post(body).status_code == 200
    assert states(runtime) == ["unknown", "unknown", "unknown", "refused", "unknown", "unknown"]
    reasons = [row.outcome.get("why") for row in rows(runtime)]
    assert reasons[1] == "The body is neither JSON nor XML."
    fixed = SIGNED.replace("rules:", "rules:\n  - {when: type == 'news', ignore: true}")
    with runtime.database.writing() as session:
        session.execute(update(Door).values(setup=fixed))
    number = arrivals.all_again(Portions(runtime.database), door(runtime).id, by=None, now=clock.now())
    assert number == 6
    Worker(runtime, clock.now).tick()
    assert states(runtime)[0] == "ignored" and states(runtime).count("unknown") == 4


def test_the_same_event_does_nothing_twice_also_from_two_bodies(
    system: OtherSystem, runtime: Runtime
) -> None:
    newer = ACME.replace('"Acme"', '"Acme Ltd"').replace('"id": 7', '"id": 8')
    for body in (ACME, newer, ACME):  # the first one is delivered again, late
        system.post(body)
    with runtime.database.reading() as session:
        assert (
            session.scalars(select(Account.name).where(Account.external_id == "acme-9")).one() == "Acme Ltd"
        )
    assert rows(runtime)[2].outcome["items"][0]["state"] == "seen"


def test_a_part_that_is_refused_stores_nothing_and_keeps_no_other_part(
    system: OtherSystem, runtime: Runtime
) -> None:
    parts = [
        {"kind": "usage", "id": 1, "account": "acme-1", "seats": "many"},
        {"kind": "usage", "id": 2, "account": "acme-2", "seats": 12},
        {"kind": "account", "id": 3, "account": ["acme-3"]},
    ]
    system.post(json.dumps(parts))
    (row,) = rows(runtime)
    assert [each["state"] for each in row.outcome["items"]] == ["refused", "done", "refused"]
    assert row.outcome["items"][0]["why"] == "usage.value: This is not a number."
    with runtime.database.reading() as session:
        found = select(Account.external_id).where(Account.external_id.like("acme-%"))
        assert session.scalars(found.order_by(Account.id)).all() == ["acme-2"]


def test_a_large_body_is_left_to_the_worker_who_can_be_interrupted(
    system: OtherSystem, runtime: Runtime
) -> None:
    parts = [{"kind": "account", "id": n, "account": f"acme-{n}"} for n in range(60)]
    system.post(json.dumps(parts))
    assert states(runtime) == ["waiting"]
    calls = iter([False, False, False, True, True, True, True])
    processing.process_waiting(runtime.database, runtime, clock.now(), lambda: next(calls, True))
    (row,) = rows(runtime)
    assert 0 < len(row.outcome["items"]) < 60 and str(row.state) == "waiting"
    processing.process_waiting(runtime.database, runtime, clock.now())
    (row,) = rows(runtime)
    assert len(row.outcome["items"]) == 60 and {each["state"] for each in row.outcome["items"]} == {"done"}
    assert str(row.state) == "done"


def test_expressions_hold_no_lock_however_long_they_take(
    system: OtherSystem, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While each of them is evaluated, somebody else writes to the same body's row."""
    search, looks = expressions.search, []

    def beside_a_writer(text: str, data: object) -> object:
        with runtime.database.writing() as session:  # on SQLite refused inside of another transaction
            session.execute(select(DoorArrival.id).with_for_update(nowait=True))
        looks.append(text)
        return search(text, data)

    monkeypatch.setattr(expressions, "search", beside_a_writer)
    system.post(ACME)
    system.post(json.dumps([json.loads(ACME) | {"id": n} for n in range(30)]))  # left to the worker
    processing.process_waiting(runtime.database, runtime, clock.now())
    assert states(runtime) == ["done", "done"]
    tried = processing.trial(runtime.database, door(runtime).id, SIGNED, ACME, runtime, clock.now())
    assert tried.state == "done" and len(looks) > 100


def test_what_comes_by_a_paused_door_waits(system: OtherSystem, runtime: Runtime) -> None:
    number = door(runtime).id
    with runtime.database.writing() as session:
        setting_up.pause(session, number, by=None, now=clock.now())
    assert system.post(ACME).status_code == 200
    Worker(runtime, clock.now).tick()
    assert states(runtime) == ["waiting"]
    with runtime.database.writing() as session:
        setting_up.resume(session, number, by=None, now=clock.now())
    Worker(runtime, clock.now).tick()
    assert states(runtime) == ["done"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(system: OtherSystem, runtime: Runtime) -> None:
    assert system.post("[" + " " * 262_144 + "]").status_code == 413
    assert rows(runtime) == []


def test_who_guesses_is_slowed_down(app: Flask, runtime: Runtime) -> None:
    made(runtime, SIGNED)
    stranger = OtherSystem(app, SIGNED, secret="wrong guess")
    from_far = {"REMOTE_ADDR": "203.0.113.9"}
    client = app.test_client(use_cookies=False)
    answers = [client.post("/hooks/in/help", data="{}", environ_base=from_far).status_code for _ in range(31)]
    assert answers == [401] * 30 + [429]
    assert client.get("/hooks/in/nothing", environ_base=from_far).status_code == 404
    assert stranger.post("{}").status_code == 401  # this machine is not limited
    assert client.get("/hooks/in/help").status_code == 200


def test_too_many_calls_are_asked_to_come_later(
    app: Flask, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "CALLS", RateLimit(2))
    made(runtime, recipes.every()["hubspot-workflow"].setup)
    client = app.test_client(use_cookies=False)
    calls = [
        client.post(
            "/hooks/in/help",
            data="{}",
            headers={"X-Door-Token": SECRET},
            environ_base={"REMOTE_ADDR": "203.0.113.9"},
        )
        for _ in range(3)
    ]
    assert [each.status_code for each in calls] == [200, 200, 429]
    assert calls[2].headers["Retry-After"] == "60"


def test_a_door_that_is_full_asks_to_send_it_later(
    system: OtherSystem, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "MOST_UNDONE", 1)
    monkeypatch.setattr(receiver, "LOOK_EVERY", 0.0)
    assert system.post("nothing").status_code == 200
    full = system.post(ACME)
    assert full.status_code == 503 and full.headers["Retry-After"]
    assert len(rows(runtime)) == 1


def test_the_old_secret_counts_for_a_day(app: Flask, runtime: Runtime) -> None:
    number = made(runtime, SIGNED)
    with runtime.database.writing() as session:
        setting_up.replace_secret(session, number, "another secret", by=None, now=clock.now())
    assert OtherSystem(app, SIGNED).post("{}").status_code == 200
    assert OtherSystem(app, SIGNED, secret="another secret").post("{}").status_code == 200
    with runtime.database.writing() as session:
        session.execute(update(Door).values(previous_until=clock.now() - timedelta(seconds=1)))
    assert OtherSystem(app, SIGNED).post("{}").status_code == 401


def test_an_event_enrols_its_contact_like_one_of_the_api(app: Flask, runtime: Runtime) -> None:
    setup = """check: {by: token, header: X-Door-Token, prefix: "Bearer "}
rules:
  - id: id
    contact: {external_id: who, create: false}
    event: {name: {constant: ticket_closed}}
"""
    made(runtime, setup)
    with runtime.database.reading() as session:
        person = session.scalars(select(Contact).order_by(Contact.id)).first()
        assert person is not None
    system = OtherSystem(app, setup)
    system.post(json.dumps({"id": "t-1", "who": person.external_id}))
    system.post(json.dumps({"id": "t-2", "who": "nobody"}))
    assert states(runtime) == ["done", "refused"]
    assert [each[0] for each in rows(runtime)[0].outcome["items"][0]["did"]] == ["contact", "event", "survey"]
    with runtime.database.reading() as session:
        assert session.scalars(select(JourneyEvent.key).where(JourneyEvent.source == "door")).all() == [
            "help:t-1"
        ]


def test_a_signature_over_the_address_uses_the_public_one(app: Flask, runtime: Runtime) -> None:
    recipe = recipes.every()["hubspot-app"]
    made(runtime, recipe.setup)
    assert OtherSystem(app, recipe.setup).post("[]").status_code == 200
    assert OtherSystem(app, recipe.setup, base="https://elsewhere.example").post("[]").status_code == 401
    assert replace(OtherSystem(app, recipe.setup), secret="other secret").post("[]").status_code == 401
