"""A working day begins with one e-mail: what matters most, what is due, what was promised."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from feedback.services.followups import workflow
from feedback.services.notifications import morning_digest
from feedback.store.models import FollowUp, Message, User
from feedback.store.portions import Portions
from tests.services.followups.desk import MONDAY, Desk

NINE = MONDAY.replace(hour=9) + timedelta(days=1)
"""Tuesday, when business hours begin."""


def send(desk: Desk, now: datetime = NINE) -> list[tuple[str, str, str]]:
    """(recipient, subject, body) of every digest that there is after a run at `now`."""
    morning_digest.send_all(Portions(desk.runtime.database), desk.runtime, now)
    with desk.runtime.database.reading() as session:
        found = select(Message).where(Message.purpose == morning_digest.PURPOSE).order_by(Message.id)
        return [(each.recipient, each.subject or "", each.body) for each in session.scalars(found)]


def change(desk: Desk, name: str, **columns: object) -> None:
    with desk.runtime.database.writing() as session:
        user = session.get_one(User, desk.people[name])
        for column, value in columns.items():
            setattr(user, column, value)


def test_the_day_begins_with_one_e_mail_of_one_s_own_follow_ups(desk: Desk) -> None:
    task = desk.low(segment="vip")
    desk.low(owner="selin")
    assert [(to, subject) for to, subject, _ in send(desk)] == [
        ("selin@example.com", "Bugün: 1 takip"),
        ("cem@example.com", "Your day: 1 follow-up"),
    ]
    assert len(send(desk, NINE + timedelta(minutes=1))) == 2
    body = next(body for to, _, body in send(desk) if to == "cem@example.com")
    assert "Most important now" in body
    assert "VIP account" in body
    assert f"/desk/{task.id}" in body


def test_neither_score_nor_words_of_the_customer_leave_the_desk(desk: Desk) -> None:
    desk.low()
    ((_, _, body),) = send(desk)
    assert "Nothing works" not in body
    assert "scored" not in body


def test_the_five_most_important_come_first_and_the_others_if_they_are_due(desk: Desk) -> None:
    tasks = [desk.low(recurring_revenue=1_000 * number) for number in range(7)]
    with desk.runtime.database.writing() as session:
        least = session.get_one(FollowUp, tasks[0].id)
        least.contact_due_at = least.close_due_at = NINE + timedelta(days=30)
    ((_, _, body),) = send(desk)
    important, _, rest = body.partition("Also due today")
    assert [f"/desk/{task.id}\n" in important for task in reversed(tasks[2:])] == [True] * 5
    assert important.index(f"/desk/{tasks[6].id}\n") < important.index(f"/desk/{tasks[5].id}\n")
    assert "and 2 more" in important
    assert f"/desk/{tasks[1].id}" in rest
    assert f"/desk/{tasks[0].id}\n" not in body


def test_a_promised_callback_is_named_with_its_time(desk: Desk) -> None:
    task, later = desk.low(), desk.low()
    with desk.runtime.database.writing() as session:
        for each, hours in ((task, 5), (later, 30)):
            until, viewer = NINE + timedelta(hours=hours), desk.viewer("cem")
            workflow.snooze(session, each.id, viewer, until, "Call back", revision=each.revision, now=MONDAY)
    ((_, subject, body),) = send(desk)
    assert subject == "Your day: 1 follow-up"
    assert "Call back at 2:00" in body
    assert f"/desk/{later.id}" not in body


def test_nothing_is_sent_when_there_is_nothing_to_do(desk: Desk) -> None:
    assert send(desk) == []
    desk.low()
    assert send(desk, NINE + timedelta(hours=1)) == []
    assert len(send(desk, NINE + timedelta(days=1))) == 1


@pytest.mark.parametrize(
    "moment",
    [NINE - timedelta(minutes=1), NINE + timedelta(hours=4), NINE + timedelta(days=4)],
    ids=["before hours", "the morning is over", "Saturday"],
)
def test_it_comes_in_the_morning_of_a_working_day_or_not_at_all(desk: Desk, moment: datetime) -> None:
    desk.low()
    assert send(desk, moment) == []


def test_the_morning_is_the_reader_s_own(desk: Desk) -> None:
    desk.low()
    change(desk, "cem", time_zone="America/New_York")
    assert send(desk) == []
    assert len(send(desk, NINE + timedelta(hours=5))) == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"morning_digest": False},
        {"away_until": NINE + timedelta(days=5)},
        {"active": False},
        {"work_days": [0, 2, 3, 4]},
        {"digested_on": date(2026, 3, 3)},
    ],
)
def test_who_does_not_want_it_or_does_not_work_gets_none(desk: Desk, columns: dict[str, object]) -> None:
    desk.low()
    change(desk, "cem", **columns)
    assert send(desk) == []


def test_who_stands_in_sees_what_is_due_for_both(desk: Desk) -> None:
    desk.low()
    desk.low(owner="selin")
    change(desk, "selin", away_until=NINE + timedelta(days=5), delegate_id=desk.people["cem"])
    ((to, subject, _),) = send(desk)
    assert (to, subject) == ("cem@example.com", "Your day: 2 follow-ups")


def test_several_workers_send_one(desk: Desk) -> None:
    desk.low()
    begin = threading.Barrier(3)

    def work() -> None:
        begin.wait()
        morning_digest.send_all(Portions(desk.runtime.database), desk.runtime, NINE)

    run: list[Callable[[], None]] = [work] * 3
    threads = [threading.Thread(target=each) for each in run]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(send(desk)) == 1


def test_without_e_mail_nothing_is_decided(desk: Desk) -> None:
    desk.low()
    from dataclasses import replace

    silent = replace(desk.runtime, providers={})
    morning_digest.send_all(Portions(desk.runtime.database), silent, NINE)
    assert len(send(desk)) == 1
