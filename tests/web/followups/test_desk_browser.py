"""A morning at the desk in a real browser: sign in, take the top task, call, note, close."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.browsing import DESKTOP, PHONE, Open, enter, fits, is_accessible

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without"])
@pytest.mark.parametrize(("who", "language"), [("cem", "en"), ("neda", "fa")])
def test_a_morning(site: str, open_page: Open, who: str, language: str, script: bool) -> None:
    page = open_page(viewport=DESKTOP, locale=language, java_script_enabled=script)
    enter(page, site, who)
    html = page.locator("html")
    assert html.get_attribute("lang") == language
    assert html.get_attribute("dir") == ("rtl" if language == "fa" else "ltr")

    page.locator(".queue .name").first.click()
    page.wait_for_url("**/desk/*")
    page.locator("form[action$='/take'] button").click()
    expect(page.locator("form[action$='/take']")).to_have_count(0)

    page.fill("#contact-note", "Talked for ten minutes.")
    page.locator("button[name=reached][value=yes]").click()
    expect(page.locator(".entry.call")).to_contain_text("Talked for ten minutes.")

    page.fill("#note", "Will send a fix on Friday.")
    page.locator("form.note button").click()
    expect(page.locator(".entry.note")).to_contain_text("Will send a fix")

    page.locator("details.act summary").first.click()
    page.check("input[name=outcome][value=recovered]")
    page.select_option("#cause", "product")
    page.fill("#closing-note", "Fixed and shown.")
    page.locator("form[action$='/close'] button").click()
    expect(page.locator("form[action$='/close']")).to_have_count(0)
    expect(page.locator(".entry.closed")).to_contain_text("Fixed and shown.")

    page.goto(f"{site}/desk/?state=closed")
    expect(page.locator(".queue .row").first).to_be_visible()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("who", "language"), [("lead", "en"), ("neda", "fa")])
def test_the_pages_are_accessible_and_fit(
    site: str, open_page: Open, who: str, language: str, viewport: Any, scheme: Any
) -> None:
    page = open_page(viewport=viewport, locale=language, color_scheme=scheme)
    page.goto(f"{site}/login")
    is_accessible(page)
    fits(page)
    enter(page, site, who)
    for address in (
        "/desk/",
        "/desk/?state=closed",
        "/desk/?search=zzz",
        "/account/",
        "/wan-register",
        "/tf-setup",
        "/inbox/",
        "/questionnaires/",
        "/questionnaires/support-call-csat",
        "/questionnaires/check",
        "/questionnaires/rules/double-barrelled",
        "/deliveries/",
        "/deliveries/messages",
    ):
        page.goto(site + address)
        is_accessible(page)
        fits(page)
    page.goto(f"{site}/desk/")
    page.locator(".queue .name").first.click()
    page.wait_for_url("**/desk/*")
    for summary in page.locator("details.act summary").all():
        summary.click()
    is_accessible(page)
    fits(page)


def test_a_name_of_one_long_word_fits_a_phone(site: str, open_page: Open, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "feedback.db")) as database, database:
        database.execute(
            "UPDATE account SET name = ?", ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerk",)
        )
    page = open_page(viewport=PHONE)
    enter(page, site, "lead")
    fits(page)
    for address in (
        "/insights/comments",
        "/deliveries/messages",
        "/insights/accounts",
        "/insights/accounts/1",
    ):
        page.goto(site + address)
        fits(page)
    page.goto(f"{site}/desk/")
    page.locator(".queue .name").first.click()
    page.wait_for_url("**/desk/*")
    fits(page)


def test_the_keys_walk_tick_and_open(site: str, open_page: Open) -> None:
    page = open_page(viewport=DESKTOP)
    enter(page, site, "cem")
    names = page.locator(".queue .name").all_inner_texts()
    for key in "jjkx":
        page.keyboard.press(key)
    expect(page.locator(".row.at .name")).to_have_text(names[0])
    expect(page.locator(".row.at input")).to_be_checked()
    expect(page.locator(".bulk.ready")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(names[1])


def test_searching_narrows_the_queue_while_typing(site: str, open_page: Open) -> None:
    page = open_page(viewport=DESKTOP)
    enter(page, site, "cem")
    page.keyboard.press("/")
    page.keyboard.type("northwind")
    expect(page.locator(".queue .row")).to_have_count(1)
    expect(page).to_have_url(f"{site}/desk/?whose=all&state=working&search=northwind&kind=&segment=")


def test_two_on_one_task_see_each_other_and_overwrite_nothing(site: str, open_page: Open) -> None:
    cem, lead = open_page(viewport=DESKTOP), open_page(viewport=DESKTOP)
    enter(cem, site, "cem")
    enter(lead, site, "lead")
    cem.locator(".queue .name").first.click()
    cem.wait_for_url("**/desk/*")
    lead.goto(cem.url)
    lead.locator("form[action$='/take'] button").click()
    expect(lead.locator(".entry.taken")).to_be_visible()
    cem.locator("form[action$='/take'] button").click()
    expect(cem.get_by_role("alert")).to_contain_text("Lena Lead")
    expect(cem.locator("dl.facts")).to_contain_text("Lena Lead")


def test_the_door_speaks_the_language_that_is_chosen(site: str, open_page: Open) -> None:
    page = open_page(viewport=PHONE, locale="en")
    page.goto(f"{site}/login")
    page.get_by_role("button", name="فارسی").click()
    expect(page.locator("h1")).to_have_text("ورود")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")


def test_a_passkey_can_be_made_and_signs_in(site: str, open_page: Open) -> None:
    page = open_page(viewport=DESKTOP)
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
    }
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}  # type: ignore[assignment]
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    site = site.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, not to a number
    enter(page, site, "cem")
    page.goto(f"{site}/wan-register")
    page.fill("input[name=name]", "laptop")
    page.locator("form[action$='/wan-register'] button").click()
    expect(page.locator("main")).to_contain_text("laptop")
    page.locator("header .me summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    page.goto(f"{site}/wan-signin")
    page.locator("main form button").first.click()
    page.wait_for_url("**/desk/")
    expect(page.locator(".frame")).to_contain_text("Cem Kaya")


LINES = """() => [...document.querySelectorAll(".why, .facts-line")].map(line => {
    const edge = it => getComputedStyle(line).direction == "rtl" ? -it.right : it.left;
    const words = it => { const range = document.createRange(); range.selectNodeContents(it); return range; };
    const rows = Map.groupBy(line.children, it => Math.round(it.getBoundingClientRect().top));
    return [...rows.values()].map(row => ({
        indent: Math.round(Math.min(...[...words(row[0]).getClientRects()].map(edge))
            - edge(line.getBoundingClientRect())),
        hanging: getComputedStyle(row.at(-1), "::after").content != "none",
        cut: getComputedStyle(line).overflowX,
    }));
})"""


@pytest.mark.parametrize(("who", "language"), [("cem", "en"), ("neda", "fa")])
def test_no_line_of_reasons_ends_or_begins_with_a_dot(
    site: str, open_page: Open, who: str, language: str
) -> None:
    page = open_page(viewport={"width": 360, "height": 800}, locale=language)
    enter(page, site, who)
    page.goto(f"{site}/desk/")
    reasons = page.evaluate(LINES)
    page.locator(".queue .name").first.click()
    page.wait_for_url("**/desk/*")
    facts = page.evaluate(LINES)
    for found in (reasons, facts):
        assert max(len(lines) for lines in found) > 1
        for line in (line for lines in found for line in lines):
            assert line == {"indent": 0, "hanging": False, "cut": "clip"}
