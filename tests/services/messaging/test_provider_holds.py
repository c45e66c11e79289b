"""A channel that may not send keeps its messages until a person has acted."""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy import select, update

from feedback.bootstrap import Runtime
from feedback.providers.base import Verdict, refusal
from feedback.services.messaging import provider_holds
from feedback.store.models import (
    Message,
    ProviderHold,
    Role,
)
from feedback.worker import Worker
from tests.services.conftest import World
from tests.services.messaging.sending import PHONE, count, failing, many, queue, send


def test_bad_credentials_hold_the_channel_once_and_burn_no_message(world: World) -> None:
    queue(world, *many(5))
    failing(world, *[refusal(Verdict.HOLD_PROVIDER, "Bad credentials.")] * 5)
    send(world)
    assert count(world, ProviderHold) == 1
    world.wait(minutes=5)
    assert send(world) == 0
    with world.database.writing() as session:
        assert set(session.scalars(select(Message.state))) == {"queued"}
        assert provider_holds.lift(session, "simulator_sms", None, world.now) == 1
    world.wait(minutes=5)
    send(world)
    assert len(world.texts) == 5


def test_a_failure_to_tell_of_a_hold_keeps_nothing_back(world: World) -> None:
    queue(world, PHONE, "+4915112345678")
    with world.database.writing() as session:
        world.owner(session).roles = [Role(name="admin")]
        error = refusal(Verdict.HOLD_COUNTRY, "Closed.", country="TR")
        provider_holds.hold(session, "simulator_sms", error, world.now)  # type: ignore[arg-type]

    def live(providers: dict[str, Any]) -> set[str]:
        runtime = Runtime(world.settings, world.library, providers, world.database)
        with structlog.testing.capture_logs() as logged:
            Worker(runtime, lambda: world.now).tick()
        return {line["job"] for line in logged if line["event"] == "worker.job_failed"}

    assert "report holds" in live({"broken": object(), **world.providers})
    assert (len(world.texts), world.mails) == (1, [])
    assert live(world.providers) == set()
    assert live(world.providers) == set()
    assert world.mails == ["simulator_sms (TR) is on hold"]


def test_a_held_country_keeps_back_its_own_numbers_only(world: World) -> None:
    queue(world, PHONE, "+4915112345678")
    with world.database.writing() as session:
        provider_holds.hold(
            session,
            "simulator_sms",
            refusal(Verdict.HOLD_COUNTRY, "Closed.", country="TR"),
            world.now,  # type: ignore[arg-type]
        )
    assert send(world) == 1
    with world.database.reading() as session:
        assert session.scalar(select(Message.country).where(Message.state == "queued")) == "TR"


def test_a_message_of_no_known_country_is_not_kept_back_by_a_held_one(due: World) -> None:
    with due.database.writing() as session:
        session.execute(update(Message).values(country=None))
        provider_holds.hold(
            session,
            "simulator_sms",
            refusal(Verdict.HOLD_COUNTRY, "Closed.", country="US"),
            due.now,  # type: ignore[arg-type]
        )
    assert send(due) == 1


def test_a_hold_that_matches_no_row_does_not_spin(due: World) -> None:
    failing(due, *[refusal(Verdict.HOLD_COUNTRY, "Closed.", country="ZZ")] * 50)
    assert [send(due) for _ in range(5)] == [1, 0, 0, 0, 0]
