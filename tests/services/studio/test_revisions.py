"""Revisions: nothing that somebody wrote is lost."""

from __future__ import annotations

from datetime import timedelta

from feedback.services.studio import drafts, revisions
from feedback.store.database import Database
from tests.services.studio.conftest import KEY, NOW


def test_what_somebody_else_wrote_or_an_hour_ago_is_kept_as_a_revision(
    migrated: Database, people: tuple[int, int]
) -> None:
    ada, cem = people
    saved = [("1", ada, 0), ("2", ada, 1), ("3", cem, 2), ("4", cem, 3), ("5", cem, 90)]
    with migrated.writing() as session:
        for edit, (text, by, minutes) in enumerate(saved):
            drafts.save(session, KEY, text, base=edit, by=by, now=NOW + timedelta(minutes=minutes))
    with migrated.reading() as session:
        assert [(each.text, each.author) for each in revisions.history(session, KEY)] == [
            ("4", "Cem"), ("2", "Ada"),
        ]  # fmt: skip
