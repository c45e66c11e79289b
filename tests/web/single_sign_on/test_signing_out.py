"""Signing out here and at the provider, and being signed out by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.store.models import ProviderSession
from feedback.web.app import create_app
from feedback.worker import purge
from tests.fakes import fake_identity_provider as fakes
from tests.fakes.fake_identity_provider import CLIENT_ID, FakeIdentityProvider
from tests.web.auth.staff import code, now_of, password, set_up_app
from tests.web.single_sign_on.conftest import Company, Open, is_in, person

LOGOUT = "/sso/backchannel-logout"


def told(office: Company, token: str) -> int:
    return office.app.test_client(use_cookies=False).post(LOGOUT, data={"logout_token": token}).status_code


def test_signing_out_here_leads_to_the_provider_and_back(company: Open) -> None:
    office = company()
    browser = office.come("cem")
    page = browser.post("/logout")
    assert page.status_code == 200 and not is_in(browser)
    address = page.headers["Refresh"].removeprefix("0; url=")
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{office.provider.issuer}/end?")
    assert asked["client_id"] == [CLIENT_ID] and asked["post_logout_redirect_uri"] == [
        "http://localhost/login"
    ]
    assert asked["id_token_hint"][0].count(".") == 2
    assert "You are signed out here" in page.text


@pytest.mark.parametrize("changes", [{"sign_out_at_provider": False}, {"end_session_endpoint": None}])
def test_who_stays_at_the_provider_is_back_on_the_page_of_the_sign_in(
    company: Open, provider: FakeIdentityProvider, changes: dict[str, Any]
) -> None:
    provider.metadata = changes if "end_session_endpoint" in changes else {}
    office = company(**({} if provider.metadata else changes))
    browser = office.come("cem")
    assert browser.post("/logout").headers["Location"] == "/login"


def test_who_came_with_a_password_has_nothing_to_end_there(company: Open) -> None:
    office = company()
    browser = office.browser()
    assert password(browser, "cem").status_code == 302
    assert browser.post("/logout").headers["Location"] == "/login"


def test_the_provider_ends_one_session_on_every_node(company: Open) -> None:
    office = company()
    here, elsewhere = office.come("cem", sid="one"), office.come("cem", sid="two")
    node = create_app(office.runtime)
    other_node = node.test_client()
    for name in ("feedback_staff",):
        cookie = here.get_cookie(name)
        assert cookie
        other_node.set_cookie(name, cookie.value)
    assert is_in(other_node)
    assert told(office, office.provider.logout_token(sid="one")) == 200
    assert not is_in(here) and not is_in(other_node) and is_in(elsewhere)
    assert office.audited("cem")[-1] == "signed out by provider"


def test_the_provider_ends_all_sessions_of_a_person_but_not_those_with_a_password(company: Open) -> None:
    office = company()
    first, second, other = office.come("cem", sid="one"), office.come("cem"), office.come("admin")
    by_password = office.browser()
    password(by_password, "cem")
    assert told(office, office.provider.logout_token(sub="subject-cem")) == 200
    assert [is_in(each) for each in (first, second, other, by_password)] == [False, False, True, True]


def test_a_session_that_the_provider_did_not_name_ends_with_its_person(company: Open) -> None:
    office = company()
    browser = office.come("cem")
    assert told(office, office.provider.logout_token(sub="subject-cem", sid="unknown")) == 200
    assert not is_in(browser)


@pytest.mark.parametrize(
    "changes",
    [
        {"events": {}},
        {"events": None},
        {"nonce": "x"},
        {"sub": ""},
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"exp": 1},
        {"iat": 1},
        {"jti": None},
    ],
    ids=str,
)
def test_a_token_that_is_no_logout_token_ends_nothing(
    one_company: Company, provider: FakeIdentityProvider, changes: dict[str, Any]
) -> None:
    browser = one_company.come("cem")
    assert told(one_company, provider.logout_token(**{"sub": "subject-cem", **changes})) == 400
    assert is_in(browser)


def test_a_logout_token_works_once_and_needs_a_signature(
    company: Open, provider: FakeIdentityProvider
) -> None:
    office = company()
    browser = office.come("cem")
    token = provider.logout_token(sub="subject-cem")
    provider.sign = fakes.signed_by_a_stranger
    assert told(office, provider.logout_token(sub="subject-cem")) == 400
    assert told(office, "") == 400 and is_in(browser)
    provider.sign = None
    assert told(office, token) == 200 and not is_in(browser)
    again = office.come("cem")
    assert told(office, token) == 400 and is_in(again)


def test_a_sign_in_that_waits_for_a_code_ends_with_the_session_at_the_provider(company: Open) -> None:
    office = company()
    app = set_up_app(office.come("cem", amr=["mfa"]))
    waiting = office.browser()
    office.answer(waiting, **person("cem", sid="one"))
    assert told(office, office.provider.logout_token(sid="one")) == 200
    assert code(waiting, now_of(app, 1)).status_code == 409
    assert not is_in(waiting)


def test_what_is_known_of_sessions_that_are_over_is_deleted(company: Open) -> None:
    office = company()
    staying, leaving = office.come("cem"), office.come("admin")
    leaving.post("/logout")
    assert _kept(office.runtime) == 2
    purge(office.runtime, clock.now() + timedelta(hours=2))
    assert _kept(office.runtime) == 1 and is_in(staying)


def _kept(runtime: Runtime) -> int:
    with runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(ProviderSession)) or 0
