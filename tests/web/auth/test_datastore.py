"""Signing in, and what keeps others out."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.staff import accounts
from feedback.store.models import User
from tests import factories_desk
from tests.web.auth.staff import letters
from tests.web.conftest import SignIn


def test_the_right_password_opens_the_desk(sign_in: SignIn) -> None:
    page = sign_in("cem").get("/", follow_redirects=True)
    assert page.status_code == 200
    assert "Cem Kaya" in page.text


@pytest.mark.parametrize("email", ["cem@example.com", "nobody@example.com"])
def test_a_wrong_password_and_an_unknown_address_look_the_same(app: Flask, email: str) -> None:
    page = app.test_client().post("/login", data={"email": email, "password": "wrong wrong wrong"})
    assert page.status_code == 200
    assert "Check your e-mail address and password: they do not match." in page.text


@pytest.mark.parametrize(
    ("added", "typed"),
    [
        ("lena@corp.local", "lena@corp.local"),
        ("lena@acme.test", "Lena@ACME.test"),
        ("lena@mail.internal", " lena@mail.internal "),
        ("lena@acme.invalid", "lena@acme.invalid"),
        ("lena@b\u00fccher.example", "lena@b\u00fccher.example"),
        ("lena@b\u00fccher.example", "lena@xn--bcher-kva.example"),
    ],
)
def test_whoever_can_be_added_can_sign_in(app: Flask, added: str, typed: str) -> None:
    runtime = app.extensions["feedback"]
    with runtime.database.writing() as session:
        new = accounts.NewUser(added, "Lena", ["lead"], password=factories_desk.PASSWORD)
        salt = runtime.settings.web.password_salt.reveal()
        accounts.add_user(session, new, clock.now(), salt=salt)
    form = {"email": typed, "password": factories_desk.PASSWORD}
    assert app.test_client().post("/login", data=form).status_code == 302


def test_without_signing_in_one_is_led_to_the_door_and_back(app: Flask) -> None:
    response = app.test_client().get("/desk/?whose=mine")
    assert response.status_code == 302
    assert response.location == "/login?next=/desk/?whose%3Dmine"


def test_a_forgotten_password_is_replaced_by_a_link_from_the_outbox(app: Flask) -> None:
    runtime, client = app.extensions["feedback"], app.test_client()
    page = client.post("/reset", data={"email": "NEDA@example.com"}, follow_redirects=True)
    assert "we are sending a link to it" in page.text
    (message,) = letters(runtime)
    assert (message.purpose, message.recipient, message.state) == ("sign_in", "neda@example.com", "queued")
    link = re.search(r"/reset/\S+", message.body)
    assert link is not None
    new = "a quite different sentence"
    changed = client.post(link[0], data={"password": new, "password_confirm": new})
    assert changed.status_code == 302
    form = {"email": "neda@example.com"}
    assert client.post("/login", data={**form, "password": factories_desk.PASSWORD}).status_code == 200
    assert client.post("/login", data={**form, "password": new}).status_code == 302


def test_nobody_learns_who_works_here_from_the_forgotten_password(app: Flask) -> None:
    page = app.test_client().post("/reset", data={"email": "nobody@example.com"}, follow_redirects=True)
    assert "we are sending a link to it" in page.text
    assert letters(app.extensions["feedback"]) == []


def test_a_short_password_is_refused_with_its_reason(sign_in: SignIn) -> None:
    form = {"password": factories_desk.PASSWORD, "new_password": "short", "new_password_confirm": "short"}
    page = sign_in("cem").post("/change", data=form)
    assert "at least 12 characters" in page.text


def test_signing_out_everywhere_ends_every_session(sign_in: SignIn) -> None:
    phone, laptop = sign_in("cem"), sign_in("cem")
    assert phone.post("/account/sign-out-everywhere").status_code == 303
    assert laptop.get("/desk/").status_code == 302


def test_an_admin_shuts_somebody_out_at_once(app: Flask, sign_in: SignIn) -> None:
    cem, admin = sign_in("cem"), sign_in("admin")
    with app.extensions["feedback"].database.reading() as session:
        user_id = session.scalars(select(User.id).where(User.email == "cem@example.com")).one()
    assert admin.post(f"/account/staff/{user_id}", data={"action": "deactivate"}).status_code == 303
    assert cem.get("/desk/").status_code == 302
    form = {"email": "cem@example.com", "password": factories_desk.PASSWORD}
    assert app.test_client().post("/login", data=form).status_code == 200


def test_an_admin_adds_somebody_and_is_told_what_is_wrong(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    form = {"name": "Nora", "email": "nora@example.com", "role": "csm"}
    assert admin.post("/account/staff", data=form).status_code == 303
    assert "Nora" in admin.get("/account/staff").text
    again = admin.post("/account/staff", data=form)
    assert again.status_code == 409
    assert "Use another address: a user with this one exists." in again.text
    assert admin.post("/account/staff", data={**form, "email": "nonsense"}).status_code == 422


def test_guessing_is_slowed_down(app: Flask) -> None:
    client = app.test_client()
    form = {"email": "cem@example.com", "password": "guess guess guess"}
    answers = [client.post("/login", data=form).status_code for _ in range(12)]
    assert answers == [200] * 10 + [429] * 2


def test_each_page_and_each_address_has_tries_of_its_own(app: Flask) -> None:
    client, street = app.test_client(), {"REMOTE_ADDR": "203.0.113.7"}
    form = {"email": "cem@example.com", "password": "guess guess guess"}
    for _ in range(10):
        client.post("/login", data=form)
    assert client.post("/login", data=form).status_code == 429
    assert client.get("/login").status_code == 200
    assert client.post("/login", data=form, environ_overrides=street).status_code == 200
    assert client.post("/reset", data={"email": "nobody@example.com"}).status_code != 429


def test_an_account_keeps_language_zone_and_holidays(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("cem")
    form = {"name": "Cem", "language": "fa", "time_zone": "Asia/Tehran", "away_until": "2999-01-01"}
    assert client.post("/account/", data=form).status_code == 303
    assert 'dir="rtl"' in client.get("/desk/").text
    with app.extensions["feedback"].database.reading() as session:
        user = session.scalars(select(User).where(User.email == "cem@example.com")).one()
    assert (user.language, user.time_zone, user.name) == ("fa", "Asia/Tehran", "Cem")
    assert user.away_until is not None


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", ""])
def test_the_language_switch_leads_nowhere_else(app: Flask, back: str) -> None:
    response = app.test_client().post("/account/language", data={"language": "tr", "back": back})
    assert response.location == "/"


def test_one_s_working_hours_are_set_on_one_s_own_page(runtime: Runtime, sign_in: SignIn) -> None:
    client = sign_in("neda")
    page = client.get("/account/").text
    assert page.index("شنبه") < page.index("دوشنبه")
    form = {"name": "Neda", "work_day": ["5", "6", "0"], "work_from": "08:00", "work_to": "16:30"}
    assert client.post("/account/", data=form).status_code == 303
    assert client.post("/account/", data={"name": "Neda"}).status_code == 303  # without them nothing moves
    with runtime.database.reading() as session:
        neda = session.scalars(select(User).where(User.email == "neda@example.com")).one()
        assert (neda.work_days, neda.work_from, neda.work_to) == ([0, 5, 6], time(8), time(16, 30))


@pytest.mark.parametrize(
    "hours",
    [{"work_day": []}, {"work_day": ["1"], "work_to": "07:00"}, {"work_day": ["1"], "work_to": "late"}],
)
def test_impossible_working_hours_are_refused_with_a_sentence(
    runtime: Runtime, sign_in: SignIn, hours: dict[str, Any]
) -> None:
    form = {"name": "Cem", "work_from": "08:00", "work_to": "16:30", **hours}
    page = sign_in("cem").post("/account/", data=form, follow_redirects=True).text
    assert "Choose at least one working day." in page or "Set an end time after the start time." in page
    with runtime.database.reading() as session:
        cem = session.scalars(select(User).where(User.email == "cem@example.com")).one()
        assert (cem.name, cem.work_from) == ("Cem Kaya", None)
