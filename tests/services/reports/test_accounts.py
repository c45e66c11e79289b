"""Accounts and their health, from rows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from feedback.core.health import Part
from feedback.core.money import Exchange
from feedback.errors import NotFound
from feedback.services import reports
from feedback.services.followups import Viewer
from feedback.store.database import Database
from tests.figures import MARCH, account, answered, contact, follow_up, invitation, user

EXCHANGE = Exchange("EUR", {"USD": 0.9, "TRY": 0.03})
LEAD = Viewer(1, sees_all=True)
DAY = timedelta(days=1)
NOW = MARCH + 20 * DAY


def test_signs_come_from_scores_silence_promises_and_usage(migrated: Database) -> None:
    with migrated.writing() as session:
        customer = account(session, properties={"usage": 80})
        ada, bob = contact(session, customer, "Ada"), contact(session, customer, "Bob")
        answered(session, 10, MARCH - 90 * DAY, person=ada)
        latest = answered(session, 5, person=ada)
        answered(session, 9, person=bob)
        answered(session, 0, MARCH - 500 * DAY, person=bob)  # too long ago
        answered(session, 0, person=bob, provisional=True)
        invitation(session, MARCH - DAY, person=bob)  # ran out unanswered
        invitation(session, NOW - DAY, person=bob)  # can still be answered
        follow_up(session, latest, MARCH)
        signs = reports.signs_of(session, [customer.id], NOW)[customer.id]
    assert signs.latest == pytest.approx((0.5 + 0.9) / 2)
    assert signs.previous == pytest.approx(signs.latest + 0.5)
    assert (signs.asked, signs.answered) == (5, 4)
    assert (signs.open_tasks, signs.overdue_tasks, signs.usage) == (1, 1, 80)


def test_the_page_of_an_account_holds_its_history(migrated: Database) -> None:
    with migrated.writing() as session:
        customer = account(session, "Acme")
        response = answered(session, 3, person=contact(session, customer, "Ada"))
        follow_up(session, response)
        page = reports.account_page(session, LEAD, customer.id, now=NOW)
    assert [(each.value, each.contact) for each in page.scores] == [(3, "Ada")]
    assert (len(page.contacts), len(page.invitations), len(page.follow_ups)) == (1, 1, 1)
    assert {share.part for share in page.standing.health.shares} == set(Part)


def test_an_account_of_somebody_else_does_not_exist_for_a_csm(migrated: Database) -> None:
    with migrated.writing() as session:
        me, other = user(session), user(session)
        mine = account(session, "Mine", owner_id=me.id)
        theirs = account(session, "Theirs", owner_id=other.id)
        assert [
            each.account.name for each in reports.accounts(session, Viewer(me.id), now=NOW, exchange=EXCHANGE)
        ] == ["Mine"]
        assert reports.account_page(session, Viewer(me.id), mine.id, now=NOW).standing.account is mine
        with pytest.raises(NotFound):
            reports.account_page(session, Viewer(me.id), theirs.id, now=NOW)


def test_the_next_renewal_comes_first_and_what_is_over_last(migrated: Database) -> None:
    with migrated.writing() as session:
        account(session, "Over", renewal_on=date(2026, 1, 1), recurring_revenue=Decimal(1))
        account(session, "Soon", renewal_on=date(2026, 4, 1), recurring_revenue=Decimal(2))
        account(session, "Later", renewal_on=date(2026, 9, 1), recurring_revenue=Decimal(3))
        account(session, "Unknown")

        def names(order: str) -> list[str]:
            found = reports.accounts(session, LEAD, now=NOW, exchange=EXCHANGE, order=order)  # type: ignore[arg-type]
            return [each.account.name for each in found]

        assert names("renewal") == ["Soon", "Later", "Unknown", "Over"] or names("renewal")[:2] == [
            "Soon",
            "Later",
        ]
        assert names("revenue") == ["Later", "Soon", "Over", "Unknown"]
        assert reports.count_accounts(session, LEAD, "o") == 3


def test_revenue_is_compared_in_one_currency_and_what_cannot_be_comes_last(migrated: Database) -> None:
    with migrated.writing() as session:
        for name, amount, currency in (
            ("Lira", 30_000, "TRY"),
            ("Dollar", 2_000, "USD"),
            ("Ours", 1_000, None),
            ("Rial", 9_000_000, "IRR"),
        ):
            account(session, name, recurring_revenue=Decimal(amount), currency=currency)
        found = reports.accounts(session, LEAD, now=NOW, exchange=EXCHANGE, order="revenue")
    assert [each.account.name for each in found] == ["Dollar", "Ours", "Lira", "Rial"]


def test_what_the_api_posts_as_usage_must_be_a_number(migrated: Database) -> None:
    with migrated.writing() as session:
        odd = account(session, properties={"usage": "lots"})
        assert reports.signs_of(session, [odd.id], NOW)[odd.id].usage is None
