"""The first steps of a new installation, from the first sign-in of its admin to the first test message."""

from __future__ import annotations

import re
from pathlib import Path

from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.library import Library
from feedback.store.database import Database
from feedback.web.app import create_app
from feedback.worker import Worker
from tests.fakes.fake_smtp import FakeSmtp
from tests.web.browsing import DESKTOP, Open, enter, fits, is_accessible, serving
from tests.web.conftest import SignIn
from tests.web.settings.conftest import new_installation

CUSTOMERS = "external_id,name,email\nC-1,Deniz Demir,deniz@example.com\n"


def test_an_admin_of_a_new_installation_starts_on_the_checklist_and_others_do_not(
    admin: FlaskClient, fresh: Runtime
) -> None:
    assert admin.get("/").headers["Location"] == "/first-steps/"
    page = admin.get("/first-steps/").text
    assert "0 of 7 done" in page
    assert page.index('aria-current="step"') < page.index("Channels")


def test_who_dismisses_the_checklist_starts_in_the_queue_and_still_finds_it(admin: FlaskClient) -> None:
    assert admin.post("/first-steps/dismiss").headers["Location"] == "/"
    assert admin.get("/").headers["Location"] == "/desk/"
    assert admin.get("/first-steps/").status_code == 200


def test_where_surveys_were_answered_nobody_is_led_through_first_steps(sign_in: SignIn) -> None:
    assert sign_in("admin").get("/").headers["Location"] == "/desk/"


def test_a_new_teammate_is_invited_by_mail_in_the_name_of_the_admin(
    admin: FlaskClient, fresh: Runtime, smtp: FakeSmtp
) -> None:
    form = {"name": "Ben", "email": "ben@example.com", "role": "csm"}
    admin.post("/account/staff", data=form)
    assert "They can set a password with" in admin.get("/account/staff").text, "no channel yet"
    mail = {"providers.enabled": ["", "on"], "smtp.host": "127.0.0.1", "smtp.port": str(smtp.port)}
    mail |= {"smtp.security": "none", "smtp.sender": "hello@acme.example"}
    assert admin.post("/settings/email", data=mail).status_code == 303
    admin.post("/account/staff", data=form | {"email": "eva@example.com", "name": "Eva"})
    worker = Worker(fresh, clock.now)
    worker._following.look(at_once=True)
    worker.tick()
    (sent,) = smtp.mails
    assert sent.recipients == ("eva@example.com",)
    body = sent.message.get_content()
    assert "Ada Admin has invited you" in body
    assert re.search(r"/reset\b", body)


def test_the_story_of_the_first_steps(
    migrated_sqlite: Path, shelf: Library, tmp_path: Path, open_page: Open, smtp: FakeSmtp
) -> None:
    file = tmp_path / "feedback.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    runtime = new_installation(Database(f"sqlite:///{file}"), shelf, tmp_path)
    worker = Worker(runtime, clock.now)
    with serving(create_app(runtime)) as site:
        page = open_page(viewport=DESKTOP)
        enter(page, site, "ada")
        expect(page).to_have_url(f"{site}/first-steps/")
        is_accessible(page)
        _brand(page)
        _mail(page, site, smtp)
        _team(page, site)
        _customers(page, site, tmp_path, worker)
        _survey(page, site, worker)
        assert [mail.recipients for mail in smtp.mails][-1] == ("ada@example.com",)
        assert smtp.mails[-1].message["Subject"].startswith("TEST")
        _ask(page, site)
        page.goto(f"{site}/")
        expect(page).to_have_url(f"{site}/desk/")
        page.goto(f"{site}/first-steps/")
        expect(page.locator(".notice.good")).to_contain_text("Everything is set up.")
    runtime.database.close()


def _step(page: Page, site: str, heading: str, link: str) -> None:
    page.goto(f"{site}/")
    page.locator("ol.first-steps > li", has_text=heading).get_by_role("link", name=link).click()


def _brand(page: Page) -> None:
    page.get_by_role("link", name="Set name and branding").click()
    page.fill("[name='organisation.name']", "Acme")
    page.fill("[name='organisation.privacy_url']", "https://acme.example/privacy")
    page.get_by_role("button", name="Preview").click()
    expect(page.frame_locator("iframe").first.locator("body")).to_contain_text("Acme")
    is_accessible(page)
    fits(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".notice.good")).to_contain_text("Saved.")


def _mail(page: Page, site: str, smtp: FakeSmtp) -> None:
    _step(page, site, "Channels", "Set up e-mail")
    page.get_by_role("switch").check()
    page.fill("[name='smtp.host']", "127.0.0.1")
    page.fill("[name='smtp.port']", str(smtp.port))
    page.select_option("[name='smtp.security']", "none")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".notice.bad")).to_contain_text("Correct the marked fields.")
    expect(page.locator("#field-smtp-sender")).to_contain_text("Set the mail server and the sender.")
    page.fill("[name='smtp.sender']", "Acme <hello@acme.example>")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name=re.compile("Send a test to")).click()
    expect(page.locator(".notice.good")).to_contain_text("Accepted")
    assert len(smtp.mails) == 1
    page.get_by_role("link", name="Go on").click()
    expect(page).to_have_url(f"{site}/first-steps/")


def _team(page: Page, site: str) -> None:
    _step(page, site, "Team", "Add a teammate")
    page.fill("#name", "Ben")
    page.fill("#email", "ben@example.com")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".notice.good")).to_contain_text("invitation")


def _customers(page: Page, site: str, folder: Path, worker: Worker) -> None:
    _step(page, site, "Customers", "Import customers")
    book = folder / "customers.csv"
    book.write_text(CUSTOMERS, encoding="utf-8")
    page.set_input_files("input[type=file]", book)
    page.locator("form.upload button[type=submit]").click()
    page.locator("select[name=basis]").select_option("contract")
    page.locator("form[action$=check] button[type=submit]").last.click()
    page.wait_for_url("**/import/1")
    worker.tick()
    page.goto(f"{site}/customers/import/1")
    page.locator("form[action$=begin] button").click()
    page.wait_for_url("**/import/1")
    worker.tick()


def _survey(page: Page, site: str, worker: Worker) -> None:
    _step(page, site, "First survey", "Choose a template")
    page.locator("main a[href*='/studio/new/gallery/']").first.click()
    page.get_by_role("button", name="Create draft").click()
    page.wait_for_url(lambda url: "/new/" not in url)
    _step(page, site, "Test message", "Send a test")
    page.get_by_role("button", name="Send to ada@example.com").click()
    expect(page.locator(".notice.good")).to_contain_text("Test queued")
    worker._following.look(at_once=True)
    worker.tick()


def _ask(page: Page, site: str) -> None:
    _step(page, site, "First customers", "Ask customers")
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("link", name="Ask customers now").click()
    page.fill("#name", "First round")
    page.get_by_role("button", name="Save and preview").click()
    page.get_by_role("button", name="Ask 1 contact").click()
    expect(page.locator(".notice.good")).to_contain_text("The campaign is started.")
