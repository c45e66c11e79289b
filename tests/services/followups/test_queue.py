"""The order in which follow-ups are shown, and what filters leave of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from feedback.services.followups.queue import Filter
from feedback.store.models import Contact, FollowUp
from tests import factories_desk
from tests.services.followups.desk import MONDAY, Desk


def test_more_at_stake_stands_higher_and_says_why(desk: Desk) -> None:
    small = desk.low(recurring_revenue=Decimal(100))
    big = desk.low(
        recurring_revenue=Decimal(20_000), segment="VIP", renewal_on=(MONDAY + timedelta(days=30)).date()
    )
    rows = desk.queue("cem")
    assert [row.task.id for row in rows] == [big.id, small.id]
    assert {reason.code for reason in rows[0].priority.reasons} >= {"revenue", "renewal", "segment", "score"}
    assert rows[0].words == "Nothing works."


def test_complaints_of_one_account_stand_together_where_the_most_urgent_stands(desk: Desk) -> None:
    person = desk.customer(recurring_revenue=Decimal(100))
    (mild,) = desk.answer(person, 3, "", MONDAY)
    between = desk.low(recurring_revenue=Decimal(100), renewal_on=(MONDAY + timedelta(days=80)).date())
    (bad,) = desk.answer(person, 1, "", MONDAY - timedelta(days=3))
    rows = desk.queue("cem")
    by_priority = sorted(rows, key=lambda row: -row.priority.value)
    assert [row.task.id for row in by_priority] == [bad.id, between.id, mild.id]
    assert [(row.task.id, row.beside) for row in rows] == [
        (bad.id, False),
        (mild.id, True),
        (between.id, False),
    ]


def paying(desk: Desk) -> list[tuple[str, float]]:
    """Each row's currency and its points for revenue, the weightiest first; rates are as in the settings."""
    organisation = replace(desk.runtime.settings.organisation, currency="EUR", exchange_rates={"TRY": 0.02})
    rows = desk.queue("cem", settings=replace(desk.runtime.settings, organisation=organisation))
    return [
        (
            (row.task.account and row.task.account.currency) or "",
            sum(reason.points for reason in row.priority.reasons if reason.code == "revenue"),
        )
        for row in rows
    ]


def test_revenue_in_several_currencies_is_ranked_by_what_it_is_worth(desk: Desk) -> None:
    desk.low(recurring_revenue=Decimal(150_000), currency="TRY")
    desk.low(recurring_revenue=Decimal(5_000), currency="EUR")
    desk.low(recurring_revenue=Decimal(4_000))
    assert [currency for currency, _ in paying(desk)] == ["EUR", "", "TRY"]


def test_revenue_in_a_currency_without_a_rate_is_unknown_not_large(desk: Desk) -> None:
    desk.low(recurring_revenue=Decimal(900_000_000), currency="IRR")
    desk.low(recurring_revenue=Decimal(1), currency="EUR")
    (euro, points), (rial, none) = paying(desk)
    assert (euro, rial, none) == ("EUR", "IRR", 0)
    assert points > 0


def test_an_installation_says_itself_what_large_revenue_is(desk: Desk) -> None:
    desk.low(recurring_revenue=Decimal(5_000))
    followup = replace(desk.runtime.settings.followup, half_of_revenue=500_000)
    (row,) = desk.queue("cem", settings=replace(desk.runtime.settings, followup=followup))
    (points,) = [reason.points for reason in row.priority.reasons if reason.code == "revenue"]
    assert points == pytest.approx(20 * 5_000 / 505_000)


def colleague(
    desk: Desk, task: FollowUp, *days_ago: float, answered: bool = False, state: str = "sent"
) -> None:
    """Somebody else at the account, asked so many days ago; their surveys run for 30 days."""
    with desk.runtime.database.writing() as session:
        number = session.query(Contact).count()
        person = Contact(
            external_id=f"x{number}", account_id=task.account_id, created_at=MONDAY, updated_at=MONDAY
        )
        session.add(person)
        session.flush()
        for days in days_ago:
            invitation = factories_desk.invite(session, desk.runtime, person, MONDAY - timedelta(days=days))
            invitation.state, invitation.answered_at = state, MONDAY if answered else None


def silence(desk: Desk) -> dict[str, object] | None:
    (row,) = desk.queue("cem")
    found = [dict(reason.params) for reason in row.priority.reasons if reason.code == "silence"]
    return found[0] if found else None


def test_silence_of_colleagues_counts(desk: Desk) -> None:
    task = desk.low()
    colleague(desk, task, 31)
    colleague(desk, task, 40, 35)
    colleague(desk, task, 31, answered=True)
    assert silence(desk) == {"silent": 2, "asked": 3}


@pytest.mark.parametrize("days", [0.001, 29])
def test_who_may_still_answer_is_not_silent(desk: Desk, days: float) -> None:
    task = desk.low()
    colleague(desk, task, days)
    assert silence(desk) is None


def test_whom_nothing_reached_is_not_silent(desk: Desk) -> None:
    task = desk.low()
    colleague(desk, task, 31, state="failed")
    assert silence(desk) is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), 3),
        (Filter(whose="mine"), 2),
        (Filter(whose="unowned"), 1),
        (Filter(kind="advocacy"), 1),
        (Filter(segment="vip"), 1),
        (Filter(search="nothing WORKS"), 2),
        (Filter(search="nöthing wórks"), 2),
        (Filter(search="100%"), 0),
        (Filter(search="Account 0"), 1),
        (Filter(overdue=True), 0),
    ],
)
def test_filters_and_search_show_what_they_say(desk: Desk, wanted: Filter, expected: int) -> None:
    desk.low(segment="vip")
    desk.answer(desk.customer(), 10)
    third = desk.low(owner="selin")
    with desk.runtime.database.writing() as session:
        session.get_one(FollowUp, third.id).owner_id = None
    assert len(desk.queue("cem", wanted)) == expected
