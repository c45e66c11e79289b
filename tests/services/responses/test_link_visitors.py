"""Visitors of an open link are counted by network and device, on both databases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from feedback.services.responses import link_visitors
from feedback.services.responses.link_visitors import Visitor
from feedback.store.models import Link, LinkVisitor
from tests.services.conftest import World

TODAY = date(2026, 3, 2)
PHONE, LAPTOP = Visitor("203.0.113.7", "Phone"), Visitor("203.0.113.7", "Laptop")


@pytest.fixture
def links(world: World) -> list[Link]:
    with world.database.writing() as session:
        made = [
            Link(
                token=f"link{n}",
                kind="poster",
                name="L",
                questionnaire="q",
                language="en",
                created_at=world.now,
            )
            for n in range(2)
        ]
        session.add_all(made)
    return made


def test_networks_devices_links_and_days_are_counted_apart(world: World, links: list[Link]) -> None:
    one, other = links
    with world.database.writing() as session:
        counts = [
            link_visitors.count(session, link, visitor, day, b"key")
            for link, visitor, day in (
                (one, PHONE, TODAY),
                (one, PHONE, TODAY),
                (one, LAPTOP, TODAY),
                (other, PHONE, TODAY),
                (one, PHONE, TODAY + timedelta(days=1)),
                (one, Visitor("203.0.113.8", "Phone"), TODAY),
            )
        ]
    assert counts == [(1, 1), (2, 2), (3, 1), (1, 1), (1, 1), (1, 1)]


def test_a_digest_depends_on_the_key_and_the_day(world: World, links: list[Link]) -> None:
    with world.database.writing() as session:
        for key, day in ((b"one", TODAY), (b"two", TODAY), (b"one", TODAY + timedelta(days=1))):
            link_visitors.count(session, links[0], PHONE, day, key)
        digests = session.scalars(select(LinkVisitor.visitor)).all()
    assert len(set(digests)) == 6
    assert all(len(each) == 32 for each in digests)


def test_counts_of_earlier_days_are_deleted(world: World, links: list[Link]) -> None:
    with world.database.writing() as session:
        for days in range(4):
            link_visitors.count(session, links[0], PHONE, TODAY + timedelta(days=days), b"key")
        assert link_visitors.forget(session, TODAY + timedelta(days=3)) == 4
        assert set(session.scalars(select(LinkVisitor.day))) == {
            TODAY + timedelta(days=days) for days in (2, 3)
        }
