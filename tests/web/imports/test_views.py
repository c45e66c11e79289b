"""Importing in the browser, page by page."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.library import Library
from feedback.services.imports import runs
from feedback.store.database import Database
from feedback.store.models import AuditEntry, Contact, ImportRun
from feedback.web.app import create_app
from tests import factories_desk
from tests.services.imports import exports
from tests.services.imports.answers import exports as past_exports
from tests.web.browsing import DESKTOP, PHONE, Open, enter, fits, is_accessible, serving
from tests.web.conftest import SignIn, runtime_over


def send(client: FlaskClient, data: bytes, name: str = "customers.csv", kind: str = "contacts") -> str:
    """Upload a file; the address of its page."""
    answer = client.post("/customers/import/", data={"kind": kind, "file": (BytesIO(data), name)})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def work(runtime: Runtime) -> None:
    while runs.work(runtime.database, runtime, runtime.database.now):
        pass


def test_a_file_is_looked_at_checked_imported_and_undone(runtime: Runtime, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    address = send(lead, exports.HUBSPOT.encode(), "hubspot.csv")
    page = lead.get(address).text
    assert "Selin" in page and "0532 123 45 67" in page
    assert '<option value="contact.email" selected>' in page
    form = {"column-1": "contact.name", "column-2": "contact.name", "column-3": "contact.email"}
    form |= {
        "column-4": "contact.phone",
        "column-8": "contact.country",
        "contact.external_id": "0",
        "basis": "contract",
    }
    lead.post(f"{address}/check", data=form)
    assert 'http-equiv="refresh"' in lead.get(address).text
    work(runtime)
    page = lead.get(address).text
    assert "Import 2 rows" in page and "Nothing is stored yet." in page
    assert "Selin Arslan" not in lead.get("/customers/?search=arslan").text
    lead.post(f"{address}/begin")
    work(runtime)
    assert "Undo this import" in lead.get(address).text
    assert "Selin Arslan" in lead.get("/customers/?search=arslan").text
    lead.post(f"{address}/undo")
    work(runtime)
    assert "2 removed" in lead.get(address).text
    assert "Selin Arslan" not in lead.get("/customers/?search=arslan").text
    with runtime.database.reading() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action.in_(("imported", "undone")))).all()
        assert len(noted) == 2 and all(each.user_id for each in noted)


def test_refused_rows_are_shown_and_can_be_downloaded(runtime: Runtime, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    address = send(lead, b"external_id,name,email\n1,Ada,ada@example.com\n2,=cmd,bo(at)example.com\n")
    lead.post(
        f"{address}/check",
        data={"contact.external_id": "0", "column-1": "contact.name", "column-2": "contact.email"},
    )
    work(runtime)
    page = lead.get(address).text
    assert "An e-mail address must have exactly one @." in page
    file = lead.get(f"{address}/refused.csv").data.decode("utf-8-sig")
    assert file.splitlines()[1].startswith('"2","\'=cmd","bo(at)example.com","3",')


def test_bad_files_and_choices_get_a_sentence(sign_in: SignIn) -> None:
    lead = sign_in("lead")
    assert lead.post("/customers/import/", data={"kind": "contacts"}).status_code == 422
    assert (
        lead.post(
            "/customers/import/", data={"kind": "magic", "file": (BytesIO(b"a,b\n1,2\n"), "a.csv")}
        ).status_code
        == 422
    )
    answer = lead.post("/customers/import/", data={"kind": "contacts", "file": (BytesIO(b""), "a.csv")})
    assert (answer.status_code, "a.csv is empty" in answer.text) == (422, True)
    address = send(lead, b"A,B\n1,2\n")
    answer = lead.post(
        f"{address}/check", data={"column-1": "account.name", "column-77": "x", "basis": "because"}
    )
    assert answer.status_code == 422
    assert "identifies the account" in answer.text
    assert lead.post(f"{address}/layout", data={"encoding": "rot13"}).status_code == 422
    assert lead.post(f"{address}/begin", follow_redirects=True).status_code == 200
    lead.post(f"{address}/delete")
    assert lead.get(address).status_code == 404


def test_a_file_that_is_too_large_is_refused_unread(sign_in: SignIn) -> None:
    said = {"CONTENT_LENGTH": str(32 * 1024 * 1024), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    assert sign_in("lead").post("/customers/import/", environ_overrides=said).status_code == 413


@pytest.mark.parametrize("who", ["cem", "viewer"])
def test_who_may_not_manage_customers_imports_nothing(sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    assert client.get("/customers/import/").status_code == 403
    assert client.post("/customers/import/", data={}).status_code == 403
    assert "Import" not in client.get("/customers/").text


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "viewport"), [("en", DESKTOP), ("fa", PHONE)], ids=["english", "persian"]
)
def test_a_lead_imports_a_workbook_without_javascript(
    migrated_sqlite: Path,
    shelf: Library,
    tmp_path: Path,
    open_page: Open,
    language: str,
    viewport: dict[str, int],
) -> None:
    file = tmp_path / "feedback.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    database = Database(f"sqlite:///{file}")
    runtime = runtime_over(database, shelf, tmp_path)
    with database.writing() as session:
        factories_desk.furnish(session, runtime)["lead"].language = language
    book = tmp_path / "مشتریان.xlsx"
    rows: list[list[object]] = [
        ["شناسه", "نام", "نام خانوادگی", "ایمیل"],
        ["۱", "مریم", "کاظمی", "m@pars.example"],
    ]
    book.write_bytes(exports.workbook([*rows, ["۲", "علی", "رضایی", "بد"]]))
    with serving(create_app(runtime)) as site:
        page = open_page(viewport=viewport, java_script_enabled=False)
        enter(page, site, "lead")
        page.goto(f"{site}/customers/import/")
        page.set_input_files("input[type=file]", book)
        page.locator("form.upload button[type=submit]").click()
        page.wait_for_url("**/import/1")
        expect(page.locator("select[name=column-3]")).to_have_value("contact.email")
        assert page.locator("html").get_attribute("lang") == language
        fits(page)
        page.locator("select[name=basis]").select_option("contract")
        page.locator("form[action$=check] button[type=submit]").last.click()
        page.wait_for_url("**/import/1")
        work(runtime)
        page.goto(f"{site}/customers/import/1")
        fits(page)
        page.locator("form[action$=begin] button").click()
        work(runtime)
        page.goto(f"{site}/customers/import/1")
        fits(page)
        seen = open_page(viewport=viewport)
        enter(seen, site, "lead")
        for address in (
            "customers/import/",
            "customers/import/1",
            "customers/",
            "customers/accounts",
            "customers/duplicates",
        ):
            seen.goto(f"{site}/{address}")
            fits(seen)
            is_accessible(seen)
    with database.reading() as session:
        assert session.scalars(select(Contact.name).where(Contact.external_id == "۱")).one() == "مریم کاظمی"
        assert session.scalars(select(ImportRun.state)).all() == ["done"]
    database.close()


def test_past_answers_are_proposed_checked_imported_and_undone(runtime: Runtime, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    address = send(lead, past_exports.QUALTRICS.encode(), "qualtrics.csv", "answers")
    page = lead.get(address).text
    assert '<option value="answers.score" selected>' in page and "America/Denver" in page
    form = {"column-4": "response.at", "column-5": "response.id", "column-6": "contact.email"}
    form |= {"column-10": "answers.score", "column-11": "answers.improve"}
    lead.post(f"{address}/check", data=form)
    work(runtime)
    page = lead.get(address).text
    assert "Import 2 rows" in page and "1 row is a test or spam." in page
    lead.post(f"{address}/begin")
    work(runtime)
    page = lead.get(address).text
    assert "without a contact" in page and "Undo this import" in page
    lead.post(f"{address}/undo")
    work(runtime)
    assert "Undone: 2 removed" in lead.get(address).text


def test_past_answers_to_another_survey_are_proposed_again(runtime: Runtime, sign_in: SignIn) -> None:
    lead = sign_in("lead")
    address = send(lead, past_exports.GOOGLE_FORMS.encode(), "forms.csv", "answers")
    layout = {"encoding": "utf-8", "delimiter": ",", "header": "1", "survey": "", "zone": "Asia/Tehran"}
    lead.post(f"{address}/layout", data=layout)
    page = lead.get(address).text
    assert '<option value="new.nps" selected>' in page and "Asia/Tehran" in page
    refused = lead.post(f"{address}/check", data={"column-2": "new.nps"})
    assert refused.status_code == 422 and "when somebody answered" in refused.text
