"""From a new installation to the first answer of a customer of one's own, as somebody does it who has only a browser.

The words of the pages are not looked at, so that the same story is told in every language.
"""

from __future__ import annotations

import csv
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from feedback import clock
from feedback.demo import setup
from feedback.web.app import create_app
from feedback.worker import Worker
from tests.web.browsing import DESKTOP, Open, fits, is_accessible, serving

pytestmark = pytest.mark.browser

HEADER = (
    "Record ID", "First Name", "Last Name", "Email", "Phone Number", "Contact owner", "Preferred language",
    "Country/Region", "Unsubscribed from all email", "Legal basis for processing contact's data",
    "Associated Company IDs", "Associated Company",
)  # fmt: skip
PLACES = (("Turkish", "Turkey"), ("Persian", "Iran"), ("English", "United Kingdom"), ("English", "Germany"))
SURVEY = "onboarding-csat"


@dataclass(frozen=True, slots=True)
class Trial:
    """A new installation with simulated channels, and a worker that works when it is told to."""

    site: str
    worker: Worker

    def work(self) -> None:
        self.worker._following.look(at_once=True)
        self.worker.tick()


@pytest.fixture
def trial(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Trial]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "feedback.db").write_bytes(migrated_sqlite.read_bytes())
    runtime = setup.prepare_empty(tmp_path, port=port, fresh=False)
    with serving(create_app(runtime), port) as site:
        yield Trial(site, Worker(runtime, clock.now))
    runtime.database.close()


def exported(folder: Path) -> Path:
    """Twenty contacts of five companies, as HubSpot exports them."""
    book = folder / "hubspot-crm-exports.csv"
    with book.open("w", newline="", encoding="utf-8-sig") as file:
        written = csv.writer(file, quoting=csv.QUOTE_ALL)
        written.writerow(HEADER)
        for number in range(20):
            language, country = PLACES[number % len(PLACES)]
            phone = "call reception" if number == 19 else f"+44 7700 9001{number:02}"
            basis = "" if number == 17 else "Performance of a contract"
            written.writerow(
                (51000 + number, f"First{number}", "Last", f"c{number}@customer.example", phone, "Carol West",
                 language, country, "true" if number == 18 else "false", basis,
                 90000 + number % 5, f"Company {number % 5}")
            )  # fmt: skip
    return book


@pytest.mark.parametrize("language", ["en-US", "fa-IR"])
def test_a_new_installation_leads_to_the_first_answer_in_the_browser_alone(
    trial: Trial, tmp_path: Path, open_page: Open, language: str
) -> None:
    page = open_page(viewport=DESKTOP, locale=language)
    _enter(page, trial.site)
    _brand(page)
    _team(page)
    _import(page, trial, exported(tmp_path))
    _survey(page, trial)
    _ask(page, trial)
    _answer(page, trial)
    _see(page, trial.site)


def _enter(page: Page, site: str) -> None:
    page.goto(f"{site}/")
    page.fill("input[name=email]", setup.ADMIN)
    page.fill("input[name=password]", setup.PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/first-steps/")
    expect(page.locator("li.done")).to_have_count(1)  # the channels
    is_accessible(page)


def _step(page: Page, address: str) -> None:
    """Back to the checklist, and on to the page of a step."""
    if "/first-steps/" not in page.url:
        page.locator(".steps-left a").click()
    page.locator(f"ol.first-steps a[href^='{address}']").first.click()


def _brand(page: Page) -> None:
    _step(page, "/settings/brand")
    page.fill("[name='organisation.name']", "Kestrel")
    page.fill("[name='organisation.privacy_url']", "https://kestrel.example/privacy")
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator(".notice.good")).to_be_visible()


def _team(page: Page) -> None:
    _step(page, "/account/staff")
    page.fill("#name", "Carol West")
    page.fill("#email", "carol.west@kestrel.example")
    page.press("#email", "Enter")
    expect(page.locator(".notice.good")).to_be_visible()


def _import(page: Page, trial: Trial, book: Path) -> None:
    _step(page, "/customers/import")
    page.set_input_files("input[type=file]", book)
    page.locator("form.upload button[type=submit]").click()
    page.locator("form[action$=check] button[type=submit]").click()
    page.wait_for_url("**/import/1")
    trial.work()
    page.locator("form[action$=begin] button").click()  # the page loads itself again until it is there
    page.wait_for_url("**/import/1")
    trial.work()
    two = "2" if page.locator("html[lang=en]").count() else "۲"
    expect(page.locator(".notice.warn")).to_contain_text(two, timeout=30_000)


def _survey(page: Page, trial: Trial) -> None:
    _step(page, "/studio/new/gallery")
    page.locator(f"main a[href$='/{SURVEY}']").click()
    page.locator("form[action$=copy] button, form[action*=gallery] button").last.click()
    page.wait_for_url(f"**/studio/{SURVEY}/edit")
    _step(page, f"/studio/{SURVEY}/preview")
    page.locator("form.send-test button").first.click()
    expect(page.locator(".notice.good")).to_be_visible()
    trial.work()
    page.locator("main a[href='/simulator/']").click()
    page.locator("#people a").first.click()
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("Kestrel")
    is_accessible(page)
    fits(page)


def _ask(page: Page, trial: Trial) -> None:
    _step(page, f"/studio/{SURVEY}/publish")
    page.locator("form[action$=publish] button").click()
    page.locator("main a[href^='/campaigns/new']").click()
    page.fill("#name", "First round")
    expect(page.locator("[name=audience][value=everybody]")).to_be_checked()
    expect(page.locator("#questionnaire")).to_have_value(SURVEY)
    is_accessible(page)
    page.locator("form.plan-campaign button").last.click()
    page.locator("form[action$=start] button").click()
    expect(page.locator("#progress")).to_be_visible()
    for _ in range(3):  # enrolment, invitations, their messages
        trial.work()


def _answer(page: Page, trial: Trial) -> None:
    page.locator("#progress a[href='/simulator/']").click()
    expect(page.locator("#people a")).to_have_count(20)  # 18 customers, the admin and the teammate
    page.locator("#people a", has_text="First2").first.click()
    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_role("link", name="1").first.click()
    survey = opened.value
    expect(survey.locator("#t")).to_be_visible()
    survey.locator("#f button").click()
    survey.locator("#f [type=radio]").first.check(force=True)
    survey.locator("#f button").click()
    survey.fill("textarea", "Nobody showed us the reports.")
    survey.locator("#f button").click()
    expect(survey.locator("#f")).to_have_count(0)
    survey.close()


def _see(page: Page, site: str) -> None:
    """The low score in the queue, and the comment in the reports."""
    page.goto(f"{site}/")
    page.wait_for_url("**/desk/")
    expect(page.locator("main")).to_contain_text("Nobody showed us the reports.")
    page.locator("nav.places a[href='/insights/']").click()
    expect(page.locator("main")).to_contain_text("18" if page.locator("html[lang=en]").count() else "۱۸")
