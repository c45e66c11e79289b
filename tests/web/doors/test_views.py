"""The pages of doors."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.store.models import Account, AuditEntry, Door, DoorArrival
from tests.web.browsing import DESKTOP, PHONE, Open, enter, fits, is_accessible
from tests.web.conftest import SignIn
from tests.web.doors.calling import SECRET, OtherSystem

SETUP = """check: {by: token, header: X-Door-Token}
rules:
  - when: kind == 'account'
    id: id
    account: {external_id: account, name: name}
"""
FORM = {"title": "CRM", "name": "crm", "setup": SETUP, "do": "save"}
ACME = '{"kind": "account", "id": 7, "account": "acme-9", "name": "Acme <Ltd>"}'


def test_a_door_is_made_from_a_recipe_and_its_secret_shown_once(sign_in: SignIn, runtime: Runtime) -> None:
    ada = sign_in("admin")
    assert "Stripe" in ada.get("/doors/new").text
    begun = ada.get("/doors/new?recipe=freshdesk").text
    assert "check: {by: basic, user: freshdesk}" in begun and "A ticket was resolved" in begun
    made = ada.post("/doors/new", data={**FORM, "recipe": "freshdesk"})
    assert made.status_code == 201
    (secret,) = re.findall(r'readonly value="([\w-]{40,})"', made.text)
    for page in ("/doors/", "/doors/1", "/doors/1/setup"):
        assert secret not in ada.get(page).text
    given = ada.post("/doors/new", data={**FORM, "name": "other", "secret": "typed by a person"})
    assert given.status_code == 201 and "typed by a person" not in given.text
    with runtime.database.reading() as session:
        assert session.scalars(select(Door.recipe).order_by(Door.id)).all() == ["freshdesk", None]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": ""}, "Give the door a title"),
        ({"name": "CRM!"}, "Write the end of the address"),
        ({"secret": "short"}, "8 to 500"),
        ({"setup": SETUP.replace("id: id", "id: 'a ||'")}, "Line 4"),
        ({"setup": SETUP.replace("rules:", "ruls:"), "do": "try"}, "Line 2"),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_typed_is_lost(
    sign_in: SignIn, runtime: Runtime, change: dict[str, str], said: str
) -> None:
    answer = sign_in("admin").post("/doors/new", data={**FORM, "body": "my own body", **change})
    assert answer.status_code == 422 and said in answer.text and "my own body" in answer.text
    with runtime.database.reading() as session:
        assert session.scalars(select(Door)).all() == []


def test_a_trial_shows_what_would_happen_and_stores_nothing(sign_in: SignIn, runtime: Runtime) -> None:
    ada = sign_in("admin")
    form = {**FORM, "do": "try", "body": ACME}
    for _ in range(2):
        page = ada.post("/doors/new", data=form)
        assert page.status_code == 200 and "acme-9" in page.text and "created" in page.text
    ada.post("/doors/new", data=FORM)
    with runtime.database.reading() as session:
        number = session.scalars(select(Door.id)).one()
    page = ada.post(f"/doors/{number}/setup", data={**form, "body": '{"kind": "news"}', "edit": "1"})
    assert "no rule fits" in page.text
    with runtime.database.reading() as session:
        assert session.scalars(select(Account).where(Account.external_id == "acme-9")).all() == []
        assert session.scalars(select(Door.name)).all() == ["crm"]
        assert session.scalars(select(DoorArrival)).all() == []


def test_what_came_is_shown_tried_processed_again_and_deleted(
    sign_in: SignIn, app: Flask, runtime: Runtime
) -> None:
    ada = sign_in("admin")
    ada.post("/doors/new", data={**FORM, "secret": "typed by a person"})
    system = OtherSystem(app, SETUP, "crm", "typed by a person")
    system.post(ACME)
    system.post('{"kind": "organisation", "id": 8, "account": "acme-10"}')
    page = ada.get("/doors/1").text
    assert "taken in" in page and "no rule fits" in page and "1 fit no rule" in page
    assert "taken in" not in ada.get("/doors/1?tray=unknown").text.split('id="log"')[1].split("<tbody>")[1]
    assert "Acme &lt;Ltd&gt;" in ada.get("/doors/1/arrivals/1").text
    tried = ada.get("/doors/1/setup?arrival=2").text
    assert "organisation" in tried
    edit = re.findall(r'name="edit" value="(\d+)"', tried)[0]
    fixed = SETUP.replace("'account'", "'account' || kind == 'organisation'")
    form = {"title": "CRM", "setup": fixed, "edit": edit, "do": "save"}
    assert ada.post("/doors/1/setup", data=form).status_code == 303
    assert ada.post("/doors/1/setup", data=form).status_code == 422  # somebody else was faster
    assert ada.post("/doors/1/arrivals/2/again").status_code == 303
    assert "acme-10" in ada.get("/doors/1/arrivals/2").text
    assert "0 bodies" in ada.post("/doors/1/again", follow_redirects=True).text
    assert ada.post("/doors/1/arrivals/2/delete").status_code == 303
    assert ada.get("/doors/1/arrivals/2").status_code == 404
    with runtime.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "door")).all()
    assert sorted(actions) == ["changed", "created", "deleted_arrival", "processed_again", "processed_again"]


def test_refused_calls_pause_secret_and_deletion(sign_in: SignIn, app: Flask, runtime: Runtime) -> None:
    ada = sign_in("admin")
    ada.post("/doors/new", data={**FORM, "secret": "typed by a person"})
    assert OtherSystem(app, SETUP, "crm", "wrong secret").post("{}").status_code == 401
    assert "the token or the password is wrong" in ada.get("/doors/1").text
    assert "refuses calls" in ada.get("/doors/").text
    assert "paused" in ada.post("/doors/1/pause", follow_redirects=True).text
    ada.post("/doors/1/resume")
    assert ada.post("/doors/1/secret", data={"secret": "short"}).status_code == 422
    assert (
        "old one counts"
        in ada.post("/doors/1/secret", data={"secret": "a longer one"}, follow_redirects=True).text
    )
    assert re.search(r'readonly value="[\w-]{40,}"', ada.post("/doors/1/secret").text)
    assert ada.post("/doors/1/delete").status_code == 303
    assert ada.get("/doors/1").status_code == 404
    assert OtherSystem(app, SETUP, "crm", "a longer one").post("{}").status_code == 404


def test_an_erased_body_says_why_it_is_empty(sign_in: SignIn, app: Flask, runtime: Runtime) -> None:
    ada = sign_in("admin")
    ada.post("/doors/new", data={**FORM, "secret": "typed by a person"})
    OtherSystem(app, SETUP, "crm", "typed by a person").post(ACME)
    with runtime.database.writing() as session:
        session.scalars(select(DoorArrival)).one().body = None
    assert "emptied" in ada.get("/doors/1/arrivals/1").text
    assert "emptied" in ada.post("/doors/1/arrivals/1/again", follow_redirects=True).text


@pytest.mark.parametrize("who", ["lead", "cem", "viewer"])
def test_only_admins_see_and_change_doors(sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    assert [client.get(path).status_code for path in ("/doors/", "/doors/new", "/doors/1")] == [403] * 3
    assert client.post("/doors/new", data=FORM).status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_the_pages_fit_and_are_accessible(site: str, open_page: Open, size: dict[str, int]) -> None:
    page = open_page(viewport=size)
    enter(page, site, "admin")
    for path in ("new", "new?recipe=stripe"):
        page.goto(f"{site}/doors/{path}")
        fits(page)
        is_accessible(page)
    page.click("button[value=try]")
    fits(page)
    is_accessible(page)
    page.click("button[value=save]")
    assert len(page.locator("input[readonly]").input_value()) > 30
    fits(page)
    is_accessible(page)


def test_half_a_surrogate_pair_in_a_body_breaks_neither_the_call_nor_the_log(
    app: Flask, sign_in: SignIn, runtime: Runtime
) -> None:
    ada = sign_in("admin")
    ada.post("/doors/new", data={**FORM, "secret": SECRET})
    body = (
        r'{"kind": "account", "id": 8, "account": "acme-9", "name": "x\ud800", "mail": "\ud800@acme.example"}'
    )
    assert OtherSystem(app, SETUP, name="crm").post(body).status_code == 200
    with runtime.database.reading() as session:
        arrival = session.scalars(select(DoorArrival)).one()
    assert arrival.state == "done"
    for page in (f"/doors/1/arrivals/{arrival.id}", f"/doors/1/setup?arrival={arrival.id}"):
        assert ada.get(page).status_code == 200
