"""The numbers that a collector reads, counted in the database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback.errors import ProviderHeld
from feedback.services.messaging import metrics, provider_holds
from feedback.store.models import DuplicateSend, Message
from tests.services.conftest import World


@pytest.fixture
def planned(world: World) -> World:
    """One survey, due after two hours."""
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    return world


def figures(world: World) -> metrics.Figures:
    with world.database.reading() as session:
        return metrics.figures(session, world.now)


def test_an_empty_installation_counts_nothing(world: World) -> None:
    found = figures(world)
    assert (found.messages, found.surveys, found.oldest_due, found.notices) == ({}, {}, {}, {})
    assert (found.segments, found.duplicates, found.holds) == (0, 0, ())


def test_messages_and_surveys_are_counted_by_what_became_of_them(planned: World) -> None:
    assert figures(planned).surveys == {("scheduled", ""): 1}
    planned.tick()
    found = figures(planned)
    assert found.messages == {("simulator_sms", "sent"): 1}
    assert found.surveys == {("issued", ""): 1}
    with planned.database.reading() as session:
        assert found.segments == session.get_one(Message, 1).segments


def test_the_age_of_the_longest_waiting_message_is_in_seconds(planned: World) -> None:
    planned.tick()
    with planned.database.writing() as session:
        message = session.get_one(Message, 1)
        message.state, message.due_at = "queued", planned.now - timedelta(minutes=3)
    assert figures(planned).oldest_due == {"simulator_sms": 180.0}


def test_segments_count_once_a_provider_has_taken_them(planned: World) -> None:
    planned.tick()
    with planned.database.writing() as session:
        session.get_one(Message, 1).state = "queued"
    assert figures(planned).segments == 0


def test_duplicates_and_holds_are_counted(planned: World) -> None:
    planned.tick()
    with planned.database.writing() as session:
        session.add(DuplicateSend(message_id=1, provider_id="SM2", noticed_at=planned.now))
        error = ProviderHeld("Bad credentials.", code="hold_provider")
        provider_holds.hold(session, "twilio_sms", error, planned.now)
    found = figures(planned)
    assert (found.duplicates, [each.provider for each in found.holds]) == (1, ["twilio_sms"])
