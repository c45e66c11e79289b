"""The story of a campaign in a real browser, from the form to the first answers coming in."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from feedback import clock
from feedback.library import Library
from feedback.services.campaigns import upkeep
from feedback.services.contact import suppression
from feedback.store.database import Database
from feedback.store.models import Account, Contact
from feedback.store.portions import Portions
from feedback.web.app import create_app
from tests import factories_desk
from tests.web.browsing import DESKTOP, PHONE, Open, enter, fits, is_accessible, serving
from tests.web.conftest import runtime_over


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "viewport"), [("en", DESKTOP), ("fa", PHONE)], ids=["english", "persian"]
)
def test_a_lead_asks_a_list_after_a_look_at_who_gets_it(
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
    runtime, now = runtime_over(database, shelf, tmp_path), clock.now()
    with database.writing() as session:
        factories_desk.furnish(session, runtime)["lead"].language = language
        for number in range(20):
            account = Account(external_id=f"x{number}", name=f"Firm {number}", created_at=now, updated_at=now)
            email = f"x{number}@example.com"
            contact = Contact(
                external_id=f"x{number}", account=account, email=email, language=language, created_at=now,
                updated_at=now,
            )  # fmt: skip
            session.add(contact)
            session.flush()
            if number % 4:
                suppression.grant(session, contact, "email", email, basis="consent", source="test", now=now)
    with serving(create_app(runtime)) as site:
        page = open_page(viewport=viewport)
        enter(page, site, "lead")
        page.goto(f"{site}/campaigns/")
        is_accessible(page)
        page.locator("main a[href$='/campaigns/new']").first.click()
        page.wait_for_url("**/campaigns/new")
        fits(page)
        is_accessible(page)
        page.locator("input[name=name]").fill("نظرسنجی بهار" if language == "fa" else "Spring pulse")
        page.locator("select[name=questionnaire]").select_option("relationship-nps")
        page.locator("input[name=audience][value=list]").check()
        page.locator("textarea[name=listed]").fill(
            "\n".join(f"x{number}@example.com" for number in range(20))
        )
        page.locator("form.plan-campaign button[type=submit]").click()
        page.wait_for_url("**/campaigns/1")
        expect(page.locator(".reach strong")).to_have_text("۱۵" if language == "fa" else "15")
        fits(page)
        is_accessible(page)
        page.locator("form[action$=sample] input[name=sample]").fill("10")
        page.locator("form[action$=sample] button").click()
        expect(page.locator(".reach strong")).to_have_text("۱۰" if language == "fa" else "10")
        page.locator("form[action$=start] button").click()
        expect(page.locator("form[action$=pause]")).to_be_visible()
        upkeep.work(Portions(database, rest=lambda _: None), runtime, clock.now())
        # The page looks by itself.
        expect(page.locator(".facts dd").first).to_have_text(
            "۱۰" if language == "fa" else "10", timeout=20_000
        )
        fits(page)
        is_accessible(page)
        page.locator("form[action$=pause] button").click()
        expect(page.locator("form[action$=resume]")).to_be_visible()
    database.close()
