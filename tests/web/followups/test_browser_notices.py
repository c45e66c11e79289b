"""What the script of an open page asks, and what it shows."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from feedback import clock
from feedback.services.followups import timeline
from feedback.store.models import FollowUp, User
from tests.web.browsing import DESKTOP, Open, enter
from tests.web.conftest import SignIn

SCRIPT = "notices.js"


def assign_one(app: Flask) -> FollowUp:
    """One of Cem's follow-ups was reassigned to him a moment ago."""
    with app.extensions["feedback"].database.writing() as session:
        wanted = select(FollowUp).join(FollowUp.owner).where(User.email == "cem@example.com")
        task = session.scalars(wanted.where(FollowUp.state == "open").order_by(FollowUp.id)).first()
        assert task is not None and task.account is not None
        timeline.add(session, task.id, "reassigned", now=clock.now())
        session.flush()
        return task


def opt_in(client: FlaskClient) -> None:
    assert client.post("/account/", data={"digest_asked": "1", "browser_notices": "on"}).status_code == 303


def test_only_who_has_asked_for_it_gets_news_with_account_and_score(app: Flask, sign_in: SignIn) -> None:
    task, cem = assign_one(app), sign_in("cem")
    assert cem.get("/desk/news").status_code == 204
    assert SCRIPT not in cem.get("/desk/").text
    opt_in(cem)
    assert 'data-news="/desk/news"' in cem.get("/desk/").text
    answer = cem.get("/desk/news")
    (told,) = answer.get_json()
    assert told["address"] == f"/desk/{task.id}"
    assert told["title"] == "A follow-up was assigned to you"
    assert told["body"] == f"{task.account.name} · {task.score} of 10"
    unchanged = cem.get("/desk/news", headers={"If-None-Match": answer.headers["ETag"]})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    selin = sign_in("selin")
    opt_in(selin)
    assert selin.get("/desk/news").get_json() == []


def test_nobody_asks_after_signing_out_or_opting_out(app: Flask, sign_in: SignIn) -> None:
    cem = sign_in("cem")
    opt_in(cem)
    cem.post("/account/", data={"digest_asked": "1"})
    assert cem.get("/desk/news").status_code == 204
    opt_in(cem)
    cem.post("/logout")
    assert cem.get("/desk/news").status_code != 200
    assert SCRIPT not in cem.get("/login").text


@pytest.mark.browser
def test_an_open_page_notifies_once_however_many_tabs_are_open(site: str, open_page: Open) -> None:
    page = open_page(viewport=DESKTOP)
    page.context.grant_permissions(["notifications"], origin=site)
    page.context.add_init_script(
        "window.Notification = class { static permission = 'granted'; constructor(title, { body }) {"
        " console.info(`${title}: ${body}`); } addEventListener() {} }"
    )
    shown: list[str] = []
    page.on("console", lambda message: shown.append(message.text))
    news = '[{"id": 7, "title": "New follow-up", "body": "Acme · 2 of 10", "address": "/desk/1"}]'
    page.context.route(
        "**/desk/news", lambda route: route.fulfill(body=news, content_type="application/json")
    )
    enter(page, site, "cem")
    page.goto(f"{site}/account/")
    page.check("#browser-notices")
    page.locator("form[action='/account/'] button[type=submit]").click()
    with page.expect_console_message():
        page.goto(f"{site}/desk/")
    with page.expect_response("**/desk/news"):
        page.reload()
    page.goto(f"{site}/account/")
    assert shown == ["New follow-up: Acme · 2 of 10"]
