"""The phone beside a text, and the walk through it, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.web.browsing import DESKTOP, PHONE, Open, enter, fits, is_accessible
from tests.web.studio.test_trials import TEXT
from tests.web.studio.test_yaml_browser import WATCH, write

KEY = "support-call-csat"


def test_the_phone_follows_the_text_and_the_walk_stores_nothing(site: str, open_page: Open) -> None:
    page = open_page(viewport=DESKTOP)
    page.add_init_script(WATCH)
    enter(page, site, "lead")
    page.goto(f"{site}/studio/{KEY}/yaml")
    page.get_by_text("Page of the customer").click()
    write(page, TEXT)
    shown = page.frame_locator(".phone iframe:not(.coming)").locator("main")
    expect(shown).to_contain_text("How satisfied are you with Acme?")
    expect(shown).to_contain_text("Trial: nothing is stored.")
    write(page, TEXT.replace("How satisfied", "How very satisfied"))
    expect(shown).to_contain_text("How very satisfied")
    page.locator("select[name=score]").select_option("1")
    page.locator("select[name=page]").select_option("thanks")
    expect(shown).to_contain_text("We are sorry.")
    write(page, "key: [")
    expect(page.get_by_text("The text has errors now.")).to_be_visible()
    expect(shown).to_contain_text("We are sorry.")
    write(page, TEXT)
    expect(page.get_by_text("The text has errors now.")).to_be_hidden()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Draft saved.")).to_be_visible()

    page.goto(f"{site}/studio/{KEY}/preview")
    page.locator(".phone-form select[name=language]").select_option("fa")
    expect(page.frame_locator(".phone iframe:not(.coming)").locator("html")).to_have_attribute("dir", "rtl")
    is_accessible(page)
    fits(page)
    page.set_viewport_size(PHONE)
    fits(page)
    assert page.evaluate("violations") == []

    walk = page.get_by_role("link", name="Begin in English").get_attribute("href")
    customer = open_page(viewport=PHONE)  # nobody is signed in there
    customer.goto(f"{site}{walk}")
    customer.locator("label", has=customer.locator("input[value='1']")).click()
    expect(customer.get_by_role("heading")).to_contain_text("What went wrong?")
    customer.get_by_role("textbox").fill("Everything")
    customer.get_by_role("button", name="Next").click()
    customer.get_by_text("Speed").click()
    customer.get_by_role("button", name="Send").click()
    expect(customer.get_by_role("heading")).to_contain_text("We are sorry.")
    expect(customer.locator("main")).to_contain_text("Everything")


def test_a_page_that_comes_late_does_not_take_the_place_of_a_newer_one(site: str, open_page: Open) -> None:
    page = open_page(viewport=DESKTOP)
    enter(page, site, "lead")
    page.goto(f"{site}/studio/{KEY}/preview")
    phones = page.locator(".phone iframe")
    shown = page.frame_locator(".phone iframe:not(.coming)").locator("main")
    expect(shown).to_contain_text("Question 1")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/preview/page", hold)
    for field, value, waiting in (("score", "1", 1), ("page", "thanks", 2)):
        with page.expect_request("**/preview/page"):
            page.locator(f"select[name={field}]").select_option(value)
        expect(phones).to_have_count(waiting + 1)
    first, second = held
    first.continue_()
    expect(shown.get_by_role("radio").first).to_be_checked()
    second.continue_()
    expect(shown.get_by_role("heading")).to_be_visible()
    expect(phones).to_have_count(1)
    expect(shown.get_by_role("radio")).to_have_count(0)
