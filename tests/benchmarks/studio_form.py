"""What the studio's form and its survey check cost: bytes, processor time of the server, and the wait after a key.

    python3 dev.py bench studio_form [--questions 5 30] [--requests 50] [--keys 20] [--no-browser]

For drafts of N questions in three languages: the page of the form (bytes, and compressed), the processor time of
the server for the page, for a change that is saved while somebody types, and for a check of the YAML page; medians and
p95, beside a view of Flask that says "hello" in the same run. Then, in Chromium, the time from a key to the findings
beside the field (form), and to the answer of the check (YAML).
"""

from __future__ import annotations

import argparse
import gzip
import logging
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, sync_playwright

from feedback import clock, library, resources
from feedback.services.studio import drafts
from feedback.store.database import Database
from feedback.web.app import create_app
from tests import factories_desk
from tests.benchmarks.live_lint import draft
from tests.conftest import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.web.browsing import DESKTOP, enter, serving
from tests.web.conftest import runtime_over

SCRIPTED = {"HX-Request": "true"}
WORDS = ("How satisfied are you with our great and fast service", "How was it")
"""A text with findings, and one without: each key turns them on or off."""


@contextmanager
def office(questions: list[int]) -> Iterator[Flask]:
    """The application, with a draft `draft-N` for each number of questions."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'feedback.db'}")
        database.upgrade(create=True)
        shelf = library.load(resources.directories("questionnaires"))
        runtime = runtime_over(database, shelf, folder)
        with database.writing() as session:
            factories_desk.furnish(session, runtime)
        with database.writing() as session:
            for number in questions:
                key = f"draft-{number}"
                text = draft(number).replace("key: draft", f"key: {key}", 1)
                drafts.save(session, key, text, base=0, by=1, now=clock.now())
        app = create_app(runtime)
        app.config.update(WTF_CSRF_ENABLED=False)
        yield app
        database.close()


def timed(act: Callable[[int], object], times: int) -> str:
    """Median and p95 of the processor time, in words; the first three runs are not counted."""
    taken = []
    for number in range(times + 3):
        before = time.process_time()
        act(number)
        taken.append((time.process_time() - before) * 1000)
    taken = taken[3:]
    return f"median {statistics.median(taken):6.1f} ms, p95 {statistics.quantiles(taken, n=20)[18]:6.1f} ms"


def measure_server(client: FlaskClient, number: int, times: int) -> None:
    page = f"/studio/draft-{number}/edit"
    html = client.get(page).text
    text = draft(number).replace("key: draft", f"key: draft-{number}", 1)
    whole = html.encode()
    print(f"{number} questions: page {len(whole):,} bytes, {len(gzip.compress(whole, 6)):,} compressed")

    card = html.partition('id="questions-q1"')[2].partition("</article>")[0]
    texts = re.findall(r'<textarea [^>]*name="(text[^"]+)"[^>]*>\n(.*?)</textarea>', card, re.DOTALL)

    def change(turn: int) -> None:
        base = re.search(r'name="base" value="(\d+)"', state["html"])
        assert base
        sent = {name: unescape(words) for name, words in texts}  # the browser sends the whole card
        sent |= {"base": base[1], "part": "questions.q1", "of": "questions.q1"}
        sent["text|questions.q1.text|en"] = f"{WORDS[turn % 2]} {turn}?"
        answer = client.post(page, data=sent, headers=SCRIPTED)
        assert answer.status_code == 200, answer.text
        state["html"] = answer.text

    def check(turn: int) -> None:
        typed = text.replace("How", f"How{turn}", 1)
        client.post(
            f"/studio/draft-{number}/lint", data={"text": typed}, headers={"Accept": "application/json"}
        )

    state: dict[str, str] = {"html": html}
    print(f"  page of the form    {timed(lambda _: client.get(page), times)}")
    print(f"  change while typing {timed(change, times)}; {len(state['html'].encode()):,} bytes")
    print(f"  check of the YAML   {timed(check, times)}")


def floor(times: int) -> None:
    app = Flask("floor")
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="hello")
    client = app.test_client()
    print(f"bare view of Flask    {timed(lambda _: client.get('/'), times)}")


def measure_browser(site: str, numbers: list[int], keys: int) -> None:
    with sync_playwright() as programs:
        browser = programs.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        page = browser.new_context(viewport=DESKTOP).new_page()  # type: ignore[arg-type]
        enter(page, site, "lead")
        for number in numbers:
            show(f"{number} questions: key to finding, form", form_waits(page, site, number, keys))
            show(f"{number} questions: key to mark, YAML   ", yaml_waits(page, site, number, keys))
        browser.close()


def show(name: str, waits: list[float]) -> None:
    p95 = statistics.quantiles(waits, n=20)[18]
    print(
        f"{name}: median {statistics.median(waits):4.0f} ms, p95 {p95:4.0f} ms, longest {max(waits):4.0f} ms"
    )


def form_waits(page: Page, site: str, number: int, keys: int) -> list[float]:
    """From the last key of a text to its findings below it."""
    page.goto(f"{site}/studio/draft-{number}/edit")
    name = "text|questions.q1.text|en"
    waits = []
    for turn in range(keys):
        page.wait_for_load_state("networkidle")
        wanted = turn % 2 == 0
        waits.append(
            page.evaluate(
                """([name, words, wanted]) => new Promise(done => {
                  const box = document.querySelector(`[name="${name}"]`);
                  const began = performance.now();
                  box.focus(); box.value = words; box.dispatchEvent(new Event("input", {bubbles: true}));
                  const found = box.id + "-found";
                  const look = () => !!document.getElementById(found) === wanted
                    ? done(performance.now() - began) : requestAnimationFrame(look);
                  look();
                })""",
                [name, f"{WORDS[turn % 2]} {turn}?" if wanted else "What could we do better?", wanted],
            )
        )
    return waits[1:]


def yaml_waits(page: Page, site: str, number: int, keys: int) -> list[float]:
    """From the last key in the editor until its marks are drawn again."""
    page.goto(f"{site}/studio/draft-{number}/yaml")
    page.wait_for_load_state("networkidle")
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+Home")
    waits = []
    for turn in range(keys):
        page.wait_for_load_state("networkidle")
        key = "x" if turn % 2 == 0 else "Backspace"
        began = time.perf_counter()
        with page.expect_response("**/lint"):
            page.keyboard.press(key)
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        waits.append((time.perf_counter() - began) * 1000)
    return waits[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--questions", type=int, nargs="+", default=[5, 30])
    parser.add_argument("--requests", type=int, default=50)
    parser.add_argument("--keys", type=int, default=21)
    parser.add_argument("--no-browser", action="store_true")
    options: Any = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with office(options.questions) as app:
        client = app.test_client()
        client.post("/login", data={"email": "lead@example.com", "password": factories_desk.PASSWORD})
        floor(options.requests)
        for number in options.questions:
            measure_server(client, number, options.requests)
        if not options.no_browser:
            with serving(app) as site:
                measure_browser(site, options.questions, options.keys)


if __name__ == "__main__":
    main()
