"""Staff hears of what matters: at once, but not ten times; before a promise runs out, and the leads after it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.errors import ProviderHeld
from feedback.services.followups import workflow
from feedback.services.messaging import heartbeats, provider_holds
from feedback.services.notifications import staff_email
from feedback.services.staff import accounts
from feedback.store.models import FollowUp, FollowUpEntry, Message, Role, User
from tests.services.conftest import World
from tests.services.followups.desk import MONDAY, Desk


def tell(desk: Desk, now: datetime = MONDAY) -> int:
    with desk.runtime.database.writing() as session:
        return staff_email.tell_owners(session, desk.runtime, now)


def escalate(desk: Desk, now: datetime) -> int:
    with desk.runtime.database.writing() as session:
        return staff_email.escalate(session, desk.runtime, now)


def mails(desk: Desk) -> list[tuple[str, str | None]]:
    with desk.runtime.database.reading() as session:
        return [
            (mail.recipient, mail.subject) for mail in session.scalars(select(Message).order_by(Message.id))
        ]


def mails_at(desk: Desk, now: datetime) -> list[tuple[str, str | None]]:
    """All there are once the owners were told at `now`."""
    tell(desk, now)
    return mails(desk)


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


def entries(desk: Desk, task: FollowUp) -> list[tuple[str, str | None]]:
    """What the history says was sent, and to whom."""
    with desk.runtime.database.reading() as session:
        found = session.scalars(
            select(FollowUpEntry).where(FollowUpEntry.follow_up_id == task.id).order_by(FollowUpEntry.id)
        )
        return [(entry.kind, entry.detail["name"]) for entry in found if "name" in entry.detail]


def change(desk: Desk, action: Callable[[Session, FollowUp], object], task: FollowUp) -> None:
    """Do something to a follow-up as it is now."""
    with desk.runtime.database.writing() as session:
        action(session, session.get_one(FollowUp, task.id))


def promise(
    desk: Desk, task: FollowUp, contact: datetime | None = None, close: datetime | None = None
) -> None:
    """Promise something else than the questionnaire does."""

    def move(_: Session, task: FollowUp) -> None:
        task.contact_due_at = contact or task.contact_due_at
        task.close_due_at = close or task.close_due_at

    change(desk, move, task)


def put_off(desk: Desk, task: FollowUp, until: datetime) -> None:
    cem = desk.viewer("cem")
    change(
        desk,
        lambda session, task: workflow.snooze(
            session, task.id, cem, until, "On a fair.", revision=task.revision, now=MONDAY
        ),
        task,
    )


def call(desk: Desk, task: FollowUp) -> None:
    cem = desk.viewer("cem")
    change(
        desk,
        lambda session, task: workflow.contacted(
            session, task.id, cem, "call", reached=True, text="", now=MONDAY
        ),
        task,
    )


def give(desk: Desk, task: FollowUp, giver: str, to: str, now: datetime = MONDAY) -> None:
    viewer = desk.viewer(giver, sees_all=True)
    change(
        desk,
        lambda session, task: workflow.hand_over(
            session, task.id, viewer, desk.people[to], revision=task.revision, now=now
        ),
        task,
    )


def take(desk: Desk, task: FollowUp, name: str) -> None:
    viewer = desk.viewer(name, sees_all=True)
    change(
        desk,
        lambda session, task: workflow.take_all(session, {task.id: task.revision}, viewer, now=MONDAY),
        task,
    )


# --- Whose it is ---------------------------------------------------------------------------------


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
        assert staff_email.tell_owners(session, runtime, MONDAY + timedelta(hours=3)) == 0


# --- What was not kept ---------------------------------------------------------------------------


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
@pytest.mark.parametrize("job", [staff_email.tell_owners, staff_email.escalate])
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


def hold(desk: Desk, provider: str, country: str | None = None) -> None:
    error = ProviderHeld(
        "Twilio 20003: the credentials are not accepted.", code="hold_provider", country=country
    )
    with desk.runtime.database.writing() as session:
        provider_holds.hold(session, provider, error, MONDAY)


def tell_of_holds(desk: Desk) -> int:
    with desk.runtime.database.writing() as session:
        return staff_email.tell_of_holds(session, desk.runtime, MONDAY)


def test_admins_hear_once_of_each_hold_and_why(desk: Desk) -> None:
    hold(desk, "twilio_sms")
    assert [tell_of_holds(desk), tell_of_holds(desk)] == [1, 0]
    hold(desk, "twilio_sms", "TR")
    assert tell_of_holds(desk) == 1
    assert mails(desk) == [
        ("admin@example.com", "twilio_sms is on hold"),
        ("admin@example.com", "twilio_sms (TR) is on hold"),
    ]
    with desk.runtime.database.reading() as session:
        body = session.scalars(select(Message.body)).first() or ""
    assert "the credentials are not accepted" in body
    assert "/deliveries/" in body


def test_nobody_is_told_by_the_provider_that_is_held(desk: Desk) -> None:
    hold(desk, "simulator_email")
    assert (tell_of_holds(desk), mails(desk)) == (0, [])


def test_a_hold_that_was_lifted_is_no_news(desk: Desk) -> None:
    hold(desk, "twilio_sms")
    with desk.runtime.database.writing() as session:
        provider_holds.lift(session, "twilio_sms", None, MONDAY)
    assert tell_of_holds(desk) == 0


def test_a_kept_promise_troubles_nobody(desk: Desk) -> None:
    task, cem = desk.low(), desk.viewer("cem")
    with desk.runtime.database.writing() as session:
        workflow.contacted(session, task.id, cem, "call", reached=True, text="", now=MONDAY)
    assert escalate(desk, MONDAY + timedelta(hours=5)) == 0


def test_without_an_e_mail_provider_nothing_is_pretended(desk: Desk) -> None:
    desk.low()
    with desk.runtime.database.writing() as session:
        assert staff_email.tell_owners(session, replace(desk.runtime, providers={}), MONDAY) == 0
    assert tell(desk) == 1


# What admins must know ------------------------------------------------------------------------------------------------


@pytest.fixture
def troubled(world: World) -> World:
    """An installation with an admin and two held mails."""
    with world.database.writing() as session:
        world.owner(session, "admin@example.com").roles = [Role(name="admin")]
        for number in range(2):
            facts = {"recipient": f"c{number}@example.com", "state": "held", "due_at": world.now}
            session.add(outbox_row(world, **facts))
    return world


def outbox_row(world: World, **columns: object) -> Message:
    facts = {"purpose": "invitation", "provider": "simulator_email", "channel": "email", "body": "Hello"}
    return Message(**{**facts, "language": "en", "headers": {}, "created_at": world.now, **columns})


def told_of_trouble(world: World, room: int | None = None) -> list[str]:
    with world.database.writing() as session:
        staff_email.tell_of_trouble(session, world.context, room, world.now)
        return list(
            session.scalars(select(Message.body).where(Message.purpose == "attention").order_by(Message.id))
        )


def test_admins_are_told_of_held_messages_once_a_day(troubled: World) -> None:
    (letter,) = told_of_trouble(troubled)
    assert "2 messages are on hold and wait for your decision." in letter
    assert "/deliveries/" in letter
    troubled.wait(hours=20)
    assert len(told_of_trouble(troubled)) == 1
    troubled.wait(hours=5)
    assert len(told_of_trouble(troubled)) == 2


@pytest.mark.parametrize(("megabytes", "words"), [(10, "Only 10 MB are free"), (5000, None), (None, None)])
def test_admins_are_told_of_a_disk_that_fills_up(
    world: World, megabytes: int | None, words: str | None
) -> None:
    with world.database.writing() as session:
        world.owner(session).roles = [Role(name="admin")]
    letters = told_of_trouble(world, None if megabytes is None else megabytes * 2**20)
    assert [words in each for each in letters if words] == ([True] if words else [])
    assert len(letters) == bool(words)


def test_admins_are_told_of_jobs_that_go_on_failing_and_of_workers_that_are_gone(world: World) -> None:
    since = (world.now - timedelta(minutes=20)).isoformat()
    lately = (world.now - timedelta(minutes=2)).isoformat()
    failing = {
        "catch up twilio_sms": {"cause": "Twilio answered 503.", "count": 9, "since": since},
        "issue": {"cause": "KeyError", "count": 1, "since": lately},
    }
    with world.database.writing() as session:
        world.owner(session).roles = [Role(name="admin")]
        heartbeats.beat(session, "one", world.now, failing, world.now)
        heartbeats.beat(session, "two", world.now, {}, world.now - timedelta(hours=1))
    (letter,) = told_of_trouble(world)
    assert "The job catch up twilio_sms has failed 9 times" in letter
    assert "Twilio answered 503." in letter
    assert "KeyError" not in letter
    assert "1 worker stopped without a word." in letter


def test_admins_are_told_of_messages_that_no_provider_answers_for(world: World) -> None:
    with world.database.writing() as session:
        world.owner(session).roles = [Role(name="admin")]
        session.add(outbox_row(world, recipient="c", state="unconfirmed", due_at=world.now))
    assert told_of_trouble(world) == []
    world.wait(days=1, hours=1)
    (letter,) = told_of_trouble(world)
    assert "1 message is older than a day and still unconfirmed" in letter


def test_if_all_is_well_nobody_is_told_anything(world: World) -> None:
    with world.database.writing() as session:
        world.owner(session).roles = [Role(name="admin")]
    assert told_of_trouble(world, 10**12) == []
