"""How a member of staff reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from feedback.services.staff import readers
from feedback.settings import load
from feedback.store.models import User

DAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("language", "calendar", "written"),
    [
        ("en", None, "30 Nov 2026"),
        ("fa", None, "۳۰ نوامبر ۲۰۲۶"),
        ("fa", "solar_hijri", "۹ آذر ۱۴۰۵"),
        ("fa", "that of a later release", "۳۰ نوامبر ۲۰۲۶"),
    ],
)
def test_a_letter_has_the_language_the_country_and_the_calendar_of_its_reader(
    tmp_path: Path, language: str, calendar: str | None, written: str
) -> None:
    settings = load(tmp_path, {"FEEDBACK_DEMO": "true"})
    settings = replace(settings, organisation=replace(settings.organisation, default_region="GB"))
    reader = User(language=language, calendar=calendar)
    assert readers.translator_for(reader, settings).date(DAY) == written


def test_somebody_who_has_not_signed_in_has_the_gregorian_calendar() -> None:
    assert readers.chosen_calendar(object()) == "gregorian"
