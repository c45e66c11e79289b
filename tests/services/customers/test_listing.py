"""Lists show each row once, whichever way one turns the pages, and only to who may see it."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from sqlalchemy import true

from feedback.services.access import Viewer
from feedback.services.contact import eligibility
from feedback.services.customers import filters, listing
from feedback.services.customers.filters import ContactFilter
from feedback.services.customers.listing import PagePlace
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Contact
from tests.services.customers import base
from tests.services.customers.base import NOW

ALL = Viewer(1, sees_all=True)


@pytest.mark.parametrize(("few", "searched"), [(1_000, False), (10, False), (10, True)])
def test_every_contact_is_on_one_page_forwards_and_backwards(
    migrated: Database, monkeypatch: pytest.MonkeyPatch, few: int, searched: bool
) -> None:
    monkeypatch.setattr(listing, "FEW", few)
    names = ["Same Name"] * 70 + [f"Person {n:03}" for n in range(70)] + ["Éa", "ez", ""]
    with migrated.writing() as session:
        session.add_all(
            Contact(external_id=f"x{n}", name=name or None, created_at=NOW, updated_at=NOW)
            for n, name in enumerate(names)
        )
    with migrated.reading() as session:
        pages, place = [], listing.BEGINNING
        while True:
            page = listing.contacts(session, ALL, true(), place, searched=searched)
            pages.append([each.id for each in page.rows])
            if page.after is None:
                break
            place = page.after
        seen = [each for some in pages for each in some]
        assert len(seen) == len(set(seen)) == len(names)
        assert [len(some) for some in pages] == [50, 50, 43]
        back = page.before
        assert back is not None
        page = listing.contacts(session, ALL, true(), back, searched=searched)
        assert [each.id for each in page.rows] == pages[1]
        assert page.before and page.after
        page = listing.contacts(session, ALL, true(), page.before, searched=searched)
        assert ([each.id for each in page.rows], page.before) == (pages[0], None)
        assert (
            listing.contacts(session, ALL, true(), PagePlace(after=10**6), searched=searched).rows[0].id
            == seen[0]
        )


def test_a_csm_sees_their_own_and_those_without_an_owner(migrated: Database) -> None:
    with migrated.writing() as session:
        ids = base.furnish(session)
    everybody = filters.condition(ContactFilter(), NOW, UTC)
    with migrated.reading() as session:
        for viewer, expected in ((Viewer(ids["cem"]), 5), (Viewer(999), 3), (ALL, 5)):
            assert len(listing.contacts(session, viewer, everybody).rows) == expected
            assert listing.contacts(session, viewer, everybody).count == expected
            assert listing.count(session, viewer, everybody) == expected
        names = [each.name for each in listing.accounts(session, Viewer(999), true()).rows]
        assert names == ["Blue Bakery"]
        assert listing.accounts(session, Viewer(999), true()).count == 1


def test_a_count_stops_where_nobody_looks_at_it_any_more(
    migrated: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with migrated.writing() as session:
        base.furnish(session)
    monkeypatch.setattr(listing, "COUNTED", 3)
    with migrated.reading() as session:
        assert listing.count(session, ALL, Contact.erased_at.is_(None)) == 4


def test_a_list_says_when_somebody_was_asked_and_what_they_permit(migrated: Database, tmp_path: Path) -> None:
    with migrated.writing() as session:
        base.furnish(session)
    with migrated.reading() as session:
        people = listing.contacts(session, ALL, filters.condition(ContactFilter(), NOW, UTC)).rows
        told = listing.standings(session, people, eligibility.policy(Settings(tmp_path)), NOW)
        channels = {each.external_id: dict(told[each.id].channels) for each in people}
        asked = {each.external_id for each in people if told[each.id].asked_at}
    assert channels == {
        "c-1001": {"sms": "unknown", "email": "given"},
        "c-1002": {"email": "given"},
        "c-1003": {"sms": "given"},
        "c-1004": {},
        "c-1005": {"email": "suppressed"},
    }
    assert asked == {"c-1001", "c-1002"}
