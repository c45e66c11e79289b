"""Owners hear of what matters: at once, but not ten times, and before a promise runs out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback.services.followups import workflow
from feedback.services.notifications import escalation, owner_digest
from feedback.store.models import FollowUp, FollowUpEntry, Message, User
from tests.services.followups.desk import MONDAY, Desk
from tests.services.notifications.mails import (
    call,
    entries,
    escalate,
    give,
    mails,
    mails_at,
    promise,
    put_off,
    take,
    tell,
)


def test_the_owner_is_told_once_and_it_is_in_the_history(desk: Desk) -> None:
    task = desk.low()
    assert [tell(desk), tell(desk)] == [1, 0]
    assert mails(desk) == [("cem@example.com", "New follow-up: Account 0")]
    with desk.runtime.database.reading() as session:
        of_task = select(FollowUpEntry.kind).where(FollowUpEntry.follow_up_id == task.id)
        assert list(session.scalars(of_task.order_by(FollowUpEntry.id))) == ["opened", "told"]


def test_when_it_rains_one_message_holds_what_came_meanwhile(desk: Desk) -> None:
    desk.low()
    tell(desk)
    for _ in range(3):
        desk.low()
    assert tell(desk, MONDAY + timedelta(minutes=5)) == 0
    assert tell(desk, MONDAY + timedelta(minutes=16)) == 1
    assert [subject for _, subject in mails(desk)] == ["New follow-up: Account 0", "3 new follow-ups"]


def test_everybody_is_told_in_their_language_and_of_their_own(desk: Desk) -> None:
    desk.low()
    desk.low(owner="selin")
    assert tell(desk) == 2
    assert dict(mails(desk))["selin@example.com"] == "Yeni takip: Account 1"


def test_no_words_of_a_customer_leave_by_mail(desk: Desk) -> None:
    desk.low()
    tell(desk)
    with desk.runtime.database.reading() as session:
        body = session.scalars(select(Message.body)).one()
    assert "Nothing works" not in body
    assert "/desk/" in body


def test_a_new_owner_is_told_however_old_the_follow_up_is(desk: Desk) -> None:
    task = desk.low()
    tell(desk)
    weeks_later = MONDAY + timedelta(weeks=3)
    give(desk, task, "cem", "selin", weeks_later)
    assert mails_at(desk, weeks_later)[-1] == ("selin@example.com", "Yeni takip: Account 0")
    assert ("told", "Selin Aksoy") in entries(desk, task)


def test_who_gets_it_back_is_told_again(desk: Desk) -> None:
    task = desk.low()
    tell(desk)
    for giver, to, later in (("cem", "selin", 1), ("selin", "cem", 2)):
        give(desk, task, giver, to)
        tell(desk, MONDAY + timedelta(hours=later))
    assert [name for kind, name in entries(desk, task) if kind == "told"] == [
        "Cem Kaya",
        "Selin Aksoy",
        "Cem Kaya",
    ]


def test_who_takes_it_themselves_need_not_be_told(desk: Desk) -> None:
    task = desk.low()
    take(desk, task, "selin")
    assert tell(desk) == 0


def test_who_takes_over_from_others_need_not_be_told_but_the_next_owner_is(desk: Desk) -> None:
    task = desk.low()
    tell(desk)
    give(desk, task, "cem", "selin")
    take(desk, task, "lead")
    assert tell(desk, MONDAY + timedelta(hours=1)) == 0
    give(desk, task, "lead", "selin")
    assert tell(desk, MONDAY + timedelta(hours=1)) == 1


def test_while_the_new_owner_is_away_who_stands_in_is_told(desk: Desk) -> None:
    task = desk.low(owner="neda")
    tell(desk)
    with desk.runtime.database.writing() as session:
        selin = session.get_one(User, desk.people["selin"])
        selin.away_until, selin.delegate_id = MONDAY + timedelta(days=5), desk.people["cem"]
    give(desk, task, "lead", "selin")
    tell(desk, MONDAY + timedelta(hours=1))
    assert mails(desk)[-1][0] == "cem@example.com"
    assert entries(desk, task)[-1] == ("told", "Cem Kaya")


def test_after_a_standstill_an_owner_gets_one_message(desk: Desk) -> None:
    for _ in range(30):
        desk.low()
    assert mails_at(desk, MONDAY + timedelta(weeks=1)) == [("cem@example.com", "30 new follow-ups")]
    with desk.runtime.database.reading() as session:
        body = session.scalars(select(Message.body)).one()
    assert (body.count("Account "), "and 10 more" in body) == (20, True)
    assert mails_at(desk, MONDAY + timedelta(weeks=1, minutes=16)) == mails(desk)[:1]


# --- Reminders -----------------------------------------------------------------------------------


def test_the_owner_is_reminded_once_before_a_promise_runs_out(desk: Desk) -> None:
    task = desk.low()  # first contact is promised for three o'clock
    tell(desk)
    hours = (1.9, 2, 3, 5)
    assert [tell(desk, MONDAY + timedelta(hours=each)) for each in hours] == [0, 1, 0, 0]
    assert mails(desk)[-1] == ("cem@example.com", "1 follow-up is due soon")
    assert entries(desk, task) == [("told", "Cem Kaya"), ("reminded", "Cem Kaya")]


def test_news_and_reminders_come_in_one_message(desk: Desk) -> None:
    desk.low()
    tell(desk)
    desk.answer(desk.customer(), 2, now=MONDAY + timedelta(hours=2))
    assert tell(desk, MONDAY + timedelta(hours=2)) == 1
    assert mails(desk)[-1][1] == "New follow-up: Account 1, 1 follow-up is due soon"


def test_each_promise_has_its_reminder_and_a_kept_one_has_none(desk: Desk) -> None:
    task = desk.low()
    tell(desk)
    call(desk, task)
    assert tell(desk, MONDAY + timedelta(hours=3)) == 0
    thursday = MONDAY + timedelta(days=3)  # closing is promised for eleven
    assert [tell(desk, thursday + timedelta(hours=each)) for each in (-19, -1.5)] == [0, 1]
    assert entries(desk, task)[-1] == ("reminded_close", "Cem Kaya")


def test_nobody_is_reminded_at_night(desk: Desk) -> None:
    task = desk.low()
    tell(desk)
    promise(desk, task, contact=MONDAY + timedelta(days=1, hours=-1), close=MONDAY + timedelta(days=9))
    assert [tell(desk, MONDAY + timedelta(hours=each)) for each in (7, 22)] == [0, 1]


def test_nobody_is_reminded_of_what_has_just_been_promised(desk: Desk) -> None:
    task = desk.low()
    promise(desk, task, contact=MONDAY + timedelta(hours=1))
    assert mails_at(desk, MONDAY) == [("cem@example.com", "New follow-up: Account 0")]
    assert mails_at(desk, MONDAY + timedelta(minutes=29)) == mails(desk)[:1]
    assert mails_at(desk, MONDAY + timedelta(minutes=30))[1:] == [
        ("cem@example.com", "1 follow-up is due soon")
    ]


def test_what_is_put_off_beyond_its_promise_is_reminded_of(desk: Desk) -> None:
    task = desk.low()
    tell(desk)
    put_off(desk, task, MONDAY + timedelta(days=7))
    assert tell(desk, MONDAY + timedelta(hours=3)) == 1


def test_reminders_can_be_turned_off(desk: Desk) -> None:
    desk.low()
    tell(desk)
    quiet = replace(desk.runtime.settings.alerts, remind_before=timedelta(0))
    runtime = replace(desk.runtime, settings=replace(desk.runtime.settings, alerts=quiet))
    with desk.runtime.database.writing() as session:
        assert owner_digest.tell_owners(session, runtime, MONDAY + timedelta(hours=3)) == 0


# --- What was not kept ---------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)
def test_two_workers_at_the_same_moment_tell_once(desk: Desk) -> None:
    for _ in range(5):
        desk.low()
    late = MONDAY + timedelta(hours=5)
    for job in (tell, escalate):
        workers = [threading.Thread(target=job, args=(desk, late)) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert [recipient for recipient, _ in mails(desk)] == ["cem@example.com", "lead@example.com"]


@pytest.mark.postgres
@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)
@pytest.mark.parametrize("job", [owner_digest.tell_owners, escalation.escalate])
def test_two_workers_who_find_half_each_still_tell_once(desk: Desk, job: Callable[..., int]) -> None:
    tasks = [desk.low() for _ in range(4)]
    late = MONDAY + timedelta(hours=5)
    database = desk.runtime.database
    told: list[int] = []

    def other_worker() -> None:
        with database.writing() as session:
            told.append(job(session, desk.runtime, late))

    second = threading.Thread(target=other_worker)
    with database.writing() as first:
        with database.writing() as colleague:  # is at two of them, so that the first worker finds the others
            theirs = (
                select(FollowUp).where(FollowUp.id.in_([task.id for task in tasks[:2]])).with_for_update()
            )
            assert len(colleague.scalars(theirs).all()) == 2
            assert job(first, desk.runtime, late) > 0
        second.start()
        second.join(timeout=1)
    second.join()
    assert told == [0]
    assert len(mails(desk)) == 1


def test_a_kept_promise_troubles_nobody(desk: Desk) -> None:
    task, cem = desk.low(), desk.viewer("cem")
    with desk.runtime.database.writing() as session:
        workflow.contacted(session, task.id, cem, "call", reached=True, text="", now=MONDAY)
    assert escalate(desk, MONDAY + timedelta(hours=5)) == 0


def test_without_an_e_mail_provider_nothing_is_pretended(desk: Desk) -> None:
    desk.low()
    with desk.runtime.database.writing() as session:
        assert owner_digest.tell_owners(session, replace(desk.runtime, providers={}), MONDAY) == 0
    assert tell(desk) == 1


# What admins must know ------------------------------------------------------------------------------------------------
