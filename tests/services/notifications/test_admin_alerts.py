"""Admins hear of what is held and of what fails, but not ten times."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback.errors import ProviderHeld
from feedback.services.backups import backup_runs
from feedback.services.messaging import heartbeats, provider_holds
from feedback.services.notifications import admin_alerts
from feedback.store.models import Campaign, Message, Role
from tests.services.conftest import World
from tests.services.followups.desk import MONDAY, Desk
from tests.services.notifications.mails import (
    mails,
)


def hold(desk: Desk, provider: str, country: str | None = None) -> None:
    error = ProviderHeld(
        "Twilio 20003: the credentials are not accepted.", code="hold_provider", country=country
    )
    with desk.runtime.database.writing() as session:
        provider_holds.hold(session, provider, error, MONDAY)


def tell_of_holds(desk: Desk) -> int:
    with desk.runtime.database.writing() as session:
        return admin_alerts.tell_of_holds(session, desk.runtime, MONDAY)


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
        admin_alerts.tell_of_trouble(session, world.context, room, world.now)
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


def test_admins_are_told_of_campaigns_that_stopped_by_themselves(world: World) -> None:
    with world.database.writing() as session:
        world.owner(session, "admin@example.com").roles = [Role(name="admin")]
        for name, reason in (("Spring pulse", "failures"), ("Paused by a person", None)):
            facts = {"state": "paused", "state_reason": reason, "plan": {}, "starts_at": world.now}
            session.add(Campaign(name=name, created_at=world.now, changed_at=world.now, **facts))
    (letter,) = told_of_trouble(world)
    assert (
        "These campaigns were paused, because too many messages failed or people complained: Spring pulse\n"
        in letter
    )


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


def test_admins_hear_of_a_backup_that_failed(desk: Desk) -> None:
    with desk.runtime.database.writing() as session:
        run = backup_runs.claim(session, MONDAY.date(), MONDAY)
        assert run
        backup_runs.fail(session, run, "The disk is full.", MONDAY)
    with desk.runtime.database.writing() as session:
        assert admin_alerts.tell_of_trouble(session, desk.runtime, None, MONDAY) == 1
        body = session.scalars(select(Message.body)).one()
    assert f"- The backup of {MONDAY.date()} failed: The disk is full." in body
