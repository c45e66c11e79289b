"""Accounts and their health, from rows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module

import pytest

from feedback.core.health import Part
from feedback.core.money import Exchange
from feedback.errors import NotFound
from feedback.services import reports
from feedback.services.access import Viewer
from feedback.store.database import Database
from tests.factories_reports import MARCH, account, answered, contact, follow_up, invitation, user

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
    assert {metric: sorted(values) for metric, values in signs.latest.items()} == {"nps": [5, 9]}
    assert signs.changes == pytest.approx([-0.5])
    assert (signs.asked, signs.answered) == (5, 4)
    assert (signs.open_tasks, signs.overdue_tasks, signs.usage) == (1, 1, 80)


def test_experiences_count_whether_or_not_there_is_a_score_for_the_whole(migrated: Database) -> None:
    """Seven answers to surveys of occasions, none to the relationship survey."""
    with migrated.writing() as session:
        customer = account(session)
        ada, bob = contact(session, customer, "Ada"), contact(session, customer, "Bob")
        for person, before, now in ((ada, 2, 1), (bob, 5, 3)):
            of = {"person": person, "metric": "csat", "trend": "support", "question": "satisfied"}
            answered(session, before, MARCH - 30 * DAY, **of)
            answered(session, now, **of)
        effort = {"metric": "ces2", "trend": "onboarding", "question": "easy"}
        answered(session, 7, person=ada, **effort)
        (standing,) = reports.accounts(session, LEAD, now=NOW, exchange=EXCHANGE)
    values = {share.part: share.value for share in standing.health.shares}
    assert values[Part.RELATIONSHIP] is None
    assert values[Part.EXPERIENCE] == pytest.approx(100 * (0 + 0.5 + 1) / 3)
    assert values[Part.DIRECTION] == pytest.approx(50 + 50 * (-0.25 - 0.5) / 2)
    assert standing.health.value is not None


def test_two_series_are_never_compared_with_each_other(migrated: Database) -> None:
    """A 9 for the relationship, then a 3 before the renewal: two questions, so nothing fell."""
    with migrated.writing() as session:
        customer = account(session)
        ada = contact(session, customer, "Ada")
        answered(session, 9, MARCH - 60 * DAY, person=ada, trend="relationship")
        answered(session, 3, person=ada, trend="renewal")
        signs = reports.signs_of(session, [customer.id], NOW)[customer.id]
        answered(session, 10, MARCH + DAY, person=ada, trend="relationship")
        later = reports.signs_of(session, [customer.id], NOW)[customer.id]
    assert (sorted(signs.latest["nps"]), list(signs.changes)) == ([3, 9], [])
    assert (sorted(later.latest["nps"]), list(later.changes)) == ([3, 10], pytest.approx([0.1]))


def test_answers_without_a_name_count_each_and_are_compared_with_none(migrated: Database) -> None:
    with migrated.writing() as session:
        customer = account(session)
        for value, at in ((10, MARCH - DAY), (2, MARCH)):
            answered(session, value, at, person=contact(session, customer)).contact_id = None
        session.flush()
        signs = reports.signs_of(session, [customer.id], NOW)[customer.id]
    assert (sorted(signs.latest["nps"]), list(signs.changes)) == ([2, 10], [])


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
            found = reports.accounts(session, LEAD, reports.Listing(order), now=NOW, exchange=EXCHANGE)  # type: ignore[arg-type]
            return [each.account.name for each in found]

        assert names("renewal") == ["Soon", "Later", "Unknown", "Over"] or names("renewal")[:2] == [
            "Soon",
            "Later",
        ]
        assert names("revenue") == ["Later", "Soon", "Over", "Unknown"]
        assert reports.count_accounts(session, LEAD, "o") == 3


def test_the_worst_health_comes_first_and_accounts_of_which_nothing_is_known_last(
    migrated: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with migrated.writing() as session:
        for name, value in (("Content", 10), ("Angry", 1), ("Unknown", None), ("So so", 8)):
            customer = account(session, name)
            if value is not None:
                answered(session, value, NOW - timedelta(days=1), person=contact(session, customer))

        def names(page: int | None = None) -> list[str]:
            listing = reports.Listing("health", page=page)
            found = reports.accounts(session, LEAD, listing, now=NOW, exchange=EXCHANGE)
            return [each.account.name for each in found]

        assert names() == names(1) == ["Angry", "So so", "Content", "Unknown"]
        assert names(2) == []
        monkeypatch.setattr(import_module("feedback.services.reports.accounts"), "MOST_RANKED", 3)
        assert names() == ["Angry", "Content", "So so", "Unknown"]  # as by renewal, of which none is known
        assert not reports.can_be_ranked(4)


def test_revenue_is_compared_in_one_currency_and_what_cannot_be_comes_last(migrated: Database) -> None:
    with migrated.writing() as session:
        for name, amount, currency in (
            ("Lira", 30_000, "TRY"),
            ("Dollar", 2_000, "USD"),
            ("Ours", 1_000, None),
            ("Rial", 9_000_000, "IRR"),
        ):
            account(session, name, recurring_revenue=Decimal(amount), currency=currency)
        found = reports.accounts(session, LEAD, reports.Listing("revenue"), now=NOW, exchange=EXCHANGE)
    assert [each.account.name for each in found] == ["Dollar", "Ours", "Lira", "Rial"]


def test_what_the_api_posts_as_usage_must_be_a_number(migrated: Database) -> None:
    with migrated.writing() as session:
        odd = account(session, properties={"usage": "lots"})
        assert reports.signs_of(session, [odd.id], NOW)[odd.id].usage is None


def test_a_history_is_cut_for_the_page_and_whole_for_a_file(migrated: Database) -> None:
    with migrated.writing() as session:
        customer = account(session)
        ada = contact(session, customer, "Ada")
        for number in range(4):
            answered(session, 9, MARCH - number * DAY, person=ada)
        short = reports.account_page(session, LEAD, customer.id, now=NOW, most=3)
        whole = reports.account_page(session, LEAD, customer.id, now=NOW, most=None)
    assert (len(short.scores), len(whole.scores)) == (3, 4)
