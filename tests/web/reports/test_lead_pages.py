"""A lead's morning in a real browser: the score, whether it changed, who says what, the board's page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.core.metrics import METRICS
from feedback.core.time.period import quarter_of
from feedback.library import Library
from feedback.services import rollups
from feedback.store.database import Database
from feedback.web.app import create_app
from tests import factories_desk, factories_history, factories_reports
from tests.web.browsing import DESKTOP, PHONE, Open, enter, fits, is_accessible, serving
from tests.web.conftest import runtime_over

pytestmark = pytest.mark.browser

PAGES = ("", "scores/relationship/score?period=year", "comments", "loop", "accounts", "accounts/7", "quarter")


@pytest.fixture(scope="module")
def site(migrated_sqlite: Path, shipped: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an office with a year of answers, whose lead reads Persian as well as English."""
    directory = tmp_path_factory.mktemp("year")
    file = directory / "feedback.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    database = Database(f"sqlite:///{file}")
    runtime = runtime_over(database, Library(shipped.questionnaires, shipped.journey), directory)
    with database.writing() as session:
        people = factories_desk.furnish(session, runtime)
        people["viewer"].language = "fa"
        factories_history.furnish(session, runtime, people, clock.now(), answers=400)
        _ask_everything(session, runtime)
    with serving(create_app(runtime)) as address:
        yield address
    database.close()


def _ask_everything(session: Session, runtime: Runtime) -> None:
    """Ten answers a month of the last quarter to each survey that the year knows nothing of."""
    last = quarter_of(quarter_of(clock.now().date()).start - timedelta(days=1))
    begin = datetime.combine(last.start, time(12), UTC)
    for questionnaire in runtime.library.questionnaires.values():
        scored = questionnaire.scored
        if questionnaire.key in factories_history.WEIGHTS or scored is None or not scored.metric:
            continue
        for number in range(30):
            factories_reports.answered(
                session, METRICS[scored.metric].maximum - number % 3, begin + timedelta(days=3 * number),
                library=runtime.library, questionnaire=questionnaire.key, question=scored.key,
                trend=questionnaire.trend or questionnaire.key, metric=scored.metric,
            )  # fmt: skip
    rollups.rebuild(session)


@pytest.mark.parametrize(("who", "language"), [("lead", "en"), ("viewer", "fa")])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_can_be_read_by_everybody(
    site: str, open_page: Open, who: str, language: str, viewport: dict[str, int]
) -> None:
    page = open_page(viewport=viewport)
    enter(page, site, who)
    for address in PAGES:
        page.goto(f"{site}/insights/{address}")
        assert page.locator("html").get_attribute("lang") == language
        fits(page)
        is_accessible(page)


def test_a_dark_room_changes_the_colours_and_not_the_contrast(site: str, open_page: Open) -> None:
    page = open_page(viewport=DESKTOP, color_scheme="dark")
    enter(page, site, "lead")
    for address in ("", "scores/relationship/score?period=year"):
        page.goto(f"{site}/insights/{address}")
        is_accessible(page)


def test_a_lead_goes_from_the_score_to_the_words_without_javascript(site: str, open_page: Open) -> None:
    page = open_page(viewport=DESKTOP, java_script_enabled=False)
    enter(page, site, "lead")
    page.get_by_role("link", name="Insights").click()
    page.get_by_role("link", name="12 months").click()
    page.locator(".glances").get_by_role("link", name="Relationship").click()
    page.wait_for_url("**/insights/scores/relationship/score**")
    expect(page.locator(".chart.wide").first).to_be_visible()
    page.locator("details.behind summary").last.click()
    expect(page.get_by_role("rowheader", name="Dec", exact=False).first).to_be_visible()

    page.select_option("select[name=a]", "channel:sms")
    page.select_option("select[name=b]", "channel:email")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".verdict")).to_contain_text("SMS")

    page.get_by_role("link", name="Read comments").click()
    page.select_option("select[name=band]", "detractor")
    page.get_by_role("button", name="Apply").last.click()
    expect(page.locator(".comments .score").first).to_have_class("score low")
    colour = "each => getComputedStyle(each).backgroundColor"
    here = page.locator(".comments .score.low").first.evaluate(colour)
    page.goto(f"{site}/desk/")
    assert here == page.locator(".score.low").first.evaluate(colour)


def test_on_a_phone_the_filters_of_the_comments_are_folded_until_one_is_set(
    site: str, open_page: Open
) -> None:
    page = open_page(viewport=PHONE, java_script_enabled=False)
    enter(page, site, "lead")
    page.goto(f"{site}/insights/comments")
    expect(page.locator("select[name=band]")).to_be_hidden()
    page.get_by_text("Filters", exact=True).click()
    page.select_option("select[name=band]", "bad")
    page.get_by_role("button", name="Apply").last.click()
    page.wait_for_url("**band=bad**")
    expect(page.locator("select[name=band]")).to_be_visible()
    page.set_viewport_size(DESKTOP)
    page.goto(f"{site}/insights/comments")
    expect(page.locator("select[name=band]")).to_be_visible()
    expect(page.get_by_text("Filters", exact=True)).to_be_hidden()


@pytest.mark.parametrize("who", ["lead", "viewer"])
def test_no_interval_of_a_breakdown_is_cut_off_on_a_desk(site: str, open_page: Open, who: str) -> None:
    page = open_page(viewport=DESKTOP)
    enter(page, site, who)
    page.goto(f"{site}/insights/scores/relationship/score?period=year")
    cards = page.locator(".scroll:has(.forest)")
    assert cards.count() > 2
    for card in cards.all():
        assert card.evaluate("it => it.scrollWidth <= it.clientWidth"), card.get_attribute("aria-label")


def test_a_mirrored_chart_starts_where_the_reader_does(site: str, open_page: Open) -> None:
    def first_and_last(who: str) -> tuple[float, float]:
        page = open_page(viewport=DESKTOP)
        enter(page, site, who)
        page.goto(f"{site}/insights/scores/relationship/score?period=year")
        marks = page.locator(".chart.wide .mark")
        boxes = [marks.nth(at).bounding_box() for at in (0, marks.count() - 1)]
        assert boxes[0] and boxes[1]
        return boxes[0]["x"], boxes[1]["x"]

    english, persian = first_and_last("lead"), first_and_last("viewer")
    assert english[0] < english[1]
    assert persian[0] > persian[1]


@pytest.mark.parametrize("who", ["lead", "viewer"])
def test_the_quarterly_report_is_one_sheet_and_its_appendix_begins_on_another(
    site: str, open_page: Open, who: str
) -> None:
    page = open_page(viewport=DESKTOP)
    enter(page, site, who)
    page.goto(f"{site}/insights/quarter")
    page.emulate_media(media="print")
    expect(page.locator("header.frame")).to_be_hidden()
    expect(page.locator(".tabs")).to_be_hidden()
    expect(page.locator(".essence .entry-of .chart.sheet")).to_have_count(4)
    expect(page.locator(".essence .card > .scroll tbody tr").first).to_be_visible()
    expect(page.locator(".appendix h2").first).to_be_visible()
    printed = sheets(page)
    appendix = page.locator(".appendix").evaluate_handle("it => { it.remove(); return it }")
    assert sheets(page) == 1
    page.evaluate("appendix => document.querySelector('.report').replaceChildren(appendix)", appendix)
    assert sheets(page) == printed - 1


def sheets(page: Page) -> int:
    """How many A4 sheets the browser prints the page on."""
    data = page.pdf(format="A4", print_background=True)
    return len(re.findall(rb"/Type\s*/Page(?!s)", data))


@pytest.mark.parametrize("who", ["lead", "viewer"])
def test_no_table_of_the_printed_report_is_cut_off(site: str, open_page: Open, who: str) -> None:
    page = open_page(viewport={"width": 688, "height": 1000})  # A4 without its margins
    enter(page, site, who)
    page.goto(f"{site}/insights/quarter")
    page.emulate_media(media="print")
    assert page.locator(".report table:visible").count() > 2
    sheet = page.locator(".report").bounding_box()
    assert sheet
    for table in page.locator(".report table:visible").all():
        box = table.bounding_box()
        assert box
        assert sheet["x"] - 1 <= box["x"]
        assert box["x"] + box["width"] <= sheet["x"] + sheet["width"] + 1
