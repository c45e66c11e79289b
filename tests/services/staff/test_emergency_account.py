"""What is said if nobody could sign in without the provider."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from feedback import clock
from feedback.services.staff import accounts, emergency_account
from feedback.services.staff.accounts import NewUser
from feedback.settings import Settings
from feedback.settings.reading import with_values
from feedback.store.database import Database

PROVIDER = {"sso.issuer": "https://acme.example", "sso.client_id": "x"}
STRICT = {**PROVIDER, "sso.passwords": "emergency", "sso.emergency_account": "Ada@example.com"}


@pytest.mark.parametrize(
    ("given", "roles", "password", "codes"),
    [
        (PROVIDER, ["admin"], None, []),
        (
            {**STRICT, "sso.emergency_account": "other@example.com"},
            ["admin"],
            "a long sentence here",
            ["F086"],
        ),
        (STRICT, ["lead"], "a long sentence here", ["F086"]),
        (STRICT, ["admin"], None, ["F086"]),
        (STRICT, ["admin"], "a long sentence here", ["F087"]),
        ({**PROVIDER, "sso.new_accounts": "made"}, ["admin"], None, ["F088"]),
        ({**PROVIDER, "sso.new_accounts": "made", "sso.other_role": "viewer"}, ["admin"], None, []),
    ],
)
def test_an_emergency_account_must_be_an_active_admin_with_a_password_and_a_second_factor(
    migrated: Database, given: dict[str, Any], roles: list[str], password: str | None, codes: list[str]
) -> None:
    settings = with_values(Settings(instance=Path()), given)
    with migrated.writing() as session:
        new = NewUser("ada@example.com", "Ada", roles, password=password)
        accounts.add_user(session, new, clock.now(), salt="x" * 32)
    with migrated.reading() as session:
        assert [each.code for each in emergency_account.problems(session, settings)] == codes
