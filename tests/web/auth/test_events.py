"""What happens at the sign-in stands in the audit log and in the program's log, and nobody learns who works here."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from structlog.testing import capture_logs

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.staff import attempts
from feedback.store.models import AuditEntry
from feedback.web.app import create_app
from tests.web.auth.staff import (
    NEW_PASSWORD,
    PASSWORD,
    audited,
    letters,
    now_of,
    password,
    reset_link,
    set_up_app,
)
from tests.web.conftest import SignIn

pytestmark = pytest.mark.usefixtures("quick_hashing")

WRONG = "guess guess guess"


def test_sign_ins_and_sign_outs_are_audited(app: Flask, runtime: Runtime) -> None:
    client = app.test_client()
    password(client, "cem", WRONG, "203.0.113.7")
    password(client, "cem", PASSWORD, "203.0.113.7")
    client.post("/logout")
    assert audited(runtime, "cem") == ["sign-in failed", "signed in", "signed out"]
    with runtime.database.reading() as session:
        failed, signed_in, _ = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.action.in_(["sign-in failed", "signed in", "signed out"]))
            .order_by(AuditEntry.id)
        )
    assert failed.detail["via"] == "password" and failed.detail["network"] == "203.0.113.7"
    assert signed_in.detail == {"via": "password", "network": "203.0.113.7"}
    assert failed.user_id is None and signed_in.user_id == signed_in.subject_id


def test_a_sign_in_is_audited_when_it_is_complete(app: Flask, runtime: Runtime, sign_in: SignIn) -> None:
    import time_machine

    with time_machine.travel("2026-03-02T12:00:00Z", tick=False) as clock:
        secret = set_up_app(sign_in("cem"))
        clock.shift(300)
        client = app.test_client()
        password(client, "cem")
        before = audited(runtime, "cem")
        client.post("/tf-validate", data={"code": "000000"})
        client.post("/tf-validate", data={"code": now_of(secret)})
        assert audited(runtime, "cem")[len(before) :] == ["sign-in failed", "signed in"]


def test_unknown_accounts_fail_in_the_same_way(app: Flask, runtime: Runtime) -> None:
    for who in ("cem", "nobody"):
        password(app.test_client(), who, WRONG)
    with runtime.database.reading() as session:
        known, unknown = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "sign-in failed").order_by(AuditEntry.id)
        )
    assert known.subject_id and unknown.subject_id is None
    assert known.detail.keys() == unknown.detail.keys()
    assert not any("example" in str(each.detail) for each in (known, unknown))


def test_strangers_cannot_fill_the_audit_with_addresses_that_nobody_has(app: Flask, runtime: Runtime) -> None:
    limit, salt = attempts.FAILURES_OF_UNKNOWN, runtime.settings.web.password_salt.reveal()
    with runtime.database.writing() as session:
        for known in ("known", "unknown"):
            for _ in range(limit.most - 1):
                attempts.count(session, limit, known, salt, clock.now())
    for who in ("nobody", "nobody", "nobody", "cem", "cem"):
        password(app.test_client(), who, WRONG)
    with runtime.database.reading() as session:
        failed = select(AuditEntry.subject_id).where(AuditEntry.action == "sign-in failed")
        entries = session.scalars(failed.order_by(AuditEntry.id)).all()
    assert [bool(each) for each in entries] == [False, True, True]


def test_refusals_are_logged_with_who_and_without_what(app: Flask) -> None:
    with capture_logs() as logs:
        for number in range(21):
            password(app.test_client(), "cem", WRONG, f"198.51.100.{number}")
    failed = [each for each in logs if each["event"] == "sign_in.failed"]
    limited = [each for each in logs if each["event"] == "sign_in.limited"]
    assert len(failed) == 20 and len(limited) == 1
    assert {each["account"] for each in failed + limited} == {failed[0]["account"]}
    assert limited[0]["network"] == "198.51.100.20"
    written = str(logs)
    assert WRONG not in written and "cem@example.com" not in written


def test_the_audit_page_says_it_in_words(sign_in: SignIn, app: Flask) -> None:
    password(app.test_client(), "cem", WRONG)
    page = sign_in("lead").get("/audit/").text
    assert "signed in" in page and "failed to sign in" in page


def statements(runtime: Runtime, request: Any) -> list[str]:
    """The statements that a request runs, which are what its time consists of apart from hashing."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engines = (runtime.database._writers, runtime.database._readers)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    request()
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    return seen


def test_asking_for_a_link_does_the_same_work_for_everybody(app: Flask, runtime: Runtime) -> None:
    client, work = app.test_client(), []
    client.post("/reset", data={"email": "first@example.com"})  # prepares what the first request prepares
    for who in ("cem", "nobody"):
        form = {"email": f"{who}@example.com"}
        work.append(statements(runtime, lambda form=form: client.post("/reset", data=form)))
    assert work[0] == work[1]
    assert not any("FROM user" in each or 'FROM "user"' in each for each in work[0])


@pytest.mark.parametrize("who", ["cem", "nobody"])
def test_the_passkey_page_says_nothing_about_accounts(app: Flask, who: str) -> None:
    page = app.test_client().post("/wan-signin", data={"identity": f"{who}@example.com"})
    assert page.status_code == 200 and "allowCredentials" in page.text
    assert "allowCredentials&#34;: []" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/reset",
        "/wan-signin",
        "/verify",
        "/change",
        "/tf-setup",
        "/mf-recovery-codes",
        "/wan-register",
    ],
)
def test_pages_of_the_sign_in_are_not_stored(sign_in: SignIn, path: str) -> None:
    response = sign_in("cem").get(path)
    assert response.headers.getlist("Cache-Control") == ["no-store"]


def test_forms_only_so_that_limits_see_what_is_sent(app: Flask) -> None:
    for body in ({"email": "cem@example.com", "password": PASSWORD},):
        response = app.test_client().post("/login?include_auth_token", json=body)
        assert response.status_code == 400 and b"token" not in response.data


def test_a_token_in_the_address_or_a_header_signs_nobody_in(app: Flask, runtime: Runtime) -> None:
    with app.test_request_context():
        token = app.extensions["security"].datastore.find_user(email="cem@example.com").get_auth_token()
    client = app.test_client()
    assert client.get(f"/account/?auth_token={token}").status_code == 302
    assert client.get("/account/", headers={"Authentication-Token": token}).status_code == 302


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ("aaaaaaaaaaaa", "common or a simple pattern"),
        ("password1234", "common or a simple pattern"),
        ("cem@example.com", "easily guessed from your name"),
        ("Cem Kaya 2026", "easily guessed from your name"),
        ("Acme2026!!!!", "easily guessed from your name"),
        ("short", "at least 12 characters"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused_with_the_reason(
    app: Flask, runtime: Runtime, sign_in: SignIn, chosen: str, sentence: str
) -> None:
    form = {"password": PASSWORD, "new_password": chosen, "new_password_confirm": chosen}
    assert sentence in sign_in("cem").post("/change", data=form).text
    link = reset_link(runtime, app.test_client(), "cem@example.com")
    assert (
        sentence in app.test_client().post(link, data={"password": chosen, "password_confirm": chosen}).text
    )
    good = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    assert app.test_client().post(link, data=good).location == "/login"
    assert len(letters(runtime)) == 2


def test_forms_work_with_their_tokens_and_not_without(runtime: Runtime) -> None:
    client = create_app(runtime).test_client()
    form = {"email": "cem@example.com", "password": PASSWORD}
    for page in ("/login", "/reset"):
        assert client.post(page, data=form).status_code == 400
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
        assert token
        response = client.post(page, data={**form, "csrf_token": token[1]})
        assert response.status_code in (200, 302) and "error" not in response.text
    assert [each.subject for each in letters(runtime)] == ["Choose a new password"]
    assert client.post("/account/sessions/end-others").status_code == 400
