"""Segments are named filters that anything can use as a condition."""

from __future__ import annotations

from datetime import UTC

import pytest
from sqlalchemy import select

from feedback.errors import Conflict, NotFound, Rejected
from feedback.services.access import Viewer
from feedback.services.customers import segments
from feedback.services.customers.filters import ContactFilter
from feedback.store.database import Database
from feedback.store.models import AuditEntry, Contact
from tests.services.customers import base
from tests.services.customers.base import NOW

VIP = ContactFilter(words="seyma", segment="vip", country="TR", renews_within=120, not_asked_for=60)


def test_a_segment_is_kept_counted_and_used_as_a_condition(migrated: Database) -> None:
    with migrated.writing() as session:
        ids = base.furnish(session)
        saved = segments.add(session, "  VIP in  Turkey ", VIP, by=ids["cem"], now=NOW).id
    with migrated.reading() as session:
        (segment,) = segments.every(session)
        assert (segment.id, segment.name) == (saved, "VIP in Turkey")
        assert "words" not in segment.query
        fits = select(Contact.external_id).where(segments.condition(segment, NOW, UTC))
        assert session.scalars(fits).all() == ["c-1002"]
        assert segments.count(session, Viewer(1, sees_all=True), segment, NOW, UTC) == 1
        assert segments.count(session, Viewer(999), segment, NOW, UTC) == 0
        assert session.scalars(select(AuditEntry.subject)).all() == ["segment"]


def test_who_saw_an_older_segment_changes_nothing(migrated: Database) -> None:
    with migrated.writing() as session:
        ids = base.furnish(session)
        saved = segments.add(session, "VIP", VIP, by=ids["cem"], now=NOW).id
        tr = ContactFilter(country="TR")
        segments.change(session, saved, "Turkey", tr, edit=1, by=ids["cem"], now=NOW)
    with pytest.raises(Conflict), migrated.writing() as session:
        segments.change(session, saved, "VIP", VIP, edit=1, by=ids["cem"], now=NOW)
    with migrated.writing() as session:
        assert segments.find(session, saved).name == "Turkey"
        segments.remove(session, saved, by=ids["cem"], now=NOW)
    with pytest.raises(NotFound), migrated.reading() as session:
        segments.find(session, saved)


def test_a_segment_needs_a_name_of_its_own_and_a_filter(migrated: Database) -> None:
    with migrated.writing() as session:
        ids = base.furnish(session)
        segments.add(session, "VIP", VIP, by=ids["cem"], now=NOW)
        for name, wanted, error in (
            ("vip", VIP, Conflict),
            ("", VIP, Rejected),
            ("x" * 81, VIP, Rejected),
            ("Found", ContactFilter(words="seyma"), Rejected),
        ):
            with pytest.raises(error):
                segments.add(session, name, wanted, by=ids["cem"], now=NOW)
