"""A passkey signs in by answering a challenge of its own browser, once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback.bootstrap import Runtime
from tests.web.auth.authenticator import Authenticator, begin
from tests.web.auth.staff import at_once, audited, letters
from tests.web.conftest import SignIn

pytestmark = pytest.mark.usefixtures("quick_hashing")


@pytest.fixture
def passkey(sign_in: SignIn) -> Authenticator:
    """Cem's."""
    made = Authenticator()
    client = sign_in("cem")
    made.register(client)
    assert "laptop" in client.get("/wan-register").text
    return made


def is_in(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200


def copy_cookies(giver: FlaskClient, taker: FlaskClient) -> None:
    cookie = giver.get_cookie("feedback_staff")
    assert cookie
    taker.set_cookie("feedback_staff", cookie.value)


def test_a_passkey_signs_in_without_a_password(app: Flask, runtime: Runtime, passkey: Authenticator) -> None:
    client = app.test_client()
    target, options = begin(client, "/wan-signin")
    assert client.post(target, data={"credential": passkey.answered(options)}).status_code == 302
    assert is_in(client)
    assert audited(runtime, "cem") == ["signed in", "passkey added", "signed in"]


def other_browser(app: Flask, first: FlaskClient) -> FlaskClient:
    return app.test_client()


def browser_with_a_challenge_of_its_own(app: Flask, first: FlaskClient) -> FlaskClient:
    client = app.test_client()
    begin(client, "/wan-signin")
    return client


def copied_browser(app: Flask, first: FlaskClient) -> FlaskClient:
    client = app.test_client()
    copy_cookies(first, client)
    return client


@pytest.mark.parametrize("second", [other_browser, browser_with_a_challenge_of_its_own, copied_browser])
@pytest.mark.parametrize("first_uses_it", [True, False])
def test_an_answer_is_worth_nothing_in_another_browser(
    app: Flask,
    passkey: Authenticator,
    second: Callable[[Flask, FlaskClient], FlaskClient],
    first_uses_it: bool,
) -> None:
    first = app.test_client()
    target, options = begin(first, "/wan-signin")
    answer = {"credential": passkey.answered(options)}
    thief = second(app, first)
    if first_uses_it:
        first.post(target, data=answer)
    refused = thief.post(target, data=answer)
    is_copy = second is copied_browser
    assert is_in(thief) == (is_copy and not first_uses_it)
    if not is_in(thief):
        assert refused.location == "/wan-signin"
    if not first_uses_it:
        first.post(target, data=answer)
        assert is_in(first) == (not is_copy), "of two with one challenge, the first one gets in"


def test_of_six_copies_that_answer_at_once_one_gets_in(app: Flask, passkey: Authenticator) -> None:
    first = app.test_client()
    target, options = begin(first, "/wan-signin")
    answer = {"credential": passkey.answered(options)}
    clients = [copied_browser(app, first) for _ in range(6)]
    at_once(app, clients, lambda client: client.post(target, data=answer))
    assert sorted(map(is_in, clients)) == [False] * 5 + [True]


def test_a_passkey_begun_by_another_user_cannot_be_added(app: Flask, sign_in: SignIn) -> None:
    thief, victim = sign_in("selin"), sign_in("cem")
    made = Authenticator()
    target, options = begin(thief, "/wan-register", name="mine", usage="first")
    victim.post(target, data={"credential": made.made(options)})
    assert "mine" not in victim.get("/wan-register").text


def test_passkeys_that_come_and_go_are_audited_and_written_to_the_owner(
    app: Flask, runtime: Runtime, sign_in: SignIn
) -> None:
    cem = sign_in("cem")
    Authenticator().register(cem)
    cem.post("/wan-delete", data={"name": "laptop"})
    assert audited(runtime, "cem") == ["signed in", "passkey added", "passkey removed"]
    assert [each.subject for each in letters(runtime)] == ["A passkey was added", "A passkey was removed"]
