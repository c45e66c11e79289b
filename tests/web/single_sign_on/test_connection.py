"""The page on which an admin sets the single sign-on up, and the test of the connection."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from flask import Flask

from feedback.bootstrap import Runtime
from feedback.providers import identity_provider
from feedback.settings import Secret
from feedback.web.app import create_app
from tests.fakes.fake_identity_provider import FakeIdentityProvider
from tests.web.auth.staff import password
from tests.web.conftest import SignIn
from tests.web.single_sign_on.conftest import with_provider

NETWORKS = count(1)
"""Nobody may sign in all the time from one network."""
FORM = {
    "sso.issuer": "https://acme.okta.example",
    "sso.client_id": "0oa1",
    "sso.client_secret": "a secret of the provider",
    "sso.provider_name": "Okta",
    "sso.scopes": "openid email profile groups",
    "sso.roles": "CN=leads,OU=cs = lead\nIT = admin viewer",
    "sso.other_role": "none",
    "seen": "0",
}


def test_the_secret_is_stored_and_never_shown_and_names_of_groups_may_have_signs(
    runtime: Runtime, sign_in: SignIn
) -> None:
    admin = sign_in("admin")
    page = "/settings/single-sign-on"
    assert admin.post(page, data=FORM).status_code == 303
    shown = admin.get(page).text
    assert "a secret of the provider" not in shown and "Leave this empty to keep it" in shown
    assert "CN=leads,OU=cs = lead" in shown
    assert "Sign in with Okta" in admin.application.test_client().get("/login").text
    assert sign_in("lead").get(page).status_code == 403


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sso.client_id": ""}, "Copy the client ID"),
        ({"sso.issuer": "acme"}, "Copy the issuer"),
        ({"sso.issuer": "http://acme.example"}, "Use the https address"),
        ({"sso.scopes": "email"}, "Add openid"),
        ({"sso.roles": "IT = boss"}, "after each group"),
        ({"sso.passwords": "emergency"}, "Name an admin"),
    ],
)
def test_what_cannot_work_is_not_stored(office_app: Flask, changes: dict[str, str], said: str) -> None:
    admin = office_app.test_client()
    assert password(admin, "admin", address=f"192.0.2.{next(NETWORKS)}").status_code == 302
    answer = admin.post("/settings/single-sign-on", data={**FORM, **changes})
    assert answer.status_code == 422 and said in answer.text
    assert "Okta" not in office_app.test_client().get("/login").text


@pytest.mark.parametrize(
    ("changes", "metadata", "said"),
    [
        ({}, {"backchannel_logout_supported": True}, "It tells us when somebody signs out there"),
        ({"client_secret": Secret("wrong")}, {}, "invalid_client Unknown client."),
        ({"allowed_networks": ()}, {}, "inside your own network"),
        ({"allow_http": False}, {}, "without encryption"),
        ({}, {"issuer": "https://evil.example"}, "https://evil.example"),
        ({}, {"token_endpoint": None}, "token_endpoint"),
        ({}, {"code_challenge_methods_supported": ["plain"]}, "PKCE"),
        ({}, {"jwks_uri": "http://127.0.0.1:1/keys"}, "Nobody answers there"),
    ],
    ids=str,
)
def test_the_test_of_the_connection_says_in_words_what_is_wrong(
    office: Runtime,
    provider: FakeIdentityProvider,
    changes: dict[str, Any],
    metadata: dict[str, Any],
    said: str,
) -> None:
    provider.metadata = metadata
    runtime = with_provider(office, provider.issuer, **changes)
    app = create_app(runtime)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    admin = app.test_client()
    assert password(admin, "admin", address=f"192.0.2.{next(NETWORKS)}").status_code == 302
    answer = admin.post("/settings/single-sign-on/connection")
    works = said.startswith("It tells")
    assert answer.status_code == (200 if works else 422) and said in answer.text
    complaints = list(
        identity_provider.problems_of(runtime.settings.sso)
    )  # what `feedback doctor --deep` says
    assert bool(complaints) != (works or "client_secret" in changes)
