"""The YAML editor in a real browser, under the policy of the page."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.browsing import DESKTOP, Open, enter, fits, is_accessible

FAULTY = """\
key: support-call-csat
title: {en: Visit, fa: بازدید}
languages: [en, fa]
questions:
  - key: score
    type: csat
    purpose: Find faults.
    text:
      en: "🙂 How satisfied or dissatisfied are you with the visit? Please give us a 5."
      fa: "از بازدید چقدر راضی یا ناراضی هستید؟"
"""
WATCH = (
    "window.violations = [];"
    "addEventListener('securitypolicyviolation', event => violations.push(event.violatedDirective));"
)


def typed(page: Page) -> str:
    return str(page.evaluate("document.querySelector('[data-yaml]').editor.state.doc.toString()"))


def write(page: Page, text: str) -> None:
    script = """text => { const view = document.querySelector('[data-yaml]').editor;
        view.dispatch({changes: {from: 0, to: view.state.doc.length, insert: text}, selection: {anchor: text.length}});
        view.focus(); }"""
    page.evaluate(script, text)


def test_the_editor_marks_completes_applies_and_saves(site: str, open_page: Open) -> None:
    page = open_page(viewport=DESKTOP)
    page.add_init_script(WATCH)
    enter(page, site, "lead")
    page.goto(f"{site}/studio/support-call-csat/yaml")
    expect(page.get_by_role("textbox", name="Text (YAML)")).to_be_visible()
    write(page, FAULTY)
    mark = page.locator(".cm-lintRange").first
    expect(mark).to_be_visible()
    assert "give us a 5" in page.locator("#found").inner_text()
    assert page.locator(".cm-lint-marker").count() >= 1
    assert page.locator('.cm-line [dir="rtl"]').count() >= 2
    item = page.locator("[data-finding]", has_text="score-begging")
    item.locator('[data-part="place"]').click()
    selected = page.evaluate(
        "(() => { const state = document.querySelector('[data-yaml]').editor.state, range = state.selection.main;"
        " return state.sliceDoc(range.from, range.to); })()"
    )
    assert selected
    assert selected in "Please give us a 5."
    item.get_by_role("button", name="Apply").click()
    expect(page.locator("[data-finding]", has_text="score-begging")).to_have_count(0)
    assert '"🙂 How satisfied or dissatisfied are you with the visit?"' in typed(page)
    page.get_by_role("button", name="Undo").click()
    assert typed(page) == FAULTY

    write(page, FAULTY + "  - key: why\n    type: text\n    ")
    page.keyboard.type("req")
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("required")
    page.wait_for_timeout(100)  # an Enter right after the list appears is a new line
    page.keyboard.press("Enter")
    page.keyboard.type("t")
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("true")
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")
    assert typed(page).endswith("    required: true")

    write(page, "key: [\n\tno yaml")
    expect(page.locator("#found")).to_contain_text("This is not YAML")
    is_accessible(page)
    fits(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Draft saved.")).to_be_visible()
    assert typed(page) == "key: [\n\tno yaml"
    assert page.evaluate("violations") == []
