"""Leads hear of a missed promise once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback.services.followups import workflow
from feedback.services.staff import accounts
from feedback.store.models import User
from tests.services.followups.desk import MONDAY, Desk
from tests.services.notifications.mails import (
    call,
    entries,
    escalate,
    mails,
    promise,
    put_off,
)


def test_leads_hear_of_a_broken_promise_once(desk: Desk) -> None:
    task = desk.low()
    late = MONDAY + timedelta(hours=5)
    assert [escalate(desk, MONDAY), escalate(desk, late), escalate(desk, late)] == [0, 1, 0]
    assert mails(desk) == [("lead@example.com", "1 customer was not contacted in time")]
    assert entries(desk, task) == [("escalated", "Lena Lead")]


def test_a_promise_over_a_weekend_is_escalated_like_any_other(desk: Desk) -> None:
    thursday = MONDAY + timedelta(days=3)
    (task,) = desk.answer(desk.customer(), 2, now=thursday)
    monday = thursday + timedelta(days=4)
    promise(desk, task, contact=monday, close=monday + timedelta(days=9))
    assert [escalate(desk, monday), escalate(desk, monday + timedelta(minutes=1))] == [0, 1]


@pytest.mark.parametrize("days", [1, 30])
def test_putting_off_does_not_hide_that_a_customer_waits(desk: Desk, days: int) -> None:
    """Asleep, or awake again."""
    task = desk.low()
    put_off(desk, task, MONDAY + timedelta(days=7))
    now = MONDAY + timedelta(days=days)
    with desk.runtime.database.writing() as session:
        workflow.wake_due(session, now)
    assert escalate(desk, now) == 1


def test_a_missed_closing_is_escalated_although_somebody_has_called(desk: Desk) -> None:
    task = desk.low()
    call(desk, task)
    later = MONDAY + timedelta(days=4)
    assert [escalate(desk, later), escalate(desk, later)] == [1, 0]
    assert mails(desk) == [("lead@example.com", "1 follow-up was not closed in time")]
    assert entries(desk, task) == [("escalated_close", "Lena Lead")]


def test_a_closing_that_is_missed_later_is_told_in_its_turn(desk: Desk) -> None:
    task = desk.low()
    assert [escalate(desk, MONDAY + timedelta(days=each)) for each in (1, 2, 4)] == [1, 0, 1]
    assert [kind for kind, _ in entries(desk, task)] == ["escalated", "escalated_close"]


def test_after_a_standstill_the_leads_get_one_message_too(desk: Desk) -> None:
    called = desk.low()
    call(desk, called)
    waiting = [desk.low() for _ in range(2)]
    assert escalate(desk, MONDAY + timedelta(weeks=20)) == 3
    assert mails(desk) == [
        ("lead@example.com", "2 customers were not contacted in time, 1 follow-up was not closed in time")
    ]
    assert [kind for kind, _ in entries(desk, waiting[0])] == ["escalated", "escalated_close"]


def test_when_promises_break_one_after_the_other_the_leads_hear_of_them_together(desk: Desk) -> None:
    tasks = [desk.low() for _ in range(3)]
    due = MONDAY + timedelta(hours=4)
    for number, task in enumerate(tasks):
        promise(desk, task, contact=due + timedelta(minutes=number))
    minutes = (1, 2, 3, 17)
    assert [escalate(desk, due + timedelta(minutes=each)) for each in minutes] == [1, 0, 0, 2]


def test_a_lead_who_is_away_is_spared_if_another_is_there(desk: Desk) -> None:
    desk.low()
    with desk.runtime.database.writing() as session:
        selin = session.get_one(User, desk.people["selin"])
        accounts.set_roles(session, selin, ["lead"], by=None, now=MONDAY)
        session.get_one(User, desk.people["lead"]).away_until = MONDAY + timedelta(days=5)
    assert escalate(desk, MONDAY + timedelta(hours=5)) == 1
    assert [recipient for recipient, _ in mails(desk)] == ["selin@example.com"]
