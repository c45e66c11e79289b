"""The organisation's settings in the database: checked as in the file, with a history, and followed by all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from feedback.core.journey import Journey
from feedback.errors import Conflict
from feedback.library import Library
from feedback.services.context import Context
from feedback.services.organisation import stored_settings
from feedback.services.staff import accounts
from feedback.services.studio.following import Following
from feedback.settings import Secret, Settings, load, organisation
from feedback.settings.reading import entries
from feedback.store.database import Database
from feedback.store.models import AuditEntry, StoredSetting

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = "the key of this installation, long enough"
MAIL = {
    "smtp.host": "127.0.0.1",
    "smtp.security": "none",
    "smtp.sender": "Acme <hello@acme.example>",
    "providers.enabled": ["smtp_email"],
}


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    """As the file and the environment have them."""
    return load(tmp_path, {"FEEDBACK_WEB_SECRET_KEY": KEY, "FEEDBACK_CONTACT_ACCOUNT_MAX": "7"})


@pytest.fixture
def admin(migrated: Database) -> int:
    with migrated.writing() as session:
        ada = accounts.add_user(session, accounts.NewUser("ada@example.com", "Ada", ["admin"]), NOW)
        return ada.id


class Store:
    """An admin who changes settings."""

    def __init__(self, database: Database, given: Settings, admin: int) -> None:
        self.database, self.given, self.admin = database, given, admin

    def change(self, wanted: Mapping[str, Any], *, seen: int | None = None) -> list[str]:
        with self.database.writing() as session:
            last = stored_settings.last_change(session, tuple(wanted)) if seen is None else seen
            return stored_settings.change(session, self.given, wanted, seen=last, by=self.admin, now=NOW)

    @property
    def settings(self) -> Settings:
        with self.database.reading() as session:
            return stored_settings.in_force(session, self.given)

    def problems(self) -> list[str]:
        with self.database.reading() as session:
            return [each.code for each in stored_settings.problems(session, self.given)]


@pytest.fixture
def store(migrated: Database, given: Settings, admin: int) -> Store:
    return Store(migrated, given, admin)


def test_what_is_stored_is_in_force_with_a_history_and_an_audit_entry(store: Store) -> None:
    assert store.change({"organisation.name": "Acme", "contact.min_gap": "14d"}) == [
        "organisation.name",
        "contact.min_gap",
    ]
    assert store.settings.organisation.name == "Acme"
    assert store.settings.contact.min_gap == timedelta(days=14)
    with store.database.reading() as session:
        latest = stored_settings.history(session)
        audited = session.scalars(select(AuditEntry).where(AuditEntry.subject == "setting")).all()
    assert [(each.name, each.before, each.after, each.by) for each in latest] == [
        ("contact.min_gap", "30d", "14d", "Ada"),
        ("organisation.name", "", "Acme", "Ada"),
    ]
    assert sorted(each.detail["setting"] for each in audited) == ["contact.min_gap", "organisation.name"]


def test_a_value_as_it_was_before_is_not_stored_and_changes_nothing(store: Store) -> None:
    assert store.change({"contact.min_gap": "30d", "organisation.name": ""}) == []
    assert store.settings.edition == 0
    store.change({"contact.min_gap": "14d"})
    store.change({"contact.min_gap": "30d"})
    with store.database.reading() as session:
        assert stored_settings.stored_names(session) == frozenset()
        assert len(stored_settings.history(session)) == 2


def test_the_file_and_the_environment_win_and_the_doctor_says_so(store: Store) -> None:
    store.change({"contact.account_max": 3, "contact.min_gap": "14d"})
    assert store.settings.contact.account_max == 7
    assert organisation.is_fixed(store.given, "contact.account_max")
    later = replace(store.given, given={**store.given.given, "contact.min_gap": "feedback.toml"})
    with store.database.reading() as session:
        assert stored_settings.in_force(session, later).contact.min_gap == timedelta(days=30)
        told = [str(each) for each in stored_settings.problems(session, later)]
    assert [each.split()[0] for each in told] == ["F056"]
    assert "feedback.toml sets it, too" in told[0]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"contact.account_max": 0, "contact.min_gap": "soon"}, {"contact.min_gap"}),
        ({"link.responses_per_network": 0}, {"link.responses_per_network"}),
        ({"contact.quiet_from": "08:00"}, {"contact.quiet_from"}),
        ({"contact.weekdays": []}, {"contact.weekdays"}),
        ({"organisation.colour": "red"}, {"organisation.colour"}),
        ({"organisation.currency": "Euro"}, {"organisation.currency"}),
        ({"followup.weights": {"luck": 3}}, {"followup.weights"}),
        ({"health.usage": {"logins": 0}}, {"health.usage"}),
        ({"followup.opens": "18:00", "followup.closes": "09:00"}, {"followup.opens", "followup.closes"}),
        ({"alerts.slack_webhook": "not an address"}, {"alerts.slack_webhook"}),
        ({"providers.enabled": ["smtp_email"]}, {"providers.enabled"}),
        (
            {"organisation.name": "Acme", "providers.enabled": ["smtp_email"], "smtp.port": 70000},
            {"providers.enabled", "smtp.port"},
        ),
        ({"sign_in.second_factor": "perhaps"}, {"sign_in.second_factor"}),
    ],
)
def test_a_mistake_names_its_field_and_nothing_is_changed(
    store: Store, wanted: dict[str, Any], names: set[str]
) -> None:
    with pytest.raises(stored_settings.Unusable) as refused:
        store.change({"organisation.name": "Acme", **wanted})
    assert set(refused.value.mistakes) == names
    assert store.settings.organisation.name == ""
    assert store.settings.edition == 0


def test_who_looked_before_somebody_else_saved_overwrites_nothing(store: Store) -> None:
    store.change({"contact.min_gap": "14d"})
    with pytest.raises(Conflict):
        store.change({"contact.min_gap": "21d"}, seen=0)
    assert store.settings.contact.min_gap == timedelta(days=14)
    assert store.change({"organisation.name": "Acme"}, seen=0) == ["organisation.name"]


def test_a_secret_is_sealed_and_its_history_says_only_that_there_is_one(store: Store) -> None:
    store.change({"smtp.password": "swordfish"})
    assert store.settings.smtp.password.reveal() == "swordfish"
    with store.database.reading() as session:
        kept = session.scalars(select(StoredSetting.value)).one()
        (told,) = stored_settings.history(session)
    assert "swordfish" not in kept
    assert (told.before, told.after) == ("", "set")
    store.change({"smtp.password": ""})
    assert not store.settings.smtp.password


def test_a_secret_outlives_one_change_of_the_key_and_after_two_is_asked_for_again(
    store: Store,
) -> None:
    store.change({"smtp.password": "swordfish"})

    def with_keys(new: str, old: str) -> Settings:
        web = replace(store.given.web, secret_key=Secret(new * 40), secret_key_previous=Secret(old))
        return replace(store.given, web=web)

    store.given = with_keys("b", KEY)
    assert store.settings.smtp.password.reveal() == "swordfish"
    with store.database.writing() as session:
        stored_settings.reseal(session, store.given)
    store.given = with_keys("b", "")
    assert store.settings.smtp.password.reveal() == "swordfish"
    store.given = with_keys("c", "")
    assert not store.settings.smtp.password
    assert store.problems() == ["F054"]


def test_what_a_later_release_no_longer_takes_is_left_out_and_reported(store: Store) -> None:
    with store.database.writing() as session:
        session.add(StoredSetting(name="contact.min_gap", value="a month", at=NOW))
        session.add(StoredSetting(name="web.port", value=1, at=NOW))
        session.add(StoredSetting(name="contact.forgotten", value=1, at=NOW))
    assert store.settings.contact.min_gap == timedelta(days=30)
    assert store.settings.web.port == 8080
    assert store.problems() == ["F055"]


def test_every_node_follows_within_seconds_and_opens_the_providers_anew(store: Store) -> None:
    library = Library({}, Journey(stages=()))
    node = Following(store.database, Context(store.given, library, {}))
    assert node.look(at_once=True).providers == {}
    store.change(MAIL)
    found = node.look(at_once=True)
    assert list(found.providers) == ["smtp_email"]
    assert found.library is library
    store.change({"organisation.support_email": "help@acme.example"})
    assert node.look(at_once=True).providers is found.providers
    store.change({"providers.enabled": []})
    assert node.look(at_once=True).providers == {}


def test_the_list_names_only_settings_that_exist_each_once() -> None:
    names = [name for group in organisation.GROUPS for name in group.names]
    assert [name for name in names if names.count(name) > 1] == ["providers.enabled"] * 2
    assert set(names) <= entries().keys()


def test_what_only_a_restart_or_the_machine_decides_is_not_offered() -> None:
    tables = {name.partition(".")[0] for name in organisation.GROUP_OF}
    assert not tables & {"web", "database", "worker", "log", "demo", "questionnaires"}
    assert not organisation.GROUP_OF.keys() & {"organisation.time_zone", "link.key", "twilio.base_url"}
