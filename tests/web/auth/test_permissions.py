"""Every route says who may come, and is held to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from feedback.bootstrap import Runtime
from feedback.services.staff.accounts import RoleName
from feedback.store.models import AuditEntry, Contact
from feedback.web.app import create_app
from feedback.web.auth.permissions import FOREIGN, ROLES, Access, Permission, access_of
from feedback.web.customer_app import PathDispatcher
from tests import factories_desk
from tests.factories_desk import PEOPLE
from tests.web.conftest import SignIn

PUBLIC = {
    "home",
    "account.language",
    "observe.healthz",
    "observe.readyz",
    "observe.metrics",
    "security_txt.show",
    "static",
    "security.login",
    "security.logout",
    "security.forgot_password",
    "security.reset_password",
    "security.two_factor_token_validation",
    "security.two_factor_rescue",
    "security.tf_select",
    "security.mf_recovery",
    "security.wan_signin",
    "security.wan_signin_response",
    "sso.sign_in",
    "sso.answer",
    "sso.logged_out",  # a call of the provider, with a signed token
}
"""What anybody may open. A blueprint whose calls carry their own secret stands in OPEN_ROOMS instead."""
OPEN_ROOMS = {"hooks", "doors_in", "api", "delighted", "mcp", "scim", "shared", "simulator", "trial"}
CUSTOMERS_ROOMS = {"survey", "unsubscribe"}


def rules(app: Flask) -> Iterator[tuple[Rule, Access | None]]:
    for rule in app.url_map.iter_rules():
        yield rule, access_of(app, rule.endpoint)


def address(rule: Rule) -> str:
    """An address that the rule matches."""
    return str(rule.build(dict.fromkeys(rule.arguments, "1"))[1] if rule.arguments else rule.rule)


def test_every_route_says_who_may_come(app: Flask) -> None:
    silent = [rule.endpoint for rule, access in rules(app) if access is None]
    assert silent == []


def test_what_is_open_to_everybody_is_on_the_list(app: Flask) -> None:
    opened = {rule.endpoint for rule, access in rules(app) if access and access.anybody}
    strangers = {endpoint for endpoint in opened - PUBLIC if endpoint.partition(".")[0] not in OPEN_ROOMS}
    assert strangers == set()


def test_the_customers_application_holds_only_what_is_public(app: Flask) -> None:
    customers = app.extensions["customers"]
    assert {rule.endpoint.partition(".")[0] for rule in customers.url_map.iter_rules()} == CUSTOMERS_ROOMS
    for rule in customers.url_map.iter_rules():
        access = customers.view_functions[rule.endpoint].access
        assert access.anybody and access.why, rule


def test_no_address_of_the_staff_s_leads_to_the_customers_door(app: Flask) -> None:
    dispatcher = app.wsgi_app
    while not isinstance(dispatcher, PathDispatcher):  # what stands before it
        dispatcher = dispatcher.app  # type: ignore[attr-defined]
    for rule in app.url_map.iter_rules():
        for written in (address(rule), address(rule).rstrip("/"), address(rule) + "/"):
            assert not written or not dispatcher.is_for_customers(written), rule
    assert not any("<" in each for each in dispatcher.staff_prefixes), "an address that begins with anything"
    customers = app.extensions["customers"]
    made = [rule.build({"token": "7Kb3xWq9ZtPa"}) for rule in customers.url_map.iter_rules()]
    assert all(each and dispatcher.is_for_customers(each[1]) for each in made)


@pytest.mark.parametrize("path", ["/dsk", "/login.", "/7Kb3xWq9ZtP"])
def test_an_address_that_nobody_has_is_no_way_to_the_sign_in(app: Flask, path: str) -> None:
    page = app.test_client().get(path)
    assert page.status_code == 404 and "This link is not valid" in page.text
    assert "/login" not in page.text


def test_whatever_is_open_says_why(app: Flask) -> None:
    assert [
        rule.endpoint for rule, access in rules(app) if access and access.anybody and not access.why
    ] == []


def test_no_rule_is_kept_for_a_page_that_is_gone(app: Flask) -> None:
    assert set(FOREIGN) - {rule.endpoint for rule in app.url_map.iter_rules()} == set()


def test_a_stranger_opens_nothing_that_is_not_public(app: Flask) -> None:
    client = app.test_client()
    for rule, access in rules(app):
        if access is None or access.anybody:
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            response = client.open(address(rule), method=method)
            assert response.status_code == 302, rule
            assert response.location.startswith("/login"), rule


def test_outside_of_the_demo_the_simulated_phone_is_for_staff(runtime: Runtime) -> None:
    assert create_app(runtime).test_client().get("/simulator/").status_code == 200
    trial = create_app(replace(runtime, settings=replace(runtime.settings, demo=False)))
    trial.config["WTF_CSRF_ENABLED"] = False  # or a post would be refused before that
    for method, path in (("GET", "/"), ("GET", "/1"), ("POST", "/1/reply"), ("GET", "/mail/1")):
        response = trial.test_client().open(f"/simulator{path}", method=method)
        assert response.status_code == 302 and response.location.startswith("/login"), path


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("cem", 403), ("lead", 302)])
def test_outside_of_the_demo_only_leads_answer_as_a_customer_and_the_audit_says_so(
    runtime: Runtime, who: str, status: int
) -> None:
    app = create_app(replace(runtime, settings=replace(runtime.settings, demo=False)))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    client = app.test_client()
    client.post("/login", data={"email": f"{who}@example.com", "password": factories_desk.PASSWORD})
    with runtime.database.reading() as session:
        contact = session.scalars(select(Contact.id).where(Contact.phone.is_not(None))).first()
    answer = client.post(f"/simulator/{contact}/reply", data={"body": "9"})
    assert answer.status_code == status
    assert status == 302 or client.get("/simulator/").status_code == 403
    with runtime.database.reading() as session:
        noted = session.scalars(select(AuditEntry.subject_id).where(AuditEntry.action == "simulated")).all()
        assert noted == ([contact] if status == 302 else [])


@pytest.mark.parametrize("demo", [True, False])
def test_the_simulated_phone_takes_no_form_of_another_site(runtime: Runtime, demo: bool) -> None:
    app = create_app(replace(runtime, settings=replace(runtime.settings, demo=demo)))
    answer = app.test_client().post("/simulator/1/reply", data={"body": "9"})
    assert answer.status_code == (
        400 if demo else 302
    )  # outside the demo, a stranger is asked to sign in first


@pytest.mark.parametrize("who", PEOPLE)
def test_a_role_opens_what_it_is_granted_and_nothing_else(app: Flask, sign_in: SignIn, who: str) -> None:
    client, role = sign_in(who), PEOPLE[who][1]
    for rule, access in rules(app):
        if access is None or access.permission is None or rule.endpoint == "observe.metrics":
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            response = client.open(address(rule), method=method)
            refused = response.status_code == 403
            assert refused == (access.permission not in ROLES[role]), (rule, method, response.status_code)


def test_a_route_that_nobody_spoke_for_is_shut(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert app.test_client().get("/forgotten").status_code == 403


def test_every_role_has_its_line_in_the_table() -> None:
    assert set(ROLES) == set(RoleName)
    assert ROLES[RoleName.ADMIN] == set(Permission)


def test_a_viewer_changes_nothing() -> None:
    changing = {p for p in Permission if p.endswith((".work", ".assign", ".manage", ".change"))}
    assert not ROLES[RoleName.VIEWER] & changing
