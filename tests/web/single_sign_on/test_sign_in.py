"""Signing in with the provider: who gets which account and which roles, and which answers are believed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from feedback import clock
from feedback.store.models import StaffIdentity
from tests.fakes import fake_identity_provider as fakes
from tests.fakes.fake_identity_provider import FakeIdentityProvider
from tests.web.auth.staff import code, letters, now_of, password, set_up_app
from tests.web.single_sign_on.conftest import Company, Open, is_in, person

ROLES = {"CS leads": "lead", "IT": "admin viewer"}


def test_staff_sign_in_with_the_provider_and_come_back_to_where_they_were(company: Open) -> None:
    office = company()
    browser = office.browser()
    page = browser.get("/desk/?view=mine")
    assert page.status_code == 302
    button = browser.get(page.headers["Location"]).text
    assert "Sign in with Okta" in button and "/sso/sign-in?next=/desk/?view%3Dmine" in button
    answer = office.answer(browser, "/sso/sign-in?next=/desk/?view%3Dmine", **person("cem"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/?view=mine")
    assert is_in(browser)
    assert office.audited("cem")[-2:] == ["linked to provider", "signed in"]


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/\t/evil.example"]
)
def test_the_way_back_never_leads_to_another_site(one_company: Company, provider: Any, back: str) -> None:
    browser = one_company.browser()
    start = browser.get("/sso/sign-in", query_string={"next": back})
    answer = browser.get(provider.authorise(start.headers["Location"], **person("lead")))
    assert answer.headers["Location"] == "/"


def test_the_subject_decides_whatever_the_address_is_by_then(company: Open) -> None:
    office = company()
    office.come("cem")
    browser = office.browser()
    office.answer(browser, **person("cem", email="cem.yilmaz@example.com"))
    assert is_in(browser)
    assert "cem.yilmaz@example.com" in browser.get("/account/").text
    with office.runtime.database.reading() as session:
        assert len(session.scalars(select(StaffIdentity).order_by(StaffIdentity.id)).all()) == 1


def test_another_subject_does_not_get_an_account_by_its_address(company: Open) -> None:
    office = company()
    office.come("cem")
    browser = office.browser()
    office.answer(browser, **person("cem", sub="somebody-else"))
    assert not is_in(browser)
    assert "is linked to somebody else" in office.told(browser)


@pytest.mark.parametrize("verified", [False, None, "false", 0])
def test_an_address_that_is_not_verified_takes_no_account_over(
    one_company: Company, provider: FakeIdentityProvider, verified: Any
) -> None:
    browser = one_company.browser()
    one_company.answer(browser, **person("admin", email_verified=verified))
    assert not is_in(browser)
    assert "verified" in one_company.told(browser)


def test_entra_vouches_for_an_address_by_another_claim(company: Open) -> None:
    company().come("cem", email_verified=None, xms_edov="1")


def test_only_invited_people_may_come_unless_accounts_are_made(company: Open) -> None:
    office = company()
    browser = office.browser()
    office.answer(browser, **person("dora"))
    assert not is_in(browser) and "Ask an admin to add you" in office.told(browser)


def test_an_account_is_made_at_the_first_sign_in_with_the_roles_of_the_groups(company: Open) -> None:
    office = company(new_accounts="made", roles=ROLES)
    office.come("dora", groups=["CS leads", "Skiing"])
    assert office.roles("dora") == {"lead"}
    assert office.user("dora").password is None


def test_people_in_no_mapped_group_get_the_other_role_or_nothing(company: Open) -> None:
    office = company(new_accounts="made", roles=ROLES)
    browser = office.browser()
    office.answer(browser, **person("dora", groups=["Skiing"]))
    assert not is_in(browser) and "no group" in office.told(browser)
    company(new_accounts="made", roles=ROLES, other_role="viewer").come("dora", groups=[])
    assert office.roles("dora") == {"viewer"}


def test_changed_groups_change_the_roles_at_the_next_sign_in_and_no_group_ends_the_sessions(
    company: Open,
) -> None:
    office = company(roles=ROLES)
    first = office.come("cem", groups=["CS leads"])
    assert office.roles("cem") == {"lead"}
    office.come("cem", groups="IT")
    assert office.roles("cem") == {"admin", "viewer"}
    gone = office.browser()
    office.answer(gone, **person("cem", groups=["Skiing"]))
    assert office.roles("cem") == set()
    assert not is_in(gone) and not is_in(first)


def test_too_many_groups_for_a_token_leave_the_roles_as_they_are(company: Open) -> None:
    office = company(roles=ROLES)
    office.come("lead", _claim_names={"groups": "src1"})
    assert office.roles("lead") == {"lead"}


def test_the_last_admin_stays_one(company: Open) -> None:
    office = company(roles=ROLES)
    office.come("admin", groups=["CS leads"])
    assert office.roles("admin") == {"admin", "lead"}


def test_what_the_token_leaves_out_is_asked_for(company: Open, provider: FakeIdentityProvider) -> None:
    office = company(roles=ROLES)
    provider.user_info = {**person("cem"), "groups": ["CS leads"]}
    browser = office.browser()
    office.answer(browser, sub="subject-cem")
    assert is_in(browser) and office.roles("cem") == {"lead"}
    provider.user_info = {**person("admin"), "groups": ["IT"]}
    other = office.browser()
    office.answer(other, sub="subject-cem")
    assert not is_in(other)


def test_addresses_of_other_domains_stay_out(company: Open) -> None:
    office = company(new_accounts="made", other_role="viewer", domains="example.com @example.org")
    browser = office.browser()
    office.answer(browser, **person("eve", email="eve@gmail.example"))
    assert not is_in(browser) and "another domain" in office.told(browser)
    office.answer(browser, **person("eve", email="eve@EXAMPLE.org"))
    assert is_in(browser)


def test_a_deactivated_user_stays_out(company: Open) -> None:
    office = company()
    office.come("cem")
    admin = office.come("admin")
    assert (
        admin.post(f"/account/staff/{office.user('cem').id}", data={"action": "deactivate"}).status_code
        == 303
    )
    browser = office.browser()
    office.answer(browser, **person("cem"))
    assert not is_in(browser) and "deactivated" in office.told(browser)


# Lies


def _later(claims: dict[str, Any], seconds: int) -> dict[str, Any]:
    return {**claims, "iat": claims["iat"] + seconds, "exp": claims["exp"] + seconds}


LIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another nonce": lambda claims: {**claims, "nonce": "x"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "another issuer": lambda claims: {**claims, "iss": "https://evil.example"},
    "another audience": lambda claims: {**claims, "aud": "another-client"},
    "several audiences without azp": lambda claims: {**claims, "aud": [fakes.CLIENT_ID, "another-client"]},
    "expired": lambda claims: _later(claims, -361),
    "no expiry": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "from the future": lambda claims: _later(claims, 61 + 10),
    "no subject": lambda claims: {**claims, "sub": ""},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_for_us_is_not_believed(
    one_company: Company, provider: FakeIdentityProvider, lie: str
) -> None:
    provider.changes = LIES[lie]
    _refused(one_company)


@pytest.mark.parametrize(
    "sign", [fakes.signed_by_nobody, fakes.signed_by_a_stranger, fakes.signed_with_what_everybody_knows]
)
def test_a_token_that_the_provider_has_not_signed_is_not_believed(
    one_company: Company, provider: FakeIdentityProvider, sign: Callable[[dict[str, Any]], str]
) -> None:
    provider.sign = sign
    _refused(one_company)


def _refused(office: Company) -> None:
    browser = office.browser()
    office.answer(browser, **person("lead"))
    assert not is_in(browser)
    assert "the sign-in did not work" in office.told(browser)


def test_clocks_may_differ_by_a_minute(one_company: Company, provider: FakeIdentityProvider) -> None:
    provider.changes = lambda claims: _later(claims, 30)
    one_company.come("lead")


def test_an_answer_is_for_the_browser_that_asked_and_works_once(
    one_company: Company, provider: FakeIdentityProvider
) -> None:
    asker, thief = one_company.browser(), one_company.browser()
    start = asker.get("/sso/sign-in")
    answer = provider.authorise(start.headers["Location"], **person("lead"))
    cookie = asker.get_cookie("feedback_staff")
    assert cookie
    thief.get(answer)
    assert not is_in(thief)
    thief.get("/sso/sign-in")
    thief.get(answer)  # with a state of its own, which is another one
    assert not is_in(thief)
    asker.get(answer)
    assert is_in(asker)
    thief.set_cookie("feedback_staff", cookie.value)
    thief.get(provider.authorise(start.headers["Location"], **person("lead")))  # the same state again
    assert not is_in(thief)


def test_an_answer_that_comes_too_late_is_refused(
    one_company: Company, provider: FakeIdentityProvider
) -> None:
    browser = one_company.browser()
    start = browser.get("/sso/sign-in")
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        browser.get(provider.authorise(start.headers["Location"], **person("lead")))
        assert not is_in(browser)
        assert "took too long" in one_company.told(browser)


def test_the_answer_of_another_provider_is_refused(
    one_company: Company, provider: FakeIdentityProvider
) -> None:
    browser = one_company.browser()
    start = browser.get("/sso/sign-in")
    browser.get(provider.authorise(start.headers["Location"], **person("lead")) + "&iss=https://evil.example")
    assert not is_in(browser)


def test_a_refusal_of_the_provider_is_said(one_company: Company, provider: FakeIdentityProvider) -> None:
    browser = one_company.browser()
    state = browser.get("/sso/sign-in").headers["Location"].partition("state=")[2].partition("&")[0]
    browser.get(f"/sso/callback?error=access_denied&state={state}")
    assert "refused you" in one_company.told(browser)


def test_new_keys_of_the_provider_are_found_at_once(company: Open, provider: FakeIdentityProvider) -> None:
    office = company()
    office.come("cem")
    provider.key = 1
    office.come("cem")
    assert provider.fetched.count("/keys") == 2


def test_a_provider_inside_the_network_needs_permission(
    company: Open, provider: FakeIdentityProvider
) -> None:
    office = company(allowed_networks=())
    browser = office.browser()
    assert browser.get("/sso/sign-in").headers["Location"] == "/login"
    assert "address_not_allowed" in office.told(browser)
    assert provider.fetched == []


def test_without_a_provider_there_is_no_button_and_no_page(company: Open) -> None:
    office = company(issuer="")
    browser = office.browser()
    assert "sso" not in browser.get("/login").text
    assert browser.get("/sso/sign-in").status_code == 404
    assert browser.get("/sso/callback").status_code == 404
    assert browser.post("/sso/backchannel-logout").status_code == 404


# Second factor


def test_our_second_factor_is_asked_for_unless_the_provider_has_asked_for_one(company: Open) -> None:
    office = company()
    browser = office.come("cem")
    app = set_up_app(browser)
    again = office.browser()
    answer = office.answer(again, **person("cem"))
    assert answer.headers["Location"].startswith("/tf-validate") and not is_in(again)
    assert code(again, now_of(app, 1)).status_code == 302
    assert is_in(again)
    office.come("cem", amr=["pwd", "mfa"])


def test_a_role_that_needs_a_second_factor_sets_one_up_unless_the_provider_has_asked(company: Open) -> None:
    office = company(**{"sign_in.second_factor": "everybody"}, second_factor_values="mfa urn:strong")
    browser = office.browser()
    office.answer(browser, **person("cem"))
    assert browser.get("/account/").headers["Location"] == "/tf-setup"
    office.come("cem", acr="urn:strong")


# Identity confirmed, passwords switched off


def test_an_identity_is_confirmed_at_the_provider(company: Open) -> None:
    office = company()
    browser = office.come("cem")
    with time_machine.travel(clock.now() + timedelta(minutes=30)):
        assert browser.get("/wan-register").status_code == 302
        page = browser.get("/verify?next=/wan-register").text
        assert "Confirm with Okta" in page
        confirm = "/sso/sign-in?next=/wan-register&confirm=1"
        office.answer(browser, confirm, **person("cem", auth_time=int(clock.now().timestamp()) - 1_800))
        assert browser.get("/wan-register").status_code == 302  # the provider has not asked again
        office.answer(browser, confirm, **person("admin"))
        assert browser.get("/wan-register").status_code == 302  # somebody else
        office.answer(browser, confirm, **person("cem"))
        assert browser.get("/wan-register").status_code == 200


def test_with_passwords_switched_off_only_the_emergency_account_has_one_and_all_admins_hear_of_it(
    company: Open,
) -> None:
    office = company(passwords="emergency", emergency_account="admin@example.com")
    assert "Emergency sign-in" in office.browser().get("/login").text
    for who, given in (("cem", "correct horse battery"), ("cem", "wrong"), ("admin", "wrong")):
        refused = password(office.browser(), who, given)
        assert refused.status_code == 200 and "they do not match" in refused.text
    browser = office.browser()
    assert password(browser, "admin").status_code == 302 and is_in(browser)
    assert office.audited("admin")[-2:] == ["signed in", "emergency sign-in"]
    (letter,) = letters(office.runtime)
    assert letter.subject == "Sign-in to the emergency account" and "admin@example.com" in letter.body
    office.come("cem")


def test_neither_groups_nor_addresses_change_the_emergency_account(company: Open) -> None:
    office = company(roles=ROLES, passwords="emergency", emergency_account="admin@example.com")
    office.come("admin", groups=["CS leads"])
    assert office.roles("admin") == {"admin"}
