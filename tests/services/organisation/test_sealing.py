"""Secrets in the database are readable only with the installation's key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from feedback.services.organisation import sealing
from feedback.settings import Secret, Settings, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(tmp_path, {"FEEDBACK_WEB_SECRET_KEY": "a key that is long enough for this"})


def with_keys(settings: Settings, new: str, old: str = "") -> Settings:
    return replace(
        settings, web=replace(settings.web, secret_key=Secret(new), secret_key_previous=Secret(old))
    )


def test_a_secret_comes_back_with_the_key_that_sealed_it(settings: Settings) -> None:
    sealed = sealing.seal("پنهان", settings)
    assert "پنهان" not in sealed
    assert sealing.unseal(sealed, settings) == "پنهان"
    assert sealing.seal("پنهان", settings) != sealed, "equal secrets do not look alike"


def test_without_the_key_or_with_a_changed_text_nothing_comes_back(settings: Settings) -> None:
    sealed = sealing.seal("hidden", settings)
    assert sealing.unseal(sealed, with_keys(settings, "another key")) is None
    assert sealing.unseal(sealed[:-4] + "AAAA", settings) is None
    assert sealing.unseal("no token at all", settings) is None


def test_what_the_previous_key_sealed_is_sealed_anew_once(settings: Settings) -> None:
    sealed = sealing.seal("hidden", settings)
    later = with_keys(settings, "another key", settings.web.secret_key.reveal())
    anew = sealing.sealed_anew(sealed, later)
    assert anew is not None
    assert sealing.unseal(anew, with_keys(settings, "another key")) == "hidden"
    assert sealing.sealed_anew(anew, later) is None
    assert sealing.sealed_anew(sealed, with_keys(settings, "a third key")) is None
