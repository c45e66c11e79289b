"""A code of the app works for a minute and a half at most, and once; a recovery code works once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.services.staff import recovery_codes as stored_codes
from feedback.store.models import User
from tests.web.auth.staff import (
    at_once,
    audited,
    code,
    letters,
    now_of,
    password,
    recovery_codes,
    set_up_app,
)
from tests.web.conftest import SignIn

pytestmark = pytest.mark.usefixtures("quick_hashing")

MONDAY = datetime(2026, 3, 2, 12, 0, 10, tzinfo=UTC)
LATER = timedelta(minutes=5)


def codes_of(runtime: Runtime, who: str = "cem") -> list[str]:
    with runtime.database.reading() as session:
        return (
            session.scalars(select(User).where(User.email == f"{who}@example.com")).one().mf_recovery_codes
            or []
        )


def test_the_code_is_asked_for_once_it_is_set_up(app: Flask, sign_in: SignIn) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        secret = set_up_app(sign_in("cem"))
        clock.shift(LATER)
        client = app.test_client()
        assert password(client, "cem").location.startswith("/tf-")
        assert client.get("/desk/").status_code == 302
        assert "this one is wrong or expired" in code(client, "000000").text
        assert code(client, now_of(secret)).status_code == 302
        assert client.get("/desk/").status_code == 200


@pytest.mark.parametrize("steps", range(-5, 6))
def test_only_codes_of_the_neighbouring_steps_are_accepted(app: Flask, sign_in: SignIn, steps: int) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        secret = set_up_app(sign_in("cem"))
        clock.shift(LATER)
        client = app.test_client()
        password(client, "cem")
        response = code(client, now_of(secret, steps))
        assert response.status_code == (302 if abs(steps) <= 1 else 200)
        assert client.get("/desk/").status_code == (200 if abs(steps) <= 1 else 302)


def test_a_code_works_once_also_one_that_set_up_the_app(app: Flask, sign_in: SignIn) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        secret = set_up_app(sign_in("cem"))
        used = now_of(secret)
        first, second = app.test_client(), app.test_client()
        for client in (first, second):
            password(client, "cem")
        assert code(first, used).status_code == 200, "it set up the app"
        clock.shift(LATER)
        assert code(first, now_of(secret)).status_code == 302
        assert code(second, now_of(secret)).status_code == 200
        assert code(second, now_of(secret, -1)).status_code == 200, "an earlier one is refused, too"
        clock.shift(timedelta(seconds=30))
        assert code(second, now_of(secret)).status_code == 302


def test_another_phone_is_set_up_in_the_same_half_minute(app: Flask, sign_in: SignIn) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        client = sign_in("cem")
        set_up_app(client)
        other = set_up_app(client)
        clock.shift(LATER)
        new = app.test_client()
        password(new, "cem")
        assert code(new, now_of(other)).status_code == 302


def test_of_two_browsers_with_one_code_at_once_one_gets_in(app: Flask, sign_in: SignIn) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        secret = set_up_app(sign_in("cem"))
        clock.shift(LATER)
        clients = [app.test_client() for _ in range(6)]
        for client in clients:
            password(client, "cem")
        given = now_of(secret)
        answers = at_once(app, clients, lambda client: code(client, given).status_code)
        assert sorted(answers) == [200] * 5 + [302]
        assert sorted(client.get("/desk/").status_code for client in clients) == [200] + [302] * 5


def test_a_recovery_code_lets_in_once(app: Flask, sign_in: SignIn, runtime: Runtime) -> None:
    cem = sign_in("cem")
    set_up_app(cem)
    codes = recovery_codes(cem)
    assert len(codes) == 5
    for given, expected in ((codes[0].upper(), 200), (codes[0], 302), (codes[1], 200)):
        lost = app.test_client()
        password(lost, "cem")
        lost.post("/mf-recovery", data={"code": given})
        assert lost.get("/desk/").status_code == expected
    assert len(codes_of(runtime)) == 3
    assert "You have 3 unused codes." in cem.get("/mf-recovery-codes").text


def test_of_six_browsers_with_one_recovery_code_at_once_one_gets_in(
    app: Flask, sign_in: SignIn, runtime: Runtime
) -> None:
    cem = sign_in("cem")
    set_up_app(cem)
    given = recovery_codes(cem)[0]
    clients = [app.test_client() for _ in range(6)]
    for client in clients:
        password(client, "cem")
    at_once(app, clients, lambda client: client.post("/mf-recovery", data={"code": given}))
    assert sorted(client.get("/desk/").status_code for client in clients) == [200] + [302] * 5
    assert len(codes_of(runtime)) == 4


def test_recovery_codes_are_stored_as_digests_and_shown_once(
    app: Flask, sign_in: SignIn, runtime: Runtime
) -> None:
    cem = sign_in("cem")
    codes = recovery_codes(cem)
    salt = runtime.settings.web.password_salt.reveal()
    assert codes_of(runtime) == [stored_codes.digest(salt, each) for each in codes]
    again = cem.get("/mf-recovery-codes?show_codes=1").text
    assert not any(each in again for each in codes) and "You have 5 unused codes." in again


def test_codes_of_earlier_releases_are_hashed_once_and_still_work(
    app: Flask, sign_in: SignIn, runtime: Runtime
) -> None:
    set_up_app(sign_in("cem"))
    salt = runtime.settings.web.password_salt.reveal()
    with runtime.database.writing() as session:
        user = session.scalars(select(User).where(User.email == "cem@example.com")).one()
        user.mf_recovery_codes = ["0807-e957-6288", "1111-2222-3333"]
    for changed in (1, 0):
        with runtime.database.writing() as session:
            assert stored_codes.hash_clear(session, salt) == changed
    assert all(len(each) == 64 for each in codes_of(runtime))
    client = app.test_client()
    password(client, "cem")
    client.post("/mf-recovery", data={"code": "0807-e957-6288"})
    assert client.get("/desk/").status_code == 200


def test_each_change_is_audited_and_written_to_the_owner(sign_in: SignIn, runtime: Runtime) -> None:
    with time_machine.travel(MONDAY, tick=False):
        cem = sign_in("cem")
        set_up_app(cem)
        recovery_codes(cem)
        cem.post("/tf-setup", data={"setup": "disable"})
    subjects = [each.subject for each in letters(runtime)]
    assert subjects == [
        "Two-step sign-in was turned on",
        "New recovery codes were generated",
        "Two-step sign-in was turned off",
    ]
    assert audited(runtime, "cem") == [
        "signed in",
        "second step on",
        "recovery codes generated",
        "second step off",
    ]
