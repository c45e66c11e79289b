"""From "planned because" to "answered", for one invitation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback.errors import NotFound
from feedback.providers.base import StatusReport, Verdict, refusal
from feedback.providers.simulator import Simulator
from feedback.services.access import Viewer
from feedback.services.messaging import history, outbox, receipts
from feedback.store.models import Bounce, Invitation, Message
from tests.services.conftest import World

LEAD = Viewer(1, sees_all=True)


def story(world: World) -> list[history.StoryStep]:
    with world.database.reading() as session:
        (number,) = session.scalars(select(Invitation.id))
        return list(history.story(session, number, LEAD).steps)


def test_a_story_tells_what_happened_in_its_order(world: World) -> None:
    answers = iter([refusal(Verdict.RETRY, "Not now.")])
    world.providers["simulator_sms"] = Simulator(
        channel="sms", mailbox=world.mailbox, faults=lambda _: next(answers, None)
    )
    world.wait(hours=7)  # 22:00 in Istanbul
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "ticket_closed")
    world.wait(hours=11, minutes=30)
    world.tick()
    world.wait(minutes=2)
    world.tick()
    with world.database.writing() as session:
        report = StatusReport("SIM00000001", "delivered", None, None, None, None, None)
        receipts.record(session, "simulator_sms", report, world.now)
    world.wait(minutes=1)
    world.reply("5")
    codes = [step.code for step in story(world)]
    assert [codes.count(code) for code in ("event", "planned_event", "sent", "delivered", "answered")] == [
        1, 1, 1, 1, 1,
    ]  # fmt: skip
    order = [
        codes.index(code) for code in ("event", "written", "tried_in_vain", "tried", "delivered", "replied")
    ]
    assert order == sorted(order)


def test_a_story_tells_of_mail_that_came_back_and_of_a_second_copy(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session, phone=None)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    with world.database.writing() as session:
        message = session.scalars(select(Message)).one()
        session.add(
            Bounce(
                message_id=message.id,
                address=message.recipient,
                status="4.2.2",
                is_permanent=False,
                received_at=world.now + timedelta(minutes=1),
            )
        )
        outbox.duplicated(session, message, "another", world.now + timedelta(minutes=2))
    told = [(step.code, step.params.get("code")) for step in story(world)]
    assert told.index(("bounced", "4.2.2")) < told.index(("copied", None))


def test_a_story_names_no_address_no_link_and_no_words(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    world.reply("3 because of Deniz")
    told = repr(story(world))
    with world.database.reading() as session:
        token = session.scalars(select(Invitation.token)).one()
    assert all(secret not in told for secret in ("905321234567", "example.com", "Deniz", str(token)))


def test_nobody_has_a_story_that_is_not_there(world: World) -> None:
    with world.database.reading() as session, pytest.raises(NotFound):
        history.story(session, 99, LEAD)
