"""Each sender sends as fast as its provider allows, over all workers together."""

from __future__ import annotations

from sqlalchemy import select, update

from feedback.providers.base import Verdict, refusal
from feedback.providers.simulator import Simulator
from feedback.services.messaging import rate_limit
from feedback.store.models import (
    Message,
    RateLimitBucket,
)
from tests.services.conftest import World
from tests.services.messaging.sending import many, queue, send


def test_a_sender_with_an_empty_bucket_keeps_back_its_own_messages_only(world: World) -> None:
    world.providers = {"twilio_sms": Simulator(channel="sms", mailbox=world.mailbox)}
    queue(world, *many(30))
    with world.database.writing() as session:
        session.execute(update(Message).where(Message.id % 3 == 0).values(sender="ACME"))
    assert send(world) == 20  # a burst of ten from the usual number, ten from ACME
    assert send(world) == 0
    world.wait(seconds=5)
    assert send(world) == 5


def test_a_provider_that_asks_to_slow_down_is_heeded_by_the_whole_sender(world: World) -> None:
    world.providers = {
        "twilio_sms": Simulator(
            channel="sms",
            mailbox=world.mailbox,
            faults=lambda each: (
                refusal(Verdict.RATE_LIMITED, "Slow.", retry_after=60) if each.attempt == 1 else None
            ),
        )
    }
    queue(world)
    send(world)
    with world.database.reading() as session:
        assert session.scalars(select(RateLimitBucket.tokens)).one() <= -59


def test_a_clock_that_was_ahead_does_not_stop_a_sender(world: World) -> None:
    def tokens(spent: float) -> float:
        with world.database.writing() as session:
            budget = rate_limit.budget(session, "twilio_sms", 1.0, world.now)
            budget.taken[rate_limit.USUAL] = spent
            budget.spend(session)
            return budget.buckets[rate_limit.USUAL].tokens

    world.wait(days=300)
    assert tokens(spent=10) == 0
    world.wait(days=-300)
    assert tokens(spent=0) == 0
    world.wait(seconds=5)
    assert tokens(spent=0) == 5
