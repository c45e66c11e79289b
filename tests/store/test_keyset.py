"""Reading a list page by page while others write."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from feedback.store import keyset
from feedback.store.database import Database
from feedback.store.keyset import Order, PageEnd
from feedback.store.models import Account

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
BY_ID = Order(Account.id, None, Account.created_at)
BY_CHANGE = Order(Account.id, Account.updated_at)


def add(database: Database, name: str, at: datetime) -> None:
    with database.writing() as session:
        session.add(Account(external_id=name, name=name, created_at=at, updated_at=at))


def read_all(database: Database, order: Order, limit: int, between: object = None) -> list[str]:
    """The external ids in the order in which a program sees them; `between` is called after each page."""
    found: list[str] = []
    place: PageEnd | None = None
    while True:
        with database.reading() as session:
            rows, place = keyset.page(session, select(Account), order, limit, place)
        found += [row.external_id for row in rows]
        if callable(between):
            between()
        if place is None:
            return found


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    number=st.integers(0, 12), limit=st.integers(1, 5), seed=st.integers(0, 1000), descending=st.booleans()
)
def test_who_reads_all_pages_sees_each_row_once_whatever_others_write(
    migrated: Database, number: int, limit: int, seed: int, descending: bool
) -> None:
    with migrated.writing() as session:
        session.execute(delete(Account))
    there = [f"{seed}-{n}" for n in range(number)]
    for n, name in enumerate(there):
        add(migrated, name, BEGIN + timedelta(seconds=n % 3))
    chance, more = random.Random(seed), []

    def disturb() -> None:
        if len(more) < 10 and chance.random() < 0.7:
            more.append(f"{seed}-more-{len(more)}")
            add(migrated, more[-1], BEGIN - timedelta(days=chance.randrange(9)))
        if there and chance.random() < 0.5:  # a change moves nothing
            with migrated.writing() as session:
                row = session.scalars(
                    select(Account).where(Account.external_id == chance.choice(there))
                ).one()
                row.updated_at, row.name = BEGIN + timedelta(days=1), "changed"

    order = Order(Account.id, descending=True) if descending else BY_ID
    seen = read_all(migrated, order, limit, disturb)
    assert len(seen) == len(set(seen))
    assert set(there) <= set(seen) <= set(there) | set(more)


def test_a_list_by_time_of_change_shows_what_changed_meanwhile_again_at_its_end(migrated: Database) -> None:
    for n in range(4):
        add(migrated, f"a{n}", BEGIN)
    changed = False

    def change() -> None:
        nonlocal changed
        if not changed:
            changed = True
            with migrated.writing() as session:
                row = session.scalars(select(Account).where(Account.external_id == "a0")).one()
                row.updated_at = BEGIN + timedelta(hours=1)

    assert read_all(migrated, BY_CHANGE, 2, change) == ["a0", "a1", "a2", "a3", "a0"]


@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)  # SQLite has one writer at a time
def test_a_row_that_is_stored_late_is_not_passed_over(migrated: Database) -> None:
    """PostgreSQL gives out the smaller id first and may store it last."""
    add(migrated, "old", BEGIN)
    with migrated.writing() as slow:
        row = Account(external_id="slow", name="slow", created_at=migrated.now(), updated_at=BEGIN)
        slow.add(row)
        slow.flush()
        add(migrated, "quick", migrated.now())
        with migrated.reading() as session:
            rows, place = keyset.page(session, select(Account), BY_ID, 10)
        assert ([each.external_id for each in rows], place) == (["old"], None)
    last = PageEnd(None, rows[-1].id)
    with migrated.reading() as session:
        rows, _ = keyset.page(session, select(Account), BY_ID, 10, last)
    assert [each.external_id for each in rows] == ["slow", "quick"]
