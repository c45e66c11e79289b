"""Presence: others who have a text open, as long as their page gives signs."""

from __future__ import annotations

from datetime import timedelta

from feedback.services.studio import presence
from feedback.store.database import Database
from tests.services.studio.conftest import KEY, NOW


def test_others_are_seen_until_their_page_gives_no_sign(migrated: Database, people: tuple[int, int]) -> None:
    ada, cem = people
    with migrated.writing() as session:
        presence.seen(session, KEY, by=ada, now=NOW)
        presence.seen(session, KEY, by=ada, now=NOW)
        presence.seen(session, "k" * 65, by=ada, now=NOW)
        assert presence.others(session, KEY, by=ada, now=NOW) == []
        assert presence.others(session, KEY, by=cem, now=NOW) == [("Ada", NOW)]
        assert presence.others(session, KEY, by=cem, now=NOW + timedelta(minutes=3)) == []
