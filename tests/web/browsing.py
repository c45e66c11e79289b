"""Staff in a real browser: what every test of pages that people see has in common."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import make_server

from tests import factories_desk

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
Open = Callable[..., Page]


_signed_in: dict[tuple[str, str], list[Any]] = {}
"""(address of a server, person) -> cookies, until a server stops."""


@contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[str]:
    """The address of an application that runs in a thread; on any free port, unless it needs to know which."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        _signed_in.clear()
        server.shutdown()
        thread.join()
        server.server_close()


def enter(page: Page, site: str, who: str) -> None:
    """Sign in; who has done so before comes back with their cookies, because nobody may sign in all the time."""
    if cookies := _signed_in.get((site, who)):
        page.context.add_cookies(cookies)
        page.goto(f"{site}/")
        return
    page.goto(f"{site}/login")
    page.fill("input[name=email]", f"{who}@example.com")
    page.fill("input[name=password]", factories_desk.PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)  # each role begins on a page of its own
    _signed_in[site, who] = page.context.cookies()


def is_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"


def fits(page: Page) -> None:
    """Nothing makes the page scroll sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
