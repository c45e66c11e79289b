"""Keys: what they may do, for how long, and in whose name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.staff import accounts, api_keys
from feedback.services.staff.api_keys import Grant, Scope
from feedback.store.models import Account, ApiKey, User
from tests.web.api.conftest import KeyOf, Program


def test_every_route_of_the_api_names_its_scope_or_is_open(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")}
    scopes = {each: getattr(app.view_functions[each], "scopes", None) for each in endpoints}
    assert None not in scopes.values()
    assert {each for each, wanted in scopes.items() if wanted == ()} <= {"api.openapi", "api.reference"}


def test_a_key_does_only_what_its_scopes_say(key_of: KeyOf) -> None:
    key = key_of("admin", Scope.CUSTOMERS_READ)
    assert key.get("/contacts/c0").status_code == 200
    refused = key.put("/contacts/c0", name="Ada")
    assert refused.status_code == 403
    assert "Use a key with the scope customers.write." in refused.get_json()["detail"]


def test_a_key_does_no_more_than_its_owner(key_of: KeyOf, runtime: Runtime) -> None:
    key = key_of("viewer", Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE)
    assert key.get("/contacts/c0").status_code == 200
    refused = key.put("/contacts/c0", name="Ada")
    assert refused.status_code == 403
    assert "The owner of this key has no permission" in refused.get_json()["detail"]
    with runtime.database.writing() as session:
        viewer = accounts.by_email(session, "viewer@example.com")
        assert viewer is not None
        accounts.set_roles(session, viewer, ["lead"], by=None, now=clock.now())
    assert key.put("/contacts/c0", name="Ada").status_code == 200


def test_a_csm_s_key_sees_their_accounts_and_those_without_an_owner(key_of: KeyOf, runtime: Runtime) -> None:
    key = key_of("cem", Scope.CUSTOMERS_READ)
    with runtime.database.reading() as session:
        rows = session.execute(
            select(Account.external_id, User.email).outerjoin(User, User.id == Account.owner_id)
        )
        owners = {row[0]: row[1] for row in rows}
    assert set(owners.values()) >= {None, "cem@example.com", "selin@example.com"}
    for account, owner in owners.items():
        expected = 200 if owner in (None, "cem@example.com") else 404
        assert key.get(f"/accounts/{account}").status_code == expected
        assert key.get(f"/contacts/{account.replace('a', 'c')}").status_code == expected


def test_an_expired_key_and_one_of_a_deactivated_owner_open_nothing(key_of: KeyOf, runtime: Runtime) -> None:
    soon = clock.now() + timedelta(hours=1)
    short, cems = key_of("admin", expires_at=soon), key_of("cem")
    assert {short.get("/contacts/c0").status_code, cems.get("/contacts/c0").status_code} == {200}
    with runtime.database.writing() as session:
        for key in session.scalars(select(ApiKey).where(ApiKey.expires_at.is_not(None))):
            key.expires_at = clock.now()
        cem = accounts.by_email(session, "cem@example.com")
        assert cem is not None
        accounts.set_active(session, cem, False, by=None, now=clock.now())
    assert {short.get("/contacts/c0").status_code, cems.get("/contacts/c0").status_code} == {401}


def test_a_key_from_before_scopes_keeps_what_it_could_do(app: Flask, runtime: Runtime) -> None:
    with runtime.database.writing() as session:
        _, token = api_keys.create(session, "old", by=None, now=clock.now())
        session.flush()
        # As the migration finds it: without the new columns, whose defaults are the database's.
        session.execute(
            text(
                "INSERT INTO api_key (name, prefix, digest, created_at) "
                "SELECT name, prefix, :digest, created_at FROM api_key"
            ),
            {"digest": "0" * 64},
        )
        made, row = session.scalars(select(ApiKey).order_by(ApiKey.id)).all()
        row.digest, made.digest = made.digest, "1" * 64
        assert (row.scopes, row.owner_id) == (["customers.write", "events.write"], None)
    key = Program(app, token)
    assert key.put("/accounts/new", name="New").status_code == 201
    assert key.get("/accounts/new").status_code == 200
    assert key.put("/contacts/new", account="new").status_code == 201
    assert key.post("/events", key="T-1", name="go_live", contact="new").status_code == 201


def test_every_answer_says_how_many_calls_are_left(key_of: KeyOf) -> None:
    key = key_of("admin")
    for left in (1199, 1198):
        answer = key.get("/contacts/nobody")
        assert answer.headers["RateLimit-Policy"] == '"default";q=1200;w=60'
        amount, seconds = answer.headers["RateLimit"].removeprefix('"default";r=').split(";t=")
        assert (int(amount), 0 < int(seconds) <= 60) == (left, True)


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        (Grant(()), "at least one"),
        (Grant(["customers.read", "world.rule"]), "no scope 'world.rule'"),
        (Grant(["customers.read"], owner_id=999), "active user"),
        (Grant(["follow-ups.work"]), "in somebody's name"),
    ],
)
def test_a_key_that_could_not_work_is_not_made(runtime: Runtime, grant: Grant, said: str) -> None:
    with runtime.database.writing() as session, pytest.raises(Exception, match=said):
        api_keys.create(session, "CRM", by=None, now=clock.now(), grant=grant)
