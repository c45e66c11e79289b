"""The list of causes and the audit, behind a test client."""

from __future__ import annotations

import ast
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

import feedback
from feedback.services.followups import root_causes
from feedback.services.responses.reply_inbox import Decision
from feedback.store.models import AuditEntry, FollowUp, RootCause
from feedback.web.wording.followup_wording import AUDITED, SUBJECTS
from tests.web.browsing import DESKTOP, PHONE, Open, enter, fits, is_accessible
from tests.web.conftest import SignIn

NAMES = {"en": "Too slow!", "tr": "Çok yavaş", "fa": "خیلی کند"}


def causes(app: Flask) -> dict[str, RootCause]:
    with app.extensions["feedback"].database.reading() as session:
        return {cause.key: cause for cause in root_causes.everything(session)}


def test_a_lead_adds_renames_and_retires_a_cause(app: Flask, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    for _ in range(2):
        assert lead.post("/causes/", data=NAMES).status_code == 303
    made = causes(app)["too_slow"]
    assert "too_slow_2" in causes(app)
    assert made.title == NAMES
    renamed = {**NAMES, "tr": "Yavaş", "action": "rename"}
    assert lead.post(f"/causes/{made.id}", data=renamed).status_code == 303
    assert causes(app)["too_slow"].title["tr"] == "Yavaş"
    assert lead.post(f"/causes/{made.id}", data={"action": "retire"}).status_code == 303
    assert "inactive" in lead.get("/causes/").text
    assert lead.post(f"/causes/{made.id}", data={"action": "bring_back"}).status_code == 303
    assert causes(app)["too_slow"].retired_at is None


def test_a_retired_cause_is_not_offered_any_more(app: Flask, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    lead.post(f"/causes/{causes(app)['price'].id}", data={"action": "retire"})
    with app.extensions["feedback"].database.reading() as session:
        task = session.scalars(
            select(FollowUp).where(FollowUp.state == "open", FollowUp.kind == "recovery")
        ).first()
    assert task
    page = lead.get(f"/desk/{task.id}").text
    assert 'value="product"' in page
    assert 'value="price"' not in page


def test_a_name_is_needed_in_every_language_and_what_was_typed_stays(sign_in: SignIn) -> None:
    page = sign_in("lead").post("/causes/", data={**NAMES, "fa": " "})
    assert page.status_code == 422
    assert "in every language" in page.text
    assert "Çok yavaş" in page.text


def test_the_last_cause_stays(app: Flask, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    answers = [
        lead.post(f"/causes/{cause.id}", data={"action": "retire"}).status_code
        for cause in causes(app).values()
    ]
    assert answers[-1] == 422
    assert set(answers[:-1]) == {303}


def test_the_audit_says_who_did_what_and_who_looked(app: Flask, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    lead.post("/causes/", data=NAMES)
    page = lead.get("/audit/?subject=root_cause").text
    assert "Lena Lead" in page
    assert "<td>created</td>" in page
    assert "key: too_slow" in page
    with app.extensions["feedback"].database.reading() as session:
        seen = session.scalars(select(AuditEntry).where(AuditEntry.subject == "audit")).all()
    assert len(seen) == 1


def test_the_audit_ignores_what_it_cannot_read(sign_in: SignIn) -> None:
    page = sign_in("admin").get("/audit/?by=x&since=yesterday&until=9999-12-31&before=-&subject=")
    assert page.status_code == 200


def test_a_csm_does_not_read_the_audit(sign_in: SignIn) -> None:
    assert sign_in("cem").get("/audit/").status_code == 403


def entries(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_an_admin_takes_away_what_the_filters_show(app: Flask, sign_in: SignIn) -> None:
    sign_in("lead").post("/causes/", data=NAMES)
    admin = sign_in("admin")
    page = admin.get("/audit/?subject=root_cause").text
    assert "/audit/entries.csv?subject=root_cause" in page
    (entry,) = entries(admin.get("/audit/entries.csv?subject=root_cause").data)
    assert (entry["User"], entry["E-mail"], entry["Key"]) == (
        "Lena Lead",
        "lead@example.com",
        "root_cause.added",
    )
    assert json.loads(entry["Details"]) == {"key": "too_slow"}
    assert entry["UTC"].endswith("+00:00")
    book = admin.get("/audit/entries.xlsx?subject=root_cause")
    assert ZipFile(io.BytesIO(book.data)).testzip() is None
    with app.extensions["feedback"].database.reading() as session:
        told = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "exported").order_by(AuditEntry.id)
        ).all()
    assert [each.detail for each in told] == [{"file": kind, "entries": 1} for kind in ("csv", "xlsx")]


def test_only_an_admin_takes_the_audit_away(sign_in: SignIn) -> None:
    lead = sign_in("lead")
    assert "entries.csv" not in lead.get("/audit/").text
    assert lead.get("/audit/entries.csv").status_code == 403
    assert sign_in("admin").get("/audit/entries.exe").status_code == 404


def test_too_many_entries_for_one_file_are_refused_and_not_cut_off(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from feedback.web.staff import audit

    admin = sign_in("admin")
    admin.get("/audit/")
    monkeypatch.setattr(audit, "MOST", 0)  # rather than a hundred thousand rows
    assert admin.get("/audit/entries.csv").status_code == 422


def recorded() -> Iterator[tuple[str, str]]:
    """(action, subject) of every call that writes both down as they are, or as a constant of its module."""
    for file in Path(feedback.__path__[0]).rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        constants = {
            ast.unparse(each.targets[0]): str(each.value.value)
            for each in tree.body
            if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant)
        }
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "audit.record":
                action, subject = (
                    str(each.value) if isinstance(each, ast.Constant) else constants.get(ast.unparse(each))
                    for each in call.args[1:3]
                )
                yield action or "saw", subject or "audit"
            elif isinstance(call, ast.Call) and ast.unparse(call.func) in ("_audit", "_become", "_changed"):
                for each in call.args[1:]:
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        yield each.value, "audit"


def test_whatever_is_written_down_has_words() -> None:
    found = list(recorded())
    assert len(found) > 10
    assert {action for action, _ in found} - AUDITED.keys() == set()
    assert {subject for _, subject in found} - SUBJECTS.keys() == set()
    assert set(Decision) - AUDITED.keys() == set()


@pytest.mark.browser
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["en", "fa"])
def test_causes_and_audit_can_be_read_by_everybody(
    site: str, open_page: Open, viewport: Any, language: str
) -> None:
    page = open_page(viewport=viewport)
    enter(page, site, "admin")
    page.goto(f"{site}/account/")
    page.select_option("select[name=language]", language)
    page.locator("form[action$='/account/'] button").click()
    page.goto(f"{site}/causes/")
    expect(page.locator("html")).to_have_attribute("lang", language)
    for summary in page.locator("details.act summary").all()[:2]:
        summary.click()
    is_accessible(page)
    fits(page)
    page.goto(f"{site}/audit/")
    expect(page.locator("table.audit tbody tr").first).to_be_visible()
    is_accessible(page)
    fits(page)
    page.goto(f"{site}/audit/?subject=none")
    is_accessible(page)
