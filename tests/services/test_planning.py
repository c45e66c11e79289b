"""The plan says beforehand what then happens."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from sqlalchemy import func, select

from feedback.services import journeys, planning
from feedback.store.models import Enrolment, Invitation

from .conftest import World


def plan(world: World, days: int = 30) -> planning.Plan:
    with world.database.reading() as session:
        return planning.plan(session, world.library, world.settings, world.now, days)


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
        planned = journeys.plan_recurring(session, world.library, world.settings, world.now)
    assert planned > 0 and turns() == 180
    world.wait(days=3)  # it stood still
    assert turns() > 180 - planned


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
                journeys.plan_recurring(session, world.library, world.settings, world.now)
    foreseen = plan(world, days=20)
    for _ in range(20 * 24):
        with world.database.writing() as session:
            journeys.plan_dates(session, world.library, world.settings, world.now)
            journeys.plan_recurring(session, world.library, world.settings, world.now)
        world.tick()
        world.wait(hours=1)
    with world.database.reading() as session:
        happened = Counter(session.scalars(select(Invitation.stage)))
        skipped = session.scalar(select(func.count()).where(Enrolment.state == "skipped")) or 0
    within = [each for each in foreseen.rows if each.at and each.at < world.now]
    assert happened.total() > 20
    assert Counter(each.stage for each in within) == happened
    assert sum(foreseen.skipped.values()) == skipped


def test_a_survey_that_waits_out_a_rest_is_planned_for_its_end(world: World) -> None:
    with world.database.writing() as session:
        account = world.account(session, renewal_on=world.now.date() + timedelta(days=105))
        world.contact(session, account=account)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    world.wait(days=2)
    with world.database.writing() as session:
        world.event(session, "follow_up_closed")
    days = {each.stage: each.at for each in plan(world, days=60).rows if each.at}
    assert days["renewal"] < days["recovery"]
    for _ in range(60):
        with world.database.writing() as session:
            journeys.plan_dates(session, world.library, world.settings, world.now)
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
