"""The plan says beforehand what then happens."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from feedback.core import reserved
from feedback.services.journey import enrolments, forecast, invitations
from feedback.store.models import Enrolment, Invitation, Message
from tests.services.conftest import World


def plan(world: World, days: int = 30) -> forecast.Plan:
    with world.database.reading() as session:
        return forecast.plan(session, world.context, world.now, days)


def test_every_row_says_when_and_why(world: World) -> None:
    world.wait(hours=7)  # 22:00 in Istanbul
    with world.database.writing() as session:
        world.contact(session, "c1")
        world.contact(session, "c2", consent=False)
        world.event(session, "ticket_closed", "c1")
        world.event(session, "ticket_closed", "c2")
    row = plan(world, days=2).rows[0]
    assert row.contact == "c1"
    assert row.at is not None
    assert row.at.hour == 6  # 9:00 in Istanbul
    assert [each["code"] for each in row.explanation] == ["quiet_hours"]


def test_a_renewal_that_comes_near_is_in_the_plan(world: World) -> None:
    with world.database.writing() as session:
        account = world.account(session, renewal_on=world.now.date() + timedelta(days=100))
        world.contact(session, account=account)
    rows = [each for each in plan(world).rows if each.stage == "renewal"]
    assert len(rows) == 1
    assert rows[0].at is not None
    assert timedelta(days=9) <= rows[0].at - world.now <= timedelta(days=13)


def test_turns_that_the_worker_has_not_come_to_yet_are_in_the_plan(world: World) -> None:
    with world.database.writing() as session:
        for number in range(180):
            world.contact(session, f"c{number}", phone=f"+9053212{number:05d}")

    def turns() -> int:
        return sum(each.stage == "relationship" for each in plan(world, days=89).rows)

    assert turns() == 180  # of today, too, before the worker has ever run
    with world.database.writing() as session:
        planned = enrolments.plan_recurring(session, world.context, world.now)
    assert planned > 0 and turns() == 180
    world.wait(days=3)  # it stood still
    assert turns() > 180 - planned


@pytest.mark.uncounted  # 480 hours of what the other tests count in one
def test_what_is_planned_is_what_happens(world: World) -> None:
    with world.database.writing() as session:
        for number in range(120):
            account = world.account(
                session, f"a{number}", renewal_on=world.now.date() + timedelta(days=80 + number)
            )
            zone = ("Europe/Istanbul", "America/Los_Angeles", "Asia/Tehran")[number % 3]
            world.contact(
                session, f"c{number}", account=account, phone=f"+9053212{number:05d}", time_zone=zone
            )
        for stage in world.library.journey.stages:  # today is planned already
            if stage.enter.every:
                enrolments.plan_recurring(session, world.context, world.now)
    foreseen = plan(world, days=20)
    for _ in range(20 * 24):
        with world.database.writing() as session:
            enrolments.plan_dates(session, world.context, world.now)
            enrolments.plan_recurring(session, world.context, world.now)
        world.tick()
        world.wait(hours=1)
    with world.database.reading() as session:
        happened = Counter(session.scalars(select(Invitation.stage)))
        skipped = session.scalar(select(func.count()).where(Enrolment.state == "skipped")) or 0
    within = [each for each in foreseen.rows if each.at and each.at < world.now]
    assert happened.total() > 20
    assert Counter(each.stage for each in within) == happened
    assert sum(foreseen.skipped.values()) == skipped


def reminders(world: World, days: int = 30) -> list[forecast.Planned]:
    return [each for each in plan(world, days).reminders if each.stage == "onboarding"]


def test_messages_that_are_written_and_wait_are_in_the_plan(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "onboarding_completed")
    world.wait(days=1)
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now)
        message = session.scalars(select(Message)).one()
        message.due_at, message.state_reason = world.now + timedelta(hours=3), "rate_limited"
    (row,) = plan(world).waiting
    assert (row.contact, row.stage, row.at) == ("c1", "onboarding", world.now + timedelta(hours=3))
    codes = [each["code"] for each in row.explanation]
    assert (codes[0], codes[-1]) == ("invitation_written", "rate_limited")
    assert "onboarding" in [each.stage for each in plan(world).reminders]
    assert plan(world, days=1).reminders == []


def test_a_reminder_is_in_the_plan_until_somebody_answers(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "onboarding_completed")
    foreseen = [each.at for each in reminders(world)]
    world.wait(days=1)
    world.tick()
    (row,) = reminders(world)
    assert row.at and row.explanation[0]["code"] == "reminder_unless_answered"
    assert foreseen[0] and abs(foreseen[0] - row.at) < timedelta(hours=2)
    world.reply("5")
    assert reminders(world) == []


def test_reminders_that_are_planned_are_sent_where_nobody_answers(world: World) -> None:
    with world.database.writing() as session:
        for number in range(30):
            zone = ("Europe/Istanbul", "America/Los_Angeles", "Asia/Tehran")[number % 3]
            world.contact(session, f"c{number}", phone=f"+9053212{number:05d}", time_zone=zone)
            world.event(session, "onboarding_completed", f"c{number}")
    foreseen = reminders(world, days=8)
    for _ in range(8 * 24):
        with world.database.writing() as session:
            enrolments.plan_recurring(session, world.context, world.now)
        world.tick()
        world.wait(hours=1)
    with world.database.reading() as session:
        of_stage = (Message.purpose == "reminder", Invitation.stage == "onboarding")
        sent = session.scalars(select(Message.sent_at).join(Message.invitation).where(*of_stage)).all()
    assert len(sent) > 20
    days = (
        Counter(moment.date() for moment in moments if moment) for moments in (sent, [e.at for e in foreseen])
    )
    assert next(days) == next(days)


def test_a_survey_that_waits_out_a_rest_is_planned_for_its_end(world: World) -> None:
    with world.database.writing() as session:
        account = world.account(session, renewal_on=world.now.date() + timedelta(days=105))
        world.contact(session, account=account)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    world.wait(days=2)
    with world.database.writing() as session:
        told = enrolments.Event("follow-up:1", reserved.FOLLOW_UP_CLOSED, "c1", world.now)
        enrolments.record_event(session, told, world.context, world.now, source=reserved.SOURCE)
    days = {each.stage: each.at for each in plan(world, days=60).rows if each.at}
    assert days["renewal"] < days["recovery"]
    for _ in range(60):
        with world.database.writing() as session:
            enrolments.plan_dates(session, world.context, world.now)
        world.tick()
        world.wait(days=1)
    with world.database.reading() as session:
        sent = session.scalars(select(Invitation.sent_at).where(Invitation.stage == "recovery")).one()
    assert sent and abs(sent - days["recovery"]) <= timedelta(days=1)


def test_the_plan_keeps_to_the_budget_it_foresees(world: World) -> None:
    with world.database.writing() as session:
        account = world.account(session, renewal_on=world.now.date() + timedelta(days=95))
        world.contact(session, account=account)
        world.event(session, "ticket_closed")
        world.event(session, "contract_ended")
    found = plan(world)
    assert found.sent + sum(found.skipped.values()) == len(found.rows)
    times = sorted(each.at for each in found.rows if each.at)
    gap = world.settings.contact.important_gap
    assert all(later - earlier >= gap for earlier, later in pairwise(times))
