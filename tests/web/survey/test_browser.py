"""The customer's page in a real browser: narrow, wide, without scripts, by touch and by keyboard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flask import Response
from sqlalchemy import select, update
from werkzeug.serving import WSGIRequestHandler, make_server

from feedback import clock
from feedback.services.responses import open_links
from feedback.services.responses.open_links import LinkKind
from feedback.store.models import AnswerRow, Invitation, Link
from tests.factories_all_types import EVERYTHING, LANGUAGES
from tests.factories_surveys import NPS, TOKEN
from tests.web.survey.conftest import Opener, Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

KEYS = [question.key for question in EVERYTHING.questions]
TOO_SMALL = """() => [...document.querySelectorAll("a, button, summary, label, input, textarea, select")]
    .filter(it => it.checkVisibility() && it.type != "hidden" && !it.closest("label, details ul, [hidden]"))
    .concat([...document.querySelectorAll("label")])
    .map(it => [it.outerHTML.slice(0, 60), it.getBoundingClientRect()])
    .filter(([, box]) => box.height > 0 && (box.width < 44 || box.height < 44)).map(([it]) => it)"""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *arguments: Any) -> None:
        """Nothing: a line per request would bury a failure."""


@pytest.fixture
def listen() -> Iterator[Any]:
    """Serves a WSGI application on a real socket and gives its address."""
    servers = []

    def listen(app: Any) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.port}"

    yield listen
    for server in servers:
        server.shutdown()


@pytest.fixture
def serve(listen: Any) -> Any:
    """Serves a site and gives the address of its survey."""

    def serve(site: Site) -> str:
        with site.runtime.database.writing() as session:
            session.execute(update(Invitation).values(expires_at=clock.now() + timedelta(days=300)))
        return f"{listen(site.app)}/{TOKEN}"

    return serve


@pytest.fixture
def address(open_site: Opener, serve: Any) -> str:
    """The survey of everything."""
    return str(serve(open_site(EVERYTHING)))


def open_page(browser: Browser, width: int = 320, **options: Any) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 640}, **options).new_page()
    page.set_default_timeout(8_000)
    return page


def faults(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, as `rule: element`."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    return [
        f"{each['id']}: {node['html'][:120]}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_type_fits_a_small_phone_and_is_accessible(
    browser: Browser, address: str, language: str
) -> None:
    page = open_page(browser)
    for key in KEYS:
        page.goto(f"{address}?q={key}&l={language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, key
        assert page.evaluate(TOO_SMALL) == [], key
        assert faults(page) == [], key


@pytest.mark.parametrize(
    ("language", "scheme"), [(each, ("light", "dark")[at % 2]) for at, each in enumerate(LANGUAGES)]
)
def test_every_type_is_accessible_on_a_desktop(
    browser: Browser, address: str, language: str, scheme: str
) -> None:
    page = open_page(browser, 1280, color_scheme=scheme)
    for key in KEYS:
        page.goto(f"{address}?q={key}&l={language}")
        assert page.evaluate(TOO_SMALL) == [], key
        assert faults(page) == [], key


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_mistakes_thanks_and_notices_are_accessible(browser: Browser, address: str, scheme: str) -> None:
    page = open_page(browser, color_scheme=scheme)
    for key in ("nps", "csat", "multi", "matrix", "contact"):
        page.goto(f"{address}?q={key}&l=fa")
        page.click("button")
        page.wait_for_selector("[role=alert]")
        assert faults(page) == [], key
    answer_everything(page, address)
    assert faults(page) == [] and page.evaluate(TOO_SMALL) == []
    page.goto(address.replace(TOKEN, "A" * 12))
    assert faults(page) == [] and page.evaluate(TOO_SMALL) == []


ANSWERS = {"nps": ["nps=4"], "csat": ["csat=4"], "matrix": ["matrix.product=4", "matrix.support=2"]}


def answer_everything(page: Page, address: str) -> None:
    """Answers the required questions by the keyboard; the others are passed by the button."""
    page.goto(address)
    for key in KEYS:
        for name, _, value in (each.partition("=") for each in ANSWERS.get(key, [])):
            page.focus(f"[name='{name}'][value='{value}']")
            page.keyboard.press("Space")
        if key == "multi":
            page.check("[value=slow]")
            page.check("[value=other]")
            page.fill("[name='multi.text']", "The weather")
        if key == "contact":
            page.fill("[name=contact]", "sam@example.com")
        with page.expect_navigation():
            page.click("button")


def stored(site: Site) -> dict[str, Any]:
    with site.runtime.database.reading() as session:
        return {row.question: row.text or row.value for row in session.scalars(select(AnswerRow))}


def test_everything_works_without_scripts(browser: Browser, open_site: Opener, serve: Any) -> None:
    site = open_site(EVERYTHING)
    page = open_page(browser, java_script_enabled=False)
    answer_everything(page, serve(site))
    assert page.locator("h1").inner_text() == "Thank you for your feedback."
    assert stored(site) == {
        "nps": 4,
        "csat": 4,
        "multi": "The weather",
        "matrix": {"product": 4, "support": 2},
        "contact": "sam@example.com",
    }


@pytest.fixture
def nps(open_site: Opener) -> Site:
    return open_site(NPS)


def test_one_tap_saves_the_score_and_goes_on(browser: Browser, nps: Site, serve: Any) -> None:
    page = open_page(browser, has_touch=True)
    page.goto(serve(nps))
    page.tap("input[value='9']")
    page.wait_for_url("**q=liked")
    assert stored(nps) == {"recommend": 9}


def test_arrow_keys_choose_and_do_not_send(browser: Browser, nps: Site, serve: Any) -> None:
    page = open_page(browser)
    page.goto(serve(nps))
    page.focus("input[value='0']")
    for key in ("Space", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert page.is_checked("input[value='3']") and stored(nps) == {}
    page.keyboard.press("Enter")
    page.wait_for_url("**q=better")
    assert stored(nps) == {"recommend": 3}


def test_the_focus_is_always_visible(browser: Browser, address: str) -> None:
    page = open_page(browser)
    page.goto(f"{address}?q=nps")
    outlines = set()
    for _ in range(4):  # language, scale, next, privacy
        page.keyboard.press("Tab")
        outlines.add(
            page.evaluate(
                """() => { const it = document.activeElement, mark = it.nextElementSibling;
                const style = getComputedStyle(it.closest(".p") ? mark : it);
                return [style.outlineStyle, parseFloat(style.outlineWidth) >= 2].join() }"""
            )
        )
    assert outlines == {"solid,true"}


def test_typed_words_survive_a_reload(browser: Browser, nps: Site, serve: Any) -> None:
    page = open_page(browser)
    address = serve(nps)
    page.goto(address)
    page.click("input[value='9']")
    page.wait_for_url("**q=liked")
    page.fill("textarea", "Half a thou")
    page.reload()
    assert page.input_value("textarea") == "Half a thou"


def open_link(site: Site, serve: Any, kind: LinkKind) -> str:
    """The address of a way in that is open to everybody."""
    origin = serve(site).rpartition("/")[0]
    with site.runtime.database.writing() as session:
        made = open_links.create(
            session, site.runtime.library, open_links.NewLink(kind, "Shop", "survey"), clock.now()
        )
    return f"{origin}/in/{made.token}"


def say(page: Page, score: int, words: str) -> None:
    page.click(f"[value='{score}']")
    page.wait_for_url("**q=*")
    page.fill("textarea", words)


def test_the_next_visitor_of_a_tab_sees_nothing_of_the_last_one_s_words(
    browser: Browser, nps: Site, serve: Any
) -> None:
    page, address = open_page(browser), open_link(nps, serve, "poster")
    page.goto(address)
    say(page, 3, "PRIVATE WORDS")  # and leaves without sending them
    for _ in range(2):
        page.goto(address)
        page.click("input[value='4']")
        page.wait_for_url("**q=better")
        assert page.input_value("textarea") == ""
        page.fill("textarea", "More private words")
        page.click("button")
        page.wait_for_selector("[data-done]")
        assert page.evaluate("sessionStorage.length") == 0


def test_back_on_a_shared_screen_leads_to_its_beginning(browser: Browser, nps: Site, serve: Any) -> None:
    page, address = open_page(browser), open_link(nps, serve, "kiosk")
    page.goto(address)
    say(page, 3, "SECRET WORDS")
    page.click("button")
    page.wait_for_selector("[data-done]")
    page.click("text=Next person")
    page.wait_for_selector("input[value='3']")
    for _ in range(2):
        page.go_back()
        page.wait_for_selector("fieldset")
        assert "SECRET" not in page.content() and page.locator(":checked").count() == 0
        assert page.locator("textarea").count() == 0


def test_a_shared_screen_comes_back_from_an_error_by_itself(browser: Browser, nps: Site, serve: Any) -> None:
    page, address = open_page(browser), open_link(nps, serve, "kiosk")
    page.clock.install()
    page.goto(address)
    with nps.runtime.database.writing() as session:
        session.execute(update(Link).values(closed_at=clock.now()))
    page.goto(address)
    assert "withdrawn" in page.content()
    with nps.runtime.database.writing() as session:
        session.execute(update(Link).values(closed_at=None))
    page.clock.fast_forward(61_000)
    page.wait_for_selector("fieldset")


def test_none_of_these_lets_go_of_the_others(browser: Browser, address: str) -> None:
    page = open_page(browser)
    page.goto(f"{address}?q=multi")
    page.check("[value=slow]")
    page.check("[value=none]")
    assert not page.is_checked("[value=slow]")
    page.check("[value=slow]")
    assert not page.is_checked("[value=none]")


def test_a_choice_is_visible_in_forced_colours(browser: Browser, address: str) -> None:
    page = open_page(browser, forced_colors="active")
    page.goto(f"{address}?q=nps&s=9")
    colour = "it => getComputedStyle(it.nextElementSibling).backgroundColor"
    page.goto(f"{address}?s=9")
    assert page.eval_on_selector("input[value='9']", colour) != page.eval_on_selector(
        "input[value='8']", colour
    )


def test_nothing_moves_for_those_who_ask_for_it(browser: Browser, address: str) -> None:
    page = open_page(browser, reduced_motion="reduce")
    page.goto(address)
    assert page.eval_on_selector(".p > span", "it => getComputedStyle(it).transitionDuration") == "0s"


def test_a_page_asks_for_nothing_else(browser: Browser, address: str) -> None:
    page = open_page(browser)
    requested: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert requested == [address] and complaints == []
    assert page.context.cookies() == []


def test_the_scale_runs_from_right_to_left_in_persian(browser: Browser, address: str) -> None:
    page = open_page(browser, 1280)
    page.goto(f"{address}?q=nps&l=fa")
    left = "it => it.getBoundingClientRect().left"
    assert page.eval_on_selector("input[value='0']", left) > page.eval_on_selector("input[value='10']", left)


def test_an_embedded_form_gets_the_height_that_it_needs(
    browser: Browser, nps: Site, serve: Any, listen: Any
) -> None:
    origin = serve(nps).rpartition("/")[0]
    with nps.runtime.database.writing() as session:
        link = open_links.create(
            session, nps.runtime.library, open_links.NewLink("embed", "Shop", "survey"), clock.now()
        )
    page = open_page(browser)
    page.goto(
        listen(Response(f"<h1>Somebody else</h1>{open_links.snippet(link, origin)}", mimetype="text/html"))
    )
    frame = page.frame_locator("iframe")
    frame.locator("h1").wait_for()
    page.wait_for_function("document.querySelector('iframe').height != 480")
    height = int(page.get_attribute("iframe", "height") or 0)
    assert abs(height - frame.locator("html").evaluate("it => it.offsetHeight")) <= 1
