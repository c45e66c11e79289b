"""What the doctor and the page of admins find is found once, errors first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from feedback.core.journey import Journey
from feedback.library import Library
from feedback.services.setup import diagnosis
from feedback.settings import load
from feedback.store.database import Database
from feedback.store.models import StoredSetting

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEYS = {
    "FEEDBACK_WEB_SECRET_KEY": "x" * 40,
    "FEEDBACK_WEB_PASSWORD_SALT": "y" * 40,
    "FEEDBACK_LINK_KEY": "z" * 40,
    "FEEDBACK_WEB_PUBLIC_URL": "http://127.0.0.1:8080",
}


def test_problems_of_settings_data_and_providers_come_together(migrated: Database, tmp_path: Path) -> None:
    with migrated.writing() as session:
        session.add(StoredSetting(name="contact.min_gap", value="a month", at=NOW))
    settings = load(tmp_path, KEYS | {"FEEDBACK_ORGANISATION_NAME": "Acme"})
    found = diagnosis.everything(settings, Library({}, Journey(stages=())), migrated, NOW)
    codes = [each.code for each in found]
    assert codes[0] == "F020"
    assert "F055" in codes
    levels = [each.level for each in found]
    assert levels == sorted(levels)
    assert diagnosis.has_errors(found)


def test_a_provider_that_cannot_be_opened_is_one_problem(migrated: Database, tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        KEYS | {"FEEDBACK_ORGANISATION_NAME": "Acme", "FEEDBACK_PROVIDERS_ENABLED": "pigeon_sms"},
    )
    assert [each.code for each in diagnosis.of_installation(settings, migrated) if each.level == "error"] == [
        "F027"
    ]
