"""From events and dates to surveys that are planned, each once."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from feedback.services.journey import enrolments
from feedback.store.models import Enrolment, JourneyEvent
from tests.services.conftest import World


def test_the_same_event_told_twice_is_one_event(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        first = world.event(session, "ticket_closed", key="T-1")
    with world.database.writing() as session:
        again = world.event(session, "ticket_closed", key="T-1")
        assert again.id == first.id
    with world.database.reading() as session:
        assert len(session.scalars(select(JourneyEvent)).all()) == 1
        assert len(session.scalars(select(Enrolment)).all()) == 1


def test_a_renewal_is_asked_about_once(world: World) -> None:
    with world.database.writing() as session:
        account = world.account(session, renewal_on=date(2026, 5, 31))
        world.contact(session, account=account)
    planned = []
    for _ in range(3):
        with world.database.writing() as session:
            planned.append(enrolments.plan_dates(session, world.context, world.now))
        world.wait(days=1)
    assert planned == [1, 0, 0]


def test_everybody_has_a_day_of_their_own_in_a_cadence(world: World) -> None:
    with world.database.writing() as session:
        for number in range(300):
            world.contact(session, f"c{number}", phone=f"+9053212{number:05d}")
    per_day = []
    for _ in range(90):
        with world.database.writing() as session:
            per_day.append(enrolments.plan_recurring(session, world.context, world.now))
        world.wait(days=1)
    assert sum(per_day) == 300
    assert max(per_day) <= 12


def test_after_a_standstill_the_missed_days_are_planned(world: World) -> None:
    with world.database.writing() as session:
        for number in range(100):
            world.contact(session, f"c{number}", phone=f"+9053212{number:05d}")
    planned = 0
    for day in range(90):
        world.wait(days=1)
        if day % 4 == 0 or day == 89:
            with world.database.writing() as session:
                planned += enrolments.plan_recurring(session, world.context, world.now)
    assert planned >= 97  # the first call begins with its own day
