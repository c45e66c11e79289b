"""A STOP that came while the web server was down is heard all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from feedback import clock
from feedback.services.contact import suppression
from feedback.services.messaging import dispatch
from feedback.services.responses import missed_replies
from feedback.store.models import InboundReply, Message
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, FakeTwilio
from tests.providers.made import twilio_sms
from tests.services.conftest import World

PHONE = "+905321234567"


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as server:
        yield server


@pytest.fixture
def down(world: World, twilio: FakeTwilio) -> World:
    """A world that nobody has called for a while."""
    world.now = clock.now()
    world.settings = replace(world.settings, twilio=replace(world.settings.twilio, sender=OUR_NUMBER))
    world.providers["twilio_sms"] = twilio_sms(
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        public_url="https://feedback.example",
        sender=OUR_NUMBER,
        base_url=twilio.url,
    )
    with world.database.writing() as session:
        world.contact(session)
    return world


def catch_up(world: World) -> int:
    return missed_replies.catch_up(world.database, world.context, world.now)


def test_a_missed_stop_is_heard_once(down: World, twilio: FakeTwilio) -> None:
    twilio.receive(PHONE, OUR_NUMBER, "STOP")
    twilio.receive(PHONE, OUR_NUMBER, "hello?")
    assert catch_up(down) == 2
    assert catch_up(down) == 0
    with down.database.reading() as session:
        assert suppression.is_suppressed(session, "sms", PHONE)
        assert session.scalar(select(func.count()).select_from(InboundReply)) == 2


def test_replies_count_in_the_order_in_which_they_were_written(down: World, twilio: FakeTwilio) -> None:
    for minutes, words in ((3, "STOP"), (2, "START")):
        twilio.receive(PHONE, OUR_NUMBER, words).created -= minutes * 60
    assert catch_up(down) == 2
    with down.database.reading() as session:
        assert not suppression.is_suppressed(session, "sms", PHONE)


def test_a_start_that_is_read_back_does_not_undo_the_stop_after_it(down: World, twilio: FakeTwilio) -> None:
    with down.database.writing() as session:
        suppression.opt_out(session, "sms", PHONE, source="test", now=down.now - timedelta(hours=3))
    twilio.receive(PHONE, OUR_NUMBER, "START").created -= 3600  # nobody answered Twilio's call
    down.reply("STOP", PHONE)
    assert catch_up(down) == 1
    with down.database.reading() as session:
        assert suppression.is_suppressed(session, "sms", PHONE)


@pytest.mark.parametrize("number", ["+15005550077", "25000"])
def test_a_stop_to_a_number_of_a_messaging_service_is_heard_though_nobody_wrote_there_before(
    down: World, twilio: FakeTwilio, number: str
) -> None:
    down.settings = replace(down.settings, twilio=replace(down.settings.twilio, sender=""))
    with down.database.writing() as session:
        sent = {
            "purpose": "invitation",
            "provider": "twilio_sms",
            "channel": "sms",
            "recipient": PHONE,
            "state": "sent",
        }
        session.add(
            Message(**sent, sender=number, body="", language="en", due_at=down.now, created_at=down.now)
        )
    twilio.receive(PHONE, number, "STOP")
    assert catch_up(down) == 1
    with down.database.reading() as session:
        assert suppression.is_suppressed(session, "sms", PHONE)


@pytest.mark.parametrize(("hours", "answers"), [(0, 1), (3, 0)])
def test_what_is_read_back_long_after_is_not_answered_in_the_night(
    down: World, twilio: FakeTwilio, hours: int, answers: int
) -> None:
    twilio.receive(PHONE, OUR_NUMBER, "HELP").created -= hours * 3600
    assert catch_up(down) == 1
    dispatch.send_queued(down.database, down.context, "worker", down.now)
    assert len(twilio.outbound()) == answers


def test_a_list_that_is_down_is_read_again_later(down: World, twilio: FakeTwilio) -> None:
    assert catch_up(down) == 0
    twilio.receive(PHONE, OUR_NUMBER, "STOP")
    twilio.list_down = True
    down.now += timedelta(minutes=10)
    assert catch_up(down) == 0
    twilio.list_down = False
    assert catch_up(down) == 1
