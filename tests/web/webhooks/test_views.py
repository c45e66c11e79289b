"""The pages of webhooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import pytest
from flask import Flask
from sqlalchemy import select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.providers.webhook_http import WebhookHttp
from feedback.services import changes
from feedback.services.changes import ReportedChange
from feedback.services.webhooks import delivering, spreading
from feedback.settings.table import WebhookSettings
from feedback.store.models import AuditEntry, Response, WebhookDelivery, WebhookEndpoint, WebhookEvent
from feedback.worker import Worker
from tests.fakes.fake_receiver import Answering, FakeReceiver
from tests.web.browsing import DESKTOP, PHONE, Open, enter, fits, is_accessible
from tests.web.conftest import SignIn

HTTP = WebhookHttp(allowed=[ip_network("127.0.0.0/8")], allow_http=True)
FORM = {"name": "CRM", "type": ["response.created", "score.low"], "segment": ["vip"], "score_at_most": "6"}


@pytest.fixture
def runtime(runtime: Runtime) -> Runtime:
    local = WebhookSettings(allowed_networks=("127.0.0.0/8",), allow_http=True)
    return replace(runtime, settings=replace(runtime.settings, webhooks=local))


@pytest.fixture
def receiver() -> Iterator[FakeReceiver]:
    with FakeReceiver() as receiver:
        yield receiver


def work(runtime: Runtime) -> None:
    with runtime.database.writing() as session:
        spreading.spread(session, runtime, clock.now())
    for row in endpoints_of(runtime):
        delivering.deliver(runtime.database, HTTP, row.id, clock.now)


def endpoints_of(runtime: Runtime) -> list[WebhookEndpoint]:
    with runtime.database.reading() as session:
        return list(session.scalars(select(WebhookEndpoint).order_by(WebhookEndpoint.id)))


def happen(runtime: Runtime, type_: str = "response.created") -> None:
    """Something happens to a response with a score of 6 or less of an account in the segment vip."""
    with runtime.database.writing() as session:
        row = session.scalars(select(Response).where(Response.segment == "vip").order_by(Response.id)).first()
        assert row is not None
        changes.report(
            session, [ReportedChange(type_, "response", row.id, row.contact_id, row.id)], clock.now()
        )


def test_a_webhook_is_made_tested_and_its_secret_shown_once(
    sign_in: SignIn, runtime: Runtime, receiver: FakeReceiver
) -> None:
    ada = sign_in("admin")
    made = ada.post("/webhooks/new", data={**FORM, "url": receiver.url})
    assert made.status_code == 201
    (secret,) = re.findall(r'value="(whsec_[^"]+)"', made.text)
    assert secret not in ada.get("/webhooks/1").text
    assert ada.post("/webhooks/1/test").status_code == 303
    work(runtime)
    assert receiver.taken[0].verified(secret)["type"] == "webhook.test"
    page = ada.get("/webhooks/1").text
    assert "Test event" in page and "delivered" in page and "working" in page
    (row,) = endpoints_of(runtime)
    assert row.filters == {"segments": ["vip"], "score_at_most": 6}
    with runtime.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "webhook_endpoint"))
        assert sorted(actions) == ["created", "tested"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "Give the webhook a name"),
        ({"url": "crm"}, "whole address"),
        ({"type": []}, "at least one type"),
        ({"type": ["score.high"]}, "score.high"),
        ({"score_at_most": "six"}, "whole number"),
        ({"score_at_most": "99999999"}, "highest score"),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_typed_is_lost(
    sign_in: SignIn, runtime: Runtime, change: dict[str, object], said: str
) -> None:
    form = {**FORM, "url": "https://crm.example.com/hooks", **change}
    answer = sign_in("admin").post("/webhooks/new", data=form)
    assert answer.status_code == 422 and said in answer.text
    if "url" not in change:
        assert 'value="https://crm.example.com/hooks"' in answer.text
    assert not endpoints_of(runtime)


def test_the_log_shows_bodies_and_answers_and_sends_again(
    sign_in: SignIn, runtime: Runtime, receiver: FakeReceiver
) -> None:
    ada = sign_in("admin")
    receiver.script = lambda _: Answering(500, body=b"<b>database is locked</b>")
    ada.post("/webhooks/new", data={**FORM, "url": receiver.url, "score_at_most": ""})
    happen(runtime)
    work(runtime)
    page = ada.get("/webhooks/1/deliveries/1").text
    assert "HTTP 500" in page and "&lt;b&gt;database is locked" in page
    assert "&#34;type&#34;: &#34;response.created&#34;" in page
    assert "failing since" in ada.get("/webhooks/").text
    receiver.script = lambda _: Answering()
    assert ada.post("/webhooks/1/deliveries/1/redeliver").status_code == 303
    work(runtime)
    assert "HTTP 200" in ada.get("/webhooks/1/deliveries/1").text
    today = clock.now().date().isoformat()
    for which, number in (("missed", "0 events"), ("all", "1 event ")):
        form = {"first": today, "last": today, "which": which}
        answer = ada.post("/webhooks/1/replay", data=form, follow_redirects=True)
        assert number in answer.text
    assert ada.post("/webhooks/1/replay", data={"first": "soon", "last": ""}).status_code == 422


def test_pause_resume_rotate_change_and_delete(
    sign_in: SignIn, runtime: Runtime, receiver: FakeReceiver
) -> None:
    ada = sign_in("admin")
    ada.post("/webhooks/new", data={**FORM, "url": receiver.url})
    assert "paused" in ada.post("/webhooks/1/pause", follow_redirects=True).text
    assert ada.post("/webhooks/1/test").status_code == 409
    assert "Resume" not in ada.post("/webhooks/1/resume", follow_redirects=True).text
    assert "whsec_" in ada.post("/webhooks/1/rotate").text
    assert ada.post("/webhooks/1/rotate").status_code == 409
    edit = re.findall(r'name="edit" value="(\d+)"', ada.get("/webhooks/1/edit").text)[0]
    form = {"name": "Helpdesk", "url": receiver.url, "type": ["comment.added"], "edit": edit}
    assert ada.post("/webhooks/1/edit", data=form).status_code == 303
    assert ada.post("/webhooks/1/edit", data=form).status_code == 422  # somebody else was faster
    assert "Helpdesk" in ada.get("/webhooks/").text
    assert ada.post("/webhooks/1/delete").status_code == 303
    assert not endpoints_of(runtime) and ada.get("/webhooks/1").status_code == 404


@pytest.mark.parametrize("who", ["lead", "cem", "viewer"])
def test_only_admins_see_and_change_webhooks(sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    assert [client.get(path).status_code for path in ("/webhooks/", "/webhooks/new", "/webhooks/1")] == [
        403
    ] * 3
    assert client.post("/webhooks/new", data=FORM).status_code == 403


def test_an_erased_body_says_why_it_is_empty(sign_in: SignIn, runtime: Runtime) -> None:
    ada = sign_in("admin")
    ada.post("/webhooks/new", data={**FORM, "url": "http://127.0.0.1:9/", "score_at_most": ""})
    happen(runtime)
    with runtime.database.writing() as session:
        spreading.spread(session, runtime, clock.now())
        session.scalars(select(WebhookEvent)).one().body = None
        assert session.scalars(select(WebhookDelivery)).one()
    assert "emptied" in ada.get("/webhooks/1/deliveries/1").text


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_the_pages_fit_and_are_accessible(site: str, open_page: Open, size: dict[str, int]) -> None:
    page = open_page(viewport=size)
    enter(page, site, "admin")
    page.goto(f"{site}/webhooks/new")
    fits(page)
    is_accessible(page)
    page.fill("[name=name]", "CRM")
    page.fill("[name=url]", "https://crm.example.com/hooks")
    page.click("main form.card button[type=submit]")
    assert page.locator("input[readonly]").input_value().startswith("whsec_")
    fits(page)
    is_accessible(page)


def test_the_application_has_no_webhook_page_for_strangers(app: Flask) -> None:
    assert app.test_client().get("/webhooks/").status_code == 302


def test_the_worker_delivers_what_happened(sign_in: SignIn, runtime: Runtime, receiver: FakeReceiver) -> None:
    sign_in("admin").post("/webhooks/new", data={**FORM, "url": receiver.url, "score_at_most": ""})
    happen(runtime)
    Worker(runtime, clock.now).tick()
    assert receiver.types() == ["response.created"]
