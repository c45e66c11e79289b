"""Staff accounts by commands, as an admin needs them who cannot sign in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.services.staff import sessions
from feedback.services.staff.sessions import Device
from feedback.store.database import Database
from feedback.store.models import AuditEntry, StaffSession, User, WebAuthnKey
from tests.cli.calling import feedback

ADA, EVE = "ada@example.com", "eve@example.com"
PASSWORD = "a long enough password"


class Team:
    """An installation with an admin and a viewer, who is signed in on two devices."""

    def __init__(self, instance: Path) -> None:
        self.instance = instance
        for email, role in ((ADA, "admin"), (EVE, "viewer")):
            added = feedback(instance, "user", "add", email, "--role", role, "--password", PASSWORD)
            assert added.exit_code == 0, added.output
        self.database = Database(f"sqlite:///{instance / 'feedback.db'}")
        with self.database.writing() as session:
            eve = self.find(session, EVE)
            for secret in ("one", "two"):
                row = sessions.begin(eve, secret, Device("", ""), remembered=True, now=clock.now())
                session.add(row)

    @staticmethod
    def find(session: Session, email: str) -> User:
        return session.scalars(select(User).where(User.email == email)).one()

    def does(self, *arguments: str) -> str:
        done = feedback(self.instance, "user", *arguments)
        assert done.exit_code == 0, done.output
        return done.output

    def refuses(self, *arguments: str) -> str:
        refused = feedback(self.instance, "user", *arguments)
        assert refused.exit_code == 2
        return refused.output

    def signed_in(self) -> int:
        with self.database.reading() as session:
            return len(sessions.in_force(session, self.find(session, EVE), clock.now()))

    def audited(self) -> list[str]:
        with self.database.reading() as session:
            entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
            return [each.action for each in entries if each.subject == "user"]

    def give_second_factor(self) -> None:
        with self.database.writing() as session:
            eve = self.find(session, EVE)
            eve.tf_primary_method, eve.tf_totp_secret, eve.tf_last_counter = "authenticator", "secret", 7
            eve.mf_recovery_codes = ["0" * 64]
            moments = dict.fromkeys(("lastuse_datetime", "create_datetime"), clock.now())
            words = {"name": "phone", "usage": "secondary", "device_type": "multi_device"}
            key = WebAuthnKey(
                credential_id=b"1", public_key=b"2", sign_count=0, backup_state=True, **words, **moments
            )
            eve.webauthn.append(key)


@pytest.fixture
def team(installed: Path) -> Iterator[Team]:
    team = Team(installed)
    yield team
    team.database.close()


def test_the_list_says_who_can_sign_in_and_how(team: Team) -> None:
    team.give_second_factor()
    ada, eve = team.does("list").splitlines()
    assert ada.replace("active  ", "active").split("  ") == [
        "active",
        ADA,
        "admin",
        "password only",
        "never signed in",
        "ada",
    ]
    assert f"{EVE}  viewer  second factor  never" in eve
    team.does("disable", EVE)
    assert team.does("list").splitlines()[1].startswith("disabled  ")


def test_a_disabled_person_is_out_and_can_be_enabled_again(team: Team) -> None:
    assert team.signed_in() == 2
    team.does("disable", EVE)
    assert team.signed_in() == 0
    team.does("enable", EVE)
    with team.database.reading() as session:
        assert team.find(session, EVE).active
    assert team.audited()[2:] == ["sessions revoked", "deactivated", "activated"]


def test_signing_out_ends_every_session(team: Team) -> None:
    assert "signed out everywhere" in team.does("sign-out", "EVE@example.com")
    assert team.signed_in() == 0
    with team.database.reading() as session:
        assert session.scalars(select(StaffSession)).all() == []


def test_roles_are_replaced(team: Team) -> None:
    assert team.does("role", EVE, "lead", "admin") == f"{EVE} has the roles: admin, lead.\n"
    with team.database.reading() as session:
        assert sorted(role.name for role in team.find(session, EVE).roles) == ["admin", "lead"]
    assert team.audited()[-1] == "roles"


def test_a_lost_second_factor_is_removed_with_the_sessions_on_the_lost_device(team: Team) -> None:
    team.give_second_factor()
    team.does("reset-mfa", EVE)
    with team.database.reading() as session:
        eve = team.find(session, EVE)
        left = (eve.tf_primary_method, eve.tf_totp_secret, eve.tf_last_counter, eve.mf_recovery_codes)
        assert (left, eve.webauthn) == ((None, None, None, None), [])
    assert team.signed_in() == 0
    assert team.audited()[-2:] == ["second factor reset", "sessions revoked"]


def test_without_a_second_factor_there_is_nothing_to_remove(team: Team) -> None:
    assert "has no second factor" in team.refuses("reset-mfa", EVE)
    assert team.signed_in() == 2


@pytest.mark.parametrize("arguments", [("disable", ADA), ("role", ADA, "viewer")])
def test_the_last_admin_stays_one(team: Team, arguments: tuple[str, ...]) -> None:
    assert "this is the last one" in team.refuses(*arguments)


@pytest.mark.parametrize("name", ["disable", "enable", "reset-mfa", "sign-out"])
def test_an_unknown_address_is_said(team: Team, name: str) -> None:
    assert "There is no user with the address nobody@example.com." in team.refuses(name, "nobody@example.com")
