"""Providers are made from the settings; one that cannot be made keeps no other from sending."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedback.errors import SettingsInvalid
from feedback.services.messaging import provider_opening
from feedback.settings import Settings, load
from feedback.store.database import Database


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(
        tmp_path,
        {
            "FEEDBACK_PROVIDERS_ENABLED": "twilio_sms,smtp_email",
            "FEEDBACK_SMTP_HOST": "127.0.0.1",
            "FEEDBACK_SMTP_SECURITY": "none",
            "FEEDBACK_SMTP_SENDER": "Acme <hello@acme.example>",
        },
    )


def test_all_or_none_are_opened_at_the_start(settings: Settings, migrated: Database) -> None:
    with pytest.raises(SettingsInvalid):
        provider_opening.open_providers(settings, migrated)


def test_later_those_are_opened_whose_settings_are_complete(settings: Settings, migrated: Database) -> None:
    assert list(provider_opening.open_where_possible(settings, migrated)) == ["smtp_email"]
    assert [each.code for each in provider_opening.provider_problems(settings, migrated)] == ["F027"]
