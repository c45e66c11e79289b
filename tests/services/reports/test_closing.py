"""The closed loop, worked by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from feedback.core.time.period import Period
from feedback.services import reports
from feedback.services.access import Viewer
from feedback.services.followups import root_causes
from feedback.services.reports import Kept, Pace
from feedback.store.database import Database
from feedback.store.models import RootCause
from tests.factories_reports import MARCH, account, answered, contact, follow_up, user

MONTH = Period(date(2026, 3, 1), date(2026, 3, 31))
LEAD = Viewer(1, sees_all=True)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = MARCH + 30 * HOUR


def test_times_shares_outcomes_causes_and_money(migrated: Database) -> None:
    """Four follow-ups, due for contact after 8 hours and to be closed after 3 days; 30 hours later."""
    with migrated.writing() as session:
        root_causes.ensure(session)
        price = session.query(RootCause).filter_by(key="price").one()
        customer = account(session, currency="EUR")
        person = contact(session, customer)

        def task(**columns: object) -> None:
            follow_up(session, answered(session, 2, person=person), **columns)

        closed: dict[str, object] = {"state": "closed", "outcome": "recovered"}
        closed["closed_at"] = MARCH + 20 * HOUR
        task(
            first_contact_at=MARCH + 2 * HOUR,
            **closed,
            root_cause_id=price.id,
            recovered_revenue=Decimal(500),
        )
        task(first_contact_at=MARCH + 10 * HOUR)
        task()
        task(urgency="low", contact_due_at=MARCH + 99 * HOUR)
        task(kind="advocacy")
        task(opened_at=MARCH - timedelta(days=40))
        loop = reports.closed_loop(session, LEAD, MONTH, now=NOW, currency="USD")
    pace = loop.everything
    assert (pace.opened, pace.contacted, pace.closed, pace.overdue) == (4, 2, 1, 1)
    assert pace.hours_to_contact == 10  # half of the four are reached after ten hours
    assert pace.hours_to_close is None  # three of four are open: nobody can say yet
    assert (pace.contact_in_time.kept, pace.contact_in_time.due) == (1, 3)  # the fourth still has time
    assert (pace.close_in_time.kept, pace.close_in_time.due) == (1, 1)
    assert {key: each.opened for key, each in loop.by_urgency.items()} == {"high": 3, "low": 1}
    assert loop.outcomes == {"recovered": 1}
    assert [(each.key, each.n) for each in loop.causes] == [("price", 1)]
    assert loop.recovered == {"EUR": Decimal(500)}


def closed_without_contact(database: Database, closed_after: timedelta, **columns: object) -> Pace:
    """A follow-up that was due for contact within eight hours, and another one that was reached after four."""
    with database.writing() as session:
        values: dict[str, object] = {"state": "closed", "outcome": "other", "closed_at": MARCH + closed_after}
        follow_up(session, answered(session, 2), **(values | columns))
        follow_up(session, answered(session, 2), first_contact_at=MARCH + 4 * HOUR)
        return reports.closed_loop(session, LEAD, MONTH, now=NOW, currency="USD").everything


@pytest.mark.parametrize("outcome", ["other", "no_answer", "recovered", "not_justified"])
def test_closing_late_without_contact_is_a_broken_promise(migrated: Database, outcome: str) -> None:
    pace = closed_without_contact(migrated, 3 * DAY, outcome=outcome)
    assert pace.contact_in_time == Kept(1, 2)
    assert pace.hours_to_contact == 4  # half of the two: the other one was never reached


def test_closing_at_once_without_contact_gives_the_promise_up(migrated: Database) -> None:
    pace = closed_without_contact(migrated, HOUR)
    assert pace.contact_in_time == Kept(1, 2)


def test_whoever_closes_the_hard_ones_unreached_does_not_look_fast(migrated: Database) -> None:
    with migrated.writing() as session:
        for _ in range(3):
            closed = {"state": "closed", "outcome": "other", "closed_at": MARCH + HOUR}
            follow_up(session, answered(session, 2), **closed)  # type: ignore[arg-type]
        follow_up(session, answered(session, 2), first_contact_at=MARCH + 4 * HOUR)
        pace = reports.closed_loop(session, LEAD, MONTH, now=NOW, currency="USD").everything
    assert pace.hours_to_contact is None


@pytest.mark.parametrize("released", [{"outcome": "not_justified"}, {"contact_id": None}])
def test_nobody_owes_a_contact_where_nothing_was_wrong_or_the_person_is_gone(
    migrated: Database, released: dict[str, object]
) -> None:
    pace = closed_without_contact(migrated, HOUR, **released)
    assert pace.contact_in_time == Kept(1, 1)
    assert pace.hours_to_contact == 4


def test_what_the_customer_took_back_is_nobody_s_work(migrated: Database) -> None:
    pace = closed_without_contact(migrated, HOUR, outcome="corrected")
    assert (pace.opened, pace.closed, pace.contact_in_time) == (1, 0, Kept(1, 1))


def test_a_csm_sees_their_own_loop(migrated: Database) -> None:
    with migrated.writing() as session:
        me, other = user(session), user(session)
        for owner in (me, other):
            follow_up(session, answered(session, 2), owner_id=owner.id)
        loop = reports.closed_loop(session, Viewer(me.id), MONTH, now=NOW, currency="USD")
    assert loop.everything.opened == 1


def test_an_empty_month_has_nothing_to_divide_by(migrated: Database) -> None:
    with migrated.reading() as session:
        pace = reports.closed_loop(session, LEAD, MONTH, now=NOW, currency="USD").everything
    assert (pace.opened, pace.hours_to_close, pace.close_in_time.share) == (0, None, None)
