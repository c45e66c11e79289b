"""Drafts are checked together, and once."""

from __future__ import annotations

from pathlib import Path

from feedback import lint
from feedback.services.studio import drafts
from feedback.services.studio.checks import Checks
from feedback.store.database import Database


def test_drafts_are_checked_again_only_if_a_text_or_the_settings_change(
    migrated: Database, directories: list[Path]
) -> None:
    checks, settings = Checks(), lint.LintContext()
    with migrated.reading() as session:
        every = drafts.all_texts(session, directories)
    found = checks.of(every, settings)
    assert found.keys() == {each.key for each in every}
    assert checks.of(every, settings) is found
    assert checks.of(every[1:], settings).keys() == {each.key for each in every[1:]}
    assert checks.of(every, lint.LintContext()) is not found
