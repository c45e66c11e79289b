"""The ten minutes of a lead who has never seen the studio: from nothing to a published survey, in a real browser."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from feedback.core.questionnaire import Questionnaire
from feedback.lint import read
from tests.web.browsing import DESKTOP, PHONE, Open, enter, fits, is_accessible

pytestmark = pytest.mark.browser

KEY = "first-weeks"
PAGES = (
    "", "new", "new/gallery", "new/gallery/training-csat", "new/items", "journey/edit?stage=renewal", "journey/history",
    "relationship-nps/edit", "relationship-nps/edit?open=questions.score&open=follow_ups", "offboarding/edit?add=1",
    "relationship-nps/preview", "relationship-nps/translations", "relationship-nps/history",
    "relationship-nps/compare", "relationship-nps/publish", "relationship-nps/yaml",
)  # fmt: skip


def draft(folder: Path, key: str = KEY) -> str:
    with closing(sqlite3.connect(folder / "feedback.db")) as database:
        found = database.execute("SELECT draft FROM studio_text WHERE key = ?", (key,)).fetchone()
    return str(found[0]) if found else ""


def questionnaire(folder: Path, key: str = KEY) -> Questionnaire:
    found = read(draft(folder, key)).questionnaire
    assert found
    return found


def box(page: Page, part: str, language: str) -> str:
    return f"[name='text|{part}|{language}']"


def in_persian(page: Page, site: str) -> None:
    page.goto(f"{site}/account/")
    page.select_option("#language", "fa")
    page.locator("form:has(#language) button[type=submit]").first.click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")


def begin(page: Page, site: str, title: str, language: str, also: str) -> None:
    """From the list of texts to a draft that measures satisfaction in two languages."""
    page.goto(f"{site}/studio/")
    page.locator("a[href='/studio/new']").click()
    page.fill("#blank-title", title)
    page.select_option("#metric", "csat")
    page.select_option("#blank-language", language)
    blank = page.locator("section:has(#blank)")
    blank.locator(f"[name=also][value={also}]").check()
    blank.locator("button[type=submit]").click()


def publish(page: Page) -> None:
    page.locator("nav.tabs a[href$='/publish']").click()
    for warning in page.locator("[name=accept]").all():
        warning.check()
    page.locator("form:has(#note) button[type=submit]").click()
    expect(page.locator(".notice.good")).to_be_visible()
    expect(page.locator("#next-steps")).to_be_visible()


def test_a_lead_makes_tries_and_publishes_a_survey(site: str, open_page: Open, tmp_path: Path) -> None:
    page = open_page(viewport=DESKTOP, locale="en")
    enter(page, site, "lead")
    begin(page, site, "First weeks", "en", "tr")
    page.locator(box(page, "title", "tr")).press_sequentially("İlk haftalar")

    def add(kind: str, at: int) -> None:
        page.wait_for_load_state("networkidle")  # no answer that draws the form again is on its way
        page.locator(f"#adding-{at} summary").click()
        page.locator(f"#adding-{at} button[value='add-question {kind}']").click()
        expect(page.locator("article.question")).to_have_count(at + 2)

    add("single", 1)
    written = {
        box(page, "questions.single.text", "en"): "Which part matters most: today?",
        box(page, "questions.single.text", "tr"): "Bugün en önemli bölüm hangisi?",
        box(page, "questions.single.options.option-1.text", "en"): "Setup",
        box(page, "questions.single.options.option-1.text", "tr"): "Kurulum",
        box(page, "questions.single.options.option-2.text", "en"): "Training",
        box(page, "questions.single.options.option-2.text", "tr"): "Eğitim",
    }
    expect(page.locator(next(iter(written)))).to_be_focused()
    for (
        field,
        words,
    ) in written.items():  # as fast as nobody types: the answers come while other boxes are filled
        page.locator(field).press_sequentially(words)
    page.get_by_role("button", name="Add “other”").click()
    page.locator(box(page, "questions.single.options.other.text", "en")).fill("Something else")
    page.locator(box(page, "questions.single.options.other.text", "tr")).fill("Başka bir şey")
    page.locator("[name='if|questions.single.show_if']").select_option("csat|at_most|2")
    expect(page.locator("#questions-single .condition")).to_contain_text("the score is 2 or lower")
    add("stars", 2)
    page.locator(box(page, "questions.stars.text", "en")).press_sequentially("How was the start?")
    page.locator(box(page, "questions.stars.text", "tr")).press_sequentially("Başlangıç nasıldı?")
    add("nps", 3)
    expect(page.locator("#status")).not_to_contain_text("missing")
    for field, words in written.items():
        expect(page.locator(field)).to_have_value(words)
        assert words in draft(tmp_path)
    made = questionnaire(tmp_path)
    assert [each.type for each in made.questions] == ["csat", "single", "stars", "nps", "text"]
    assert made.questions[1].show_if

    # The phone beside the form shows the question that was written last.
    page.locator("[data-beside]").evaluate("each => each.open = true")
    page.wait_for_load_state("networkidle")
    page.locator(box(page, "questions.single.text", "en")).focus()
    shown = page.frame_locator(".phone iframe:not(.coming)").locator("main")
    expect(shown).to_contain_text("Which part matters most")
    is_accessible(page)
    fits(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    fits(page)

    page.locator(box(page, "questions.stars.text", "tr")).fill("Başlangıç sizin için nasıldı?")
    page.locator("nav.tabs a[href$='/preview']").click()  # at once: what was typed last is saved first
    page.wait_for_url("**/preview")
    assert "Başlangıç sizin için nasıldı?" in draft(tmp_path)
    page.get_by_role("button", name="Send to lead@example.com").click()
    expect(page.locator(".notice.good")).to_contain_text("Test queued")
    walk = page.get_by_role("link", name="Begin in English").get_attribute("href")
    customer = open_page(viewport=PHONE)
    customer.goto(f"{site}{walk}")
    customer.locator("label", has=customer.locator("input[value='1']")).click()
    expect(customer.get_by_role("heading")).to_contain_text("Which part matters most")
    publish(page)


def test_the_same_in_persian_on_a_phone_in_the_dark_without_a_script(
    site: str, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(viewport=PHONE, locale="fa", color_scheme="dark", java_script_enabled=False)
    enter(page, site, "lead")
    in_persian(page, site)
    begin(page, site, "First weeks هفته‌های اول", "fa", "en")
    page.fill(box(page, "title", "en"), "First weeks")
    for kind, at in (("single", 1), ("stars", 2), ("nps", 3)):
        page.locator(f"a[href$='#adding-{at}']").click()
        page.locator(f"#adding-{at} button[value='add-question {kind}']").click()
        expect(page.locator("article.question")).to_have_count(at + 2)
        assert re.search(r"#questions-\w+$", page.url)  # the page goes on at the new question
    for card, texts in {
        "single": {"text": ("کدام بخش؟", "Which part?"), "options.option-1.text": ("راه‌اندازی", "Setup"),
                   "options.option-2.text": ("آموزش", "Training")},
        "stars": {"text": ("شروع چطور بود؟", "How was the start?")},
    }.items():  # fmt: skip
        for part, (persian, english) in texts.items():
            page.fill(box(page, f"questions.{card}.{part}", "fa"), persian)
            page.fill(box(page, f"questions.{card}.{part}", "en"), english)
        if card == "single":
            page.locator("#questions-single .opener").click()
            page.locator("[name='if|questions.single.show_if']").select_option("csat|at_most|2")
        page.locator(f"#questions-{card} .no-script button").click()
    page.fill(box(page, "title", "en"), "First weeks")
    page.locator("#survey .no-script button").click()
    made = questionnaire(tmp_path)
    assert [each.type for each in made.questions] == ["csat", "single", "stars", "nps", "text"]
    assert made.title.to("en") == "First weeks"
    assert made.questions[1].show_if
    publish(page)


def test_questions_are_added_moved_and_deleted_by_keyboard_alone(
    site: str, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(viewport=DESKTOP)
    enter(page, site, "lead")
    page.goto(f"{site}/studio/relationship-nps/edit")
    expect(page.locator("html.scripted")).to_be_attached()
    keys = page.locator("article.question").evaluate_all("all => all.map(each => each.dataset.key)")

    def press(selector: str) -> None:
        page.locator(selector).press("Enter")  # as one step: the form may be drawn again at any moment

    press("#adding-0 summary")
    for _ in range(3):  # the third type
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("article.question")).to_have_count(len(keys) + 1)
    expect(page.locator(".question[data-place='0'] textarea").first).to_be_focused()
    page.keyboard.type("Typed at once")
    press("#questions-effort-down")
    expect(page.locator("article.question").nth(1)).to_have_attribute("id", "questions-effort")
    expect(page.locator("#questions-effort-down")).to_be_focused()
    press("#questions-effort-delete")
    expect(page.locator("article.question")).to_have_count(len(keys))
    assert [each.key for each in questionnaire(tmp_path, "relationship-nps").questions] == keys
    press("#undo button[value=undo]")
    expect(page.locator("article.question")).to_have_count(len(keys) + 1)
    assert "Typed at once" in draft(tmp_path, "relationship-nps")

    # The settings of a question open where its line was, and stay open while somebody goes on.
    press("#questions-improve .opener")
    expect(page.locator("#questions-improve-more > summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("the score is 6")
    expect(page.locator("#questions-improve .condition")).to_contain_text("Only if")
    assert questionnaire(tmp_path, "relationship-nps").by_key["improve"].show_if
    press("#questions-keep-up")
    expect(page.locator("#questions-keep-down")).to_be_enabled()
    expect(page.locator("#questions-improve-more")).to_be_attached()


def test_two_people_in_one_draft_lose_nothing(site: str, open_page: Open, tmp_path: Path) -> None:
    lena, ada = open_page(viewport=DESKTOP), open_page(viewport=DESKTOP)
    for page, who in ((lena, "lead"), (ada, "admin")):
        enter(page, site, who)
        page.goto(f"{site}/studio/relationship-nps/edit")
    expect(ada.get_by_text("has this open")).to_be_visible()
    score, improve = (box(ada, f"questions.{key}.text", "en") for key in ("score", "improve"))

    # Different questions: both are saved.
    lena.locator(score).fill("How likely are you to recommend us, Lena asks?")
    expect(lena.locator("#undo")).to_be_visible()
    ada.locator(improve).fill("What would Ada improve?")
    expect(ada.locator("#undo")).to_be_visible()
    assert all(each in draft(tmp_path, "relationship-nps") for each in ("Lena asks?", "would Ada improve?"))

    # The same text: the second one reads both, and decides.
    lena.locator(improve).fill("What would Lena improve?")
    expect(lena.locator("[data-conflict]")).to_be_visible()
    expect(lena.locator("#questions-improve")).to_contain_text("Saved now: What would Ada improve?")
    expect(lena.locator(improve)).to_have_value("What would Lena improve?")
    lena.locator(improve).press_sequentially(" Really?")
    lena.locator(box(lena, "title", "en")).fill("Another part")  # is saved as before
    expect(lena.locator("#undo")).to_be_visible()
    assert "would Ada improve?" in draft(tmp_path, "relationship-nps")
    assert lena.locator(improve).input_value() == "What would Lena improve? Really?"
    lena.locator(improve).fill("What would both improve?")
    lena.locator("#questions-improve [name=do][value=save]:visible").click()
    expect(lena.locator("[data-conflict]")).to_have_count(0)
    assert "What would both improve?" in draft(tmp_path, "relationship-nps")


def test_every_page_of_the_studio_is_accessible_and_fits(site: str, open_page: Open) -> None:
    page = open_page(viewport=PHONE, color_scheme="dark")
    enter(page, site, "lead")
    for address in PAGES:
        page.goto(f"{site}/studio/{address}")
        is_accessible(page)
        fits(page)
    in_persian(page, site)
    for address in ("new", "relationship-nps/edit"):
        page.goto(f"{site}/studio/{address}")
        is_accessible(page)
        fits(page)
