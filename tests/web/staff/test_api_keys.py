"""The page of API keys."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.services.staff.api_keys import Scope
from feedback.store.models import ApiKey, AuditEntry, User
from tests.web.browsing import DESKTOP, PHONE, Open, enter, fits, is_accessible
from tests.web.conftest import SignIn


def user_id(runtime: Runtime, who: str) -> int:
    with runtime.database.reading() as session:
        return session.scalars(select(User.id).where(User.email == f"{who}@example.com")).one()


def test_a_key_is_made_shown_once_used_and_revoked(sign_in: SignIn, app: Flask, runtime: Runtime) -> None:
    ada = sign_in("admin")
    form = {
        "name": "Data warehouse",
        "owner": str(user_id(runtime, "lead")),
        "scope": [Scope.CUSTOMERS_READ, Scope.SCORES_READ],
        "expires_on": "2999-12-31",
    }
    made = ada.post("/keys/", data=form)
    assert made.status_code == 201
    (token,) = re.findall(r'value="(fbk_[^"]+)"', made.text)
    listed = ada.get("/keys/").text
    assert token not in listed and "Data warehouse" in listed and "never used" in listed
    headers = {"Authorization": f"Bearer {token}"}
    program = app.test_client(use_cookies=False)
    assert program.get("/api/v1/contacts/c0", headers=headers).status_code == 200
    assert "last used" in ada.get("/keys/").text
    with runtime.database.reading() as session:
        key = session.scalars(select(ApiKey)).one()
        assert (key.scopes, key.owner_id) == (["customers.read", "scores.read"], int(form["owner"]))
    assert ada.post(f"/keys/{key.id}/revoke").status_code == 303
    assert program.get("/api/v1/contacts/c0", headers=headers).status_code == 401
    with runtime.database.reading() as session:
        entries = session.execute(
            select(AuditEntry.action, AuditEntry.user_id).where(AuditEntry.subject == "api_key")
        )
        assert {tuple(each) for each in entries} == {
            ("created", user_id(runtime, "admin")),
            ("revoked", user_id(runtime, "admin")),
        }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": " "}, "Give the key the name"),
        ({"scope": []}, "at least one"),
        ({"owner": "999"}, "active user"),
        ({"expires_on": "2020-01-01"}, "in the future"),
        ({"expires_on": "soon"}, "in the future"),
        ({"owner": "viewer"}, "Vera Viewer has no permission"),
    ],
)
def test_a_key_that_could_not_work_is_refused_and_nothing_typed_is_lost(
    sign_in: SignIn, runtime: Runtime, change: dict[str, object], said: str
) -> None:
    if change.get("owner") == "viewer":
        change = {"owner": str(user_id(runtime, "viewer"))}
    form = {
        "name": "CRM",
        "owner": str(user_id(runtime, "admin")),
        "scope": ["customers.write"],
        "expires_on": "",
    }
    answer = sign_in("admin").post("/keys/", data={**form, **change})
    assert answer.status_code == 422
    assert said in answer.text
    if "name" not in change:
        assert 'value="CRM"' in answer.text
    with runtime.database.reading() as session:
        assert session.scalars(select(ApiKey)).all() == []


@pytest.mark.parametrize("who", ["lead", "cem", "viewer"])
def test_only_admins_manage_keys(sign_in: SignIn, who: str) -> None:
    person = sign_in(who)
    assert person.get("/keys/").status_code == 403
    assert person.post("/keys/", data={"name": "CRM", "scope": ["customers.write"]}).status_code == 403


@pytest.mark.browser
def test_an_admin_makes_a_key_in_the_browser(site: str, open_page: Open) -> None:
    page = open_page(viewport=DESKTOP)
    enter(page, site, "admin")
    page.goto(f"{site}/keys/")
    is_accessible(page)
    page.fill("input[name=name]", "CRM")
    page.check("input[value='scores.read']")
    page.click("main form[action='/keys/'] button[type=submit]")
    assert page.locator(".new-key input").input_value().startswith("fbk_")
    is_accessible(page)
    page.set_viewport_size(PHONE)
    fits(page)
