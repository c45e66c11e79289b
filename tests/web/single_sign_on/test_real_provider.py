"""A real provider and a real browser: signing in, the role, signing out there and here."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from feedback.library import Library
from feedback.settings.reading import with_values
from feedback.store.database import Database
from feedback.web.app import create_app
from tests.conftest import Template
from tests.fakes.fake_identity_provider import CLIENT_ID, CLIENT_SECRET
from tests.node import node_package
from tests.web.browsing import serving
from tests.web.conftest import Furnished, runtime_over
from tests.web.single_sign_on.conftest import with_provider

PACKAGE = "oidc-provider@9.13.3"
SCRIPT = Path(__file__).with_name("provider.mjs")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def real_site(
    furnished: Furnished, sqlite_template: Template, shelf: Library, tmp_path: Path
) -> Iterator[tuple[str, str]]:
    """(address of the office, address of its provider)."""
    own, theirs = free_port(), free_port()
    site, issuer = f"http://localhost:{own}", f"http://127.0.0.1:{theirs}"
    client = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uris": [f"{site}/sso/callback"],
        "post_logout_redirect_uris": [f"{site}/login"],
        "backchannel_logout_uri": f"{site}/sso/backchannel-logout",
        "backchannel_logout_session_required": True,
        "scope": "openid email profile groups",
    }
    environ = {
        "PATH": os.environ["PATH"],
        "FOLDER": str(node_package(PACKAGE)),
        "PROVIDER_PORT": str(theirs),
        "CLIENT": json.dumps(client),
    }
    database = Database(furnished.copy(sqlite_template, tmp_path)[0])
    changes = {"scopes": client["scope"], "roles": {"CS leads": "lead"}}
    runtime = with_provider(runtime_over(database, shelf, tmp_path), issuer, **changes)
    runtime = replace(runtime, settings=with_values(runtime.settings, {"web.public_url": site}))
    node = subprocess.Popen(
        [shutil.which("node") or "node", str(SCRIPT)], env=environ, stdout=subprocess.PIPE, text=True
    )
    try:
        assert node.stdout is not None and node.stdout.readline().strip() == "ready"
        with serving(create_app(runtime), own):
            yield site, issuer
    finally:
        node.terminate()
        node.communicate(timeout=30)
        database.close()


def sign_in_there(page: Page) -> None:
    page.get_by_role("link", name="Sign in with Okta").click()
    page.locator("input[name=login]").fill("cem")
    page.locator("input[name=password]").fill("anything")
    page.locator("button[type=submit]").click()
    page.get_by_text("Continue").click()


@pytest.mark.browser
def test_staff_sign_in_and_out_with_a_real_provider(real_site: tuple[str, str], browser: Browser) -> None:
    site, issuer = real_site
    page = browser.new_page()
    page.set_default_timeout(30_000)
    complaints: list[str] = []  # of our pages; the provider's want fonts from elsewhere
    page.on("console", lambda each: complaints.append(each.text) if _is_error_of(site, each) else None)
    page.goto(f"{site}/account/")
    sign_in_there(page)
    page.wait_for_url(f"{site}/account/")
    expect(page.locator(".lead").first).to_contain_text("CS lead")  # a CSM, whose group says otherwise
    expect(page.get_by_text("Okta")).to_be_visible()

    page.goto(f"{issuer}/session/end")  # signing out there calls us
    page.get_by_role("button", name="Yes").click()
    page.wait_for_load_state()
    page.goto(f"{site}/account/")
    expect(page).to_have_url(f"{site}/login?next=/account/")

    sign_in_there(page)
    page.wait_for_url(f"{site}/account/")
    page.locator("details.me summary").click()
    page.get_by_role("button", name="Sign out", exact=True).first.click()  # and here, which leads there
    page.get_by_role("button", name="Yes").click()
    page.wait_for_url(lambda address: address.startswith(f"{site}/login"))
    page.goto(f"{site}/account/")
    expect(page.get_by_role("link", name="Sign in with Okta")).to_be_visible()
    page.context.close()
    assert complaints == []


def _is_error_of(site: str, message: ConsoleMessage) -> bool:
    return message.type == "error" and message.location["url"].startswith(site)
