"""Guessing ends: for a network, for an account, for a session. Only the guesser is locked out."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.store.models import AttemptCount
from feedback.web.app import create_app
from feedback.web.http.rate_limits import network_of
from feedback.worker import purge
from tests.web.auth.conftest import QuickHashing
from tests.web.auth.staff import (
    NEW_PASSWORD,
    PASSWORD,
    audited,
    code,
    letters,
    now_of,
    password,
    recovery_codes,
    reset_link,
    set_up_app,
)
from tests.web.conftest import SignIn

pytestmark = pytest.mark.usefixtures("quick_hashing")

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
WRONG = "guess guess guess"


def street(number: int) -> str:
    """A client of its own network."""
    return f"198.51.{number // 250}.{number % 250}"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:127.0.0.1", None),
        ("::1", None),
        ("no address", "unknown"),
    ],
)
def test_a_network_is_an_ipv4_address_or_an_ipv6_64(address: str, network: str | None) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    "addresses",
    [
        ["203.0.113.7"] * 11,
        [f"2001:db8:1:2::{number:x}" for number in range(11)],
        ["203.0.113.7", "::ffff:203.0.113.7"] * 6,
    ],
    ids=["one address", "one IPv6 network", "IPv4 and IPv4-mapped"],
)
def test_ten_posts_a_minute_of_one_network_are_let_through(app: Flask, addresses: list[str]) -> None:
    client = app.test_client()
    answers = [
        password(client, f"nobody{number}", WRONG, address).status_code
        for number, address in enumerate(addresses)
    ]
    assert answers[:10] == [200] * 10 and set(answers[10:]) == {429}


@pytest.mark.parametrize("page", ["/tf-validate", "/mf-recovery", "/wan-signin", "/reset/nonsense"])
def test_every_page_where_something_can_be_guessed_has_the_limit(app: Flask, page: str) -> None:
    client = app.test_client()
    answers = [client.post(page, data={"code": "000000"}).status_code for _ in range(11)]
    assert answers[9] != 429 and answers[10] == 429


@pytest.mark.parametrize("who", ["cem@example.com", "nobody@example.com"])
def test_an_account_has_twenty_wrong_passwords_an_hour_from_everywhere(app: Flask, who: str) -> None:
    client = app.test_client()
    with time_machine.travel(MONDAY, tick=False) as clock:
        written = ["CEM@Example.com", who.upper(), f" {who} "] if "cem" in who else [who, who.upper()]
        answers = [
            password(client, written[number % len(written)], WRONG, street(number)).status_code
            for number in range(22)
        ]
        assert answers == [200] * 20 + [429] * 2
        refused = password(client, who, PASSWORD, street(99))
        assert refused.status_code == 429 and "there were too many wrong passwords" in refused.text
        assert password(client, "selin", PASSWORD, street(99)).status_code == 302
        clock.shift(timedelta(hours=1))
        assert password(app.test_client(), who, WRONG, street(99)).status_code == 200


def test_all_processes_count_together(app: Flask, runtime: Runtime, quick_hashing: QuickHashing) -> None:
    other = create_app(runtime)
    other.extensions["security"].pwd_context = quick_hashing
    other.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    with time_machine.travel(MONDAY, tick=False):
        for number in range(20):
            client = (app, other)[number % 2].test_client()
            assert password(client, "cem", WRONG, street(number)).status_code == 200
        for each in (app, other):
            assert password(each.test_client(), "cem", PASSWORD, street(99)).status_code == 429


def test_right_passwords_do_not_count(app: Flask) -> None:
    with time_machine.travel(MONDAY, tick=False):
        answers = [
            password(app.test_client(), "cem", PASSWORD, street(number)).status_code for number in range(25)
        ]
    assert answers == [302] * 25


def test_a_stranger_does_not_lock_the_owner_out_of_a_known_device(app: Flask, runtime: Runtime) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        laptop, stranger = app.test_client(), app.test_client()
        assert password(laptop, "cem").status_code == 302
        laptop.post("/logout")
        clock.shift(timedelta(minutes=2))
        for number in range(25):
            password(stranger, "cem", WRONG, street(number))
        assert password(app.test_client(), "cem", PASSWORD, street(99)).status_code == 429
        assert password(laptop, "selin", WRONG, street(98)).status_code == 200, "known to Cem only"
        assert password(laptop, "cem", PASSWORD).status_code == 302
        told = [each.subject for each in letters(runtime) if each.recipient == "cem@example.com"]
        assert told == ["Too many attempts to sign in"]
        assert audited(runtime, "cem").count("limit reached") == 1


def test_a_known_device_guesses_no_more_than_others(app: Flask) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        laptop = app.test_client()
        password(laptop, "cem")
        laptop.post("/logout")
        clock.shift(timedelta(minutes=2))
        answers = [password(laptop, "cem", WRONG, street(number)).status_code for number in range(22)]
        assert answers == [200] * 20 + [429] * 2
        assert password(app.test_client(), "cem", PASSWORD, street(99)).status_code == 302


def test_a_reset_link_is_a_way_in_while_a_stranger_guesses(app: Flask, runtime: Runtime) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        for number in range(25):
            password(app.test_client(), "cem", WRONG, street(number))
        owner = app.test_client()
        assert password(owner, "cem", PASSWORD, street(99)).status_code == 429
        link = reset_link(runtime, owner, "cem@example.com")
        owner.post(link, data={"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD})
        clock.shift(timedelta(minutes=2))
        assert password(owner, "cem", NEW_PASSWORD, street(99)).status_code == 302


def test_the_owner_hears_once_a_day_of_a_stranger_s_guesses(app: Flask, runtime: Runtime) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        for _ in range(3):
            for number in range(21):
                password(app.test_client(), "cem", WRONG, street(number))
                password(app.test_client(), "nobody", WRONG, street(number + 100))
            letters(runtime)
            clock.shift(timedelta(hours=1))
        assert [each.recipient for each in letters(runtime)] == ["cem@example.com"]


def test_after_ten_wrong_codes_the_sign_in_begins_again(
    app: Flask, runtime: Runtime, sign_in: SignIn
) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        secret = set_up_app(sign_in("cem"))
        clock.shift(timedelta(minutes=2))
        thief = app.test_client()
        password(thief, "cem", PASSWORD, street(0))
        answers = [code(thief, "000000", f"2001:db8::{number}:0:0:0:1").status_code for number in range(10)]
        assert answers == [200] * 10
        refused = code(thief, now_of(secret), street(50))
        assert refused.status_code == 303 and refused.location == "/login"
        assert "there were too many wrong codes" in thief.get("/login").text
        assert code(thief, now_of(secret), street(51)).location == "/login", "the password is asked for again"
        password(thief, "cem", PASSWORD, street(52))
        assert code(thief, now_of(secret), street(53)).location == "/login"
        assert thief.post("/mf-recovery", data={"code": "1"}).status_code in (302, 303)
        told = [each.subject for each in letters(runtime)]
        assert told[-1] == "Too many attempts to sign in"
        clock.shift(timedelta(hours=1))
        password(thief, "cem", PASSWORD, street(54))
        assert code(thief, now_of(secret), street(55)).location == "/"


def test_recovery_codes_and_codes_of_the_app_have_one_limit(app: Flask, sign_in: SignIn) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        cem = sign_in("cem")
        secret, codes = set_up_app(cem), recovery_codes(cem)
        clock.shift(timedelta(minutes=2))
        thief = app.test_client()
        password(thief, "cem", PASSWORD, street(0))
        for number in range(5):
            code(thief, "000000", street(number))
            place = {"REMOTE_ADDR": street(number)}
            thief.post("/mf-recovery", data={"code": "0000-0000-0000"}, environ_overrides=place)
        assert thief.post("/mf-recovery", data={"code": codes[0]}).location == "/login"
        password(thief, "cem", PASSWORD, street(60))
        assert code(thief, now_of(secret), street(61)).location == "/login"


@pytest.mark.parametrize("page", ["/verify", "/change"])
def test_a_stolen_session_guesses_the_password_twenty_times(app: Flask, sign_in: SignIn, page: str) -> None:
    with time_machine.travel(MONDAY, tick=False):
        thief, owner = sign_in("cem"), sign_in("cem")
        form = {"password": WRONG, "new_password": NEW_PASSWORD, "new_password_confirm": NEW_PASSWORD}
        answers = [
            thief.post(page, data=form, environ_overrides={"REMOTE_ADDR": street(number)}).status_code
            for number in range(22)
        ]
        assert answers == [200] * 20 + [429] * 2
        right = {**form, "password": PASSWORD}
        assert thief.post(page, data=right, environ_overrides={"REMOTE_ADDR": street(80)}).status_code == 429
        assert owner.post(page, data=right, environ_overrides={"REMOTE_ADDR": street(81)}).status_code == 302


@pytest.mark.parametrize("who", ["cem@example.com", "nobody@example.com"])
def test_a_mailbox_gets_three_reset_links_an_hour(app: Flask, runtime: Runtime, who: str) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        answers = []
        for number in range(5):
            place = {"REMOTE_ADDR": street(number)}
            answers.append(app.test_client().post("/reset", data={"email": who}, environ_overrides=place))
            letters(runtime)
        assert [each.status_code for each in answers] == [200] * 3 + [429] * 2
        assert "Wait an hour, then ask again" in answers[-1].text
        subjects = [each.subject for each in letters(runtime)]
        known = ["Choose a new password"] * 3 + ["Too many attempts to sign in"]
        assert subjects == (known if "cem" in who else [])
        clock.shift(timedelta(hours=1))
        assert app.test_client().post("/reset", data={"email": who}).status_code == 200


def test_slow_guessing_ends_after_sixty_tries_an_hour(app: Flask) -> None:
    client = app.test_client()
    answers = Counter[int]()
    with time_machine.travel(MONDAY, tick=False) as clock:
        for minute in range(7):
            for number in range(11):
                form = {"email": f"nobody{minute}x{number}@example.com"}
                answers[client.post("/reset", data=form).status_code] += 1
            clock.shift(timedelta(minutes=1))
    assert answers[429] == 7 * 11 - 60


def test_counts_contain_no_address_and_are_deleted(app: Flask, runtime: Runtime) -> None:
    with time_machine.travel(MONDAY, tick=False):
        password(app.test_client(), "cem", WRONG, street(7))
        with runtime.database.reading() as session:
            keys = session.scalars(select(AttemptCount.key)).all()
        assert len(keys) == 4 and all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)
    purge(runtime, MONDAY + timedelta(hours=2))
    with runtime.database.reading() as session:
        assert session.scalars(select(AttemptCount.key)).all() == []
