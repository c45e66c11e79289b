"""Figures of use: told once, the newest counts, and every part of the health can be seen."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from feedback.core.health import Part
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import reports
from feedback.services.access import Viewer
from feedback.services.customers import product_usage
from feedback.services.customers.product_usage import UsageFigure
from feedback.settings.table import HealthSettings
from feedback.store.database import Database
from feedback.store.models import Account, UsagePoint
from tests.factories_reports import MARCH, account

DAY = timedelta(days=1)
SETTINGS = HealthSettings(usage={"active_users": 20, "exports": 100})


def told(database: Database, of: Account, key: str, name: str, value: float, at: datetime) -> bool:
    with database.writing() as session:
        return product_usage.record(session, of.external_id, UsageFigure(key, name, value, at), MARCH)[1]


@pytest.fixture
def customer(migrated: Database) -> Account:
    with migrated.writing() as session:
        return account(session, properties={"usage": 33})


def test_a_figure_is_told_once(migrated: Database, customer: Account) -> None:
    assert told(migrated, customer, "k", "exports", 5, MARCH)
    assert not told(migrated, customer, "k", "exports", 5, MARCH)
    with pytest.raises(Conflict):
        told(migrated, customer, "k", "exports", 6, MARCH)
    with migrated.reading() as session:
        assert session.query(UsagePoint).count() == 1


def test_another_account_has_keys_of_its_own(migrated: Database, customer: Account) -> None:
    with migrated.writing() as session:
        other = account(session)
    assert told(migrated, customer, "2026-03-10", "exports", 5, MARCH)
    assert told(migrated, other, "2026-03-10", "exports", 7, MARCH)


def test_what_cannot_be_is_refused(migrated: Database, customer: Account) -> None:
    with pytest.raises(Rejected):
        told(migrated, customer, "k", "exports", 5, MARCH + DAY)
    with pytest.raises(NotFound), migrated.writing() as session:
        product_usage.record(session, "nobody", UsageFigure("k", "exports", 1), MARCH)


def test_the_newest_figure_counts_whenever_it_arrived(migrated: Database, customer: Account) -> None:
    told(migrated, customer, "a", "active_users", 15, MARCH - DAY)
    told(migrated, customer, "b", "active_users", 2, MARCH - 9 * DAY)
    told(migrated, customer, "c", "exports", 250, MARCH - 2 * DAY)
    told(migrated, customer, "d", "logins", 9, MARCH - DAY)  # nobody said what is full
    with migrated.reading() as session:
        found = product_usage.latest(session, [customer.id], SETTINGS, MARCH)[customer.id]
        signs = reports.signs_of(session, [customer.id], MARCH, SETTINGS)[customer.id]
    assert [(each.name, each.value, each.share) for each in found] == [
        ("active_users", 15, 0.75),
        ("exports", 250, 1.0),
    ]
    assert signs.usage == pytest.approx(87.5)


def test_what_is_old_says_nothing_and_the_property_takes_its_place(
    migrated: Database, customer: Account
) -> None:
    told(migrated, customer, "a", "exports", 100, MARCH - 46 * DAY)
    with migrated.reading() as session:
        assert reports.signs_of(session, [customer.id], MARCH, SETTINGS)[customer.id].usage == 33


def test_the_page_of_the_account_shows_each_part_with_its_weight(
    migrated: Database, customer: Account
) -> None:
    told(migrated, customer, "a", "exports", 50, MARCH)
    settings = HealthSettings(weights={"usage": 85}, usage=SETTINGS.usage)
    with migrated.reading() as session:
        page = reports.account_page(
            session, Viewer(1, sees_all=True), customer.id, now=MARCH, settings=settings
        )
    assert [each.name for each in page.standing.usage] == ["exports"]
    shares = {each.part: each for each in page.standing.health.shares}
    assert shares[Part.USAGE].value == 50
    assert shares[Part.USAGE].weight == pytest.approx(85)  # beside 15 for follow-ups
    assert sum(each.points for each in shares.values()) == pytest.approx(page.standing.health.value or 0)
