"""From nothing to five questions in two languages with branching, in a real browser."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from feedback.lint import read
from tests.web.browsing import DESKTOP, PHONE, Open, enter, fits, is_accessible

pytestmark = pytest.mark.browser

NOTHING = "# mine\nkey: first-weeks\ntitle: First weeks\nlanguages: [en]\nquestions: []\n"
TYPES = ["csat", "single", "text", "nps", "stars"]


def draft(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "feedback.db")) as database:
        found = database.execute("SELECT draft FROM studio_text WHERE key = 'first-weeks'").fetchone()
    return str(found[0])


def write(page: Page, part: str, language: str, words: str) -> None:
    page.locator(f"[name='text|{part}|{language}']").press_sequentially(words)


@pytest.fixture
def nothing(tmp_path: Path) -> None:
    """A questionnaire without questions, in the directory of the installation."""
    (tmp_path / "questionnaires").mkdir()
    (tmp_path / "questionnaires" / "first-weeks.yaml").write_text(NOTHING, encoding="utf-8")


@pytest.mark.usefixtures("nothing")
def test_five_questions_in_two_languages_with_branching(site: str, open_page: Open, tmp_path: Path) -> None:
    page = open_page(viewport=DESKTOP, locale="en")
    enter(page, site, "lead")
    page.goto(f"{site}/studio/first-weeks/edit")
    page.select_option("#new-language", "tr")
    page.get_by_role("button", name="Add language").click()
    expect(page.locator("[name='text|title|tr']")).to_be_visible()
    for number, kind in enumerate(TYPES):
        page.locator(f"#adding-{number} summary").click()
        page.locator(f"#adding-{number} button[value^='add-question {kind} ']").click()
        expect(page.locator("article.question")).to_have_count(number + 1)
        page.locator(f"#adding-{number} summary").click()

    texts = {
        "title": ("", "İlk haftalar"),
        "questions.satisfaction.text": (
            "How satisfied are you so far?",
            "Şu ana kadar ne kadar memnunsunuz?",
        ),
        "questions.single.text": ("Which part matters most: today?", "Bugün en önemli bölüm hangisi?"),
        "questions.single.options.option-1.text": ("Setup", "Kurulum"),
        "questions.single.options.option-2.text": ("Training", "Eğitim"),
        "questions.comment.text": ("What is missing?", "Ne eksik?"),
        "questions.stars.text": ("How was the start?", "Başlangıç nasıldı?"),
    }
    for part, (english, turkish) in texts.items():
        write(page, part, "en", english)
        write(page, part, "tr", turkish)
    page.locator("[name='if|questions.comment.show_if']").select_option("satisfaction|at_most|2")
    condition = page.locator("#questions-comment .condition")
    expect(condition).to_contain_text("the score is 2 or lower")
    page.locator("#questions-single").get_by_role("button", name="Move question 2 up").focus()
    page.keyboard.press("Enter")
    expect(page.locator("article.question").first).to_have_attribute("id", "questions-single")
    page.locator("#questions-stars").get_by_role("button", name="Delete question 5").click()
    expect(page.locator("article.question")).to_have_count(4)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("article.question")).to_have_count(5)

    made = draft(tmp_path)
    questionnaire = read(made).questionnaire
    assert questionnaire
    assert made.startswith("# mine\nkey: first-weeks\n")
    assert [each.type for each in questionnaire.questions] == ["single", "csat", "text", "nps", "stars"]
    for part, wordings in texts.items():
        box = [page.locator(f"[name='text|{part}|{language}']").input_value() for language in ("en", "tr")]
        assert box == [wordings[0] or "First weeks", wordings[1]], part
        assert all(each in made for each in wordings)
    assert questionnaire.questions[2].show_if

    is_accessible(page)
    fits(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    fits(page)


def test_the_form_is_accessible_and_fits_in_persian_on_a_phone_in_the_dark(
    site: str, open_page: Open
) -> None:
    page = open_page(viewport=PHONE, locale="fa", color_scheme="dark")
    enter(page, site, "lead")
    page.goto(f"{site}/account/")
    page.select_option("#language", "fa")
    page.locator("form:has(#language) button[type=submit]").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "fa")
    page.goto(f"{site}/studio/relationship-nps/edit")
    expect(page.locator("html")).to_have_attribute("dir", re.compile("rtl"))
    is_accessible(page)
    fits(page)
