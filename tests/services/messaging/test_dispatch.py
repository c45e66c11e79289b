"""The outbox under fire: whatever breaks, a message arrives once or ends where somebody can see it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from feedback.providers.base import Verdict, refusal
from feedback.providers.simulator import Simulator
from feedback.services.messaging import dispatch, provider_holds
from feedback.store.models import (
    Attempt,
    Consent,
    Invitation,
    Message,
)
from tests.services.conftest import World, times_delivered
from tests.services.messaging.sending import asked, failing, many, only, queue, send, take


def test_a_consent_that_is_withdrawn_while_a_message_waits_calls_it_off(due: World) -> None:
    with due.database.writing() as session:
        session.execute(update(Consent).where(Consent.kind == "sms").values(withdrawn_at=due.now))
    assert send(due) == 0
    assert (only(due).state, only(due).state_reason) == ("cancelled", "suppressed")
    assert due.texts == []


def test_a_message_is_claimed_sent_and_recorded(due: World) -> None:
    assert send(due) == 1
    message = only(due)
    assert (message.state, message.provider_id, message.attempt) == ("sent", "SIM00000001", 1)
    assert asked(due).state == "sent"
    assert send(due) == 0


def test_each_call_is_written_down_before_and_after(due: World) -> None:
    failing(due, refusal(Verdict.RETRY, "Not now."))
    send(due)
    due.wait(hours=1)
    send(due)
    with due.database.reading() as session:
        attempts = session.scalars(select(Attempt).order_by(Attempt.number)).all()
    assert [(each.number, each.outcome, each.code) for each in attempts] == [
        (1, "DeliveryFailed", "retry"),
        (2, "sent", None),
    ]


def test_what_is_claimed_is_not_claimed_again(due: World) -> None:
    assert len(take(due)) == 1
    assert take(due) == []
    due.wait(hours=3)
    assert take(due) == []


def test_a_refusal_for_now_is_tried_again_later(due: World) -> None:
    failing(due, refusal(Verdict.RETRY, "Not now."))
    send(due)
    message = only(due)
    assert (message.state, message.state_reason) == ("queued", "retry")
    assert due.now < message.due_at <= due.now + timedelta(minutes=1)
    due.wait(minutes=1)
    send(due)
    assert times_delivered(due.mailbox) == {message.id: 1}


def test_the_provider_decides_how_long_to_wait(due: World) -> None:
    failing(due, refusal(Verdict.RATE_LIMITED, "Slow down.", retry_after=600))
    send(due)
    assert only(due).due_at >= due.now + timedelta(seconds=600)


def test_a_call_that_hangs_holds_up_no_other(world: World) -> None:
    queue(world, *many(12))
    world.settings = replace(world.settings, worker=replace(world.settings.worker, batch=4))
    goes_on = threading.Event()
    first = only_one(lambda: goes_on.wait(60))
    world.providers["simulator_sms"] = Simulator(
        channel="sms", mailbox=world.mailbox, faults=lambda _: first()
    )
    with ThreadPoolExecutor(world.settings.worker.concurrency) as pool:
        while dispatch.send_queued(world.database, world.context, "worker", world.now, pool):
            pass
        wait_until(lambda: len(world.texts) == 11)
        goes_on.set()
    assert len(world.texts) == 12
    with world.database.reading() as session:
        assert set(session.scalars(select(Message.state))) == {"sent"}


def only_one(work: Callable[[], object]) -> Callable[[], None]:
    """The first call does `work`, all others nothing."""
    todo = [work]

    def act() -> None:
        with contextlib.suppress(IndexError):
            todo.pop()()

    return act


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "stuck"
        time.sleep(0.02)


def test_a_message_that_missed_its_hours_waits_for_the_next_ones(due: World) -> None:
    failing(due, refusal(Verdict.HOLD_PROVIDER, "Bad credentials."))
    send(due)
    due.wait(hours=10)  # past midnight in Istanbul
    with due.database.writing() as session:
        provider_holds.lift(session, "simulator_sms", None, due.now)
    assert send(due) == 0
    message = only(due)
    assert (message.state, message.state_reason, message.due_at.hour) == ("queued", "next_window", 6)
    assert asked(due).state == "queued"
    assert asked(due).reply_key is not None
    due.now = message.due_at
    assert send(due) == 1


def test_a_message_cannot_outlive_its_invitation(due: World) -> None:
    with due.database.writing() as session:
        session.execute(update(Invitation).values(expires_at=due.now))
    assert send(due) == 0
    assert (only(due).state, only(due).state_reason) == ("cancelled", "too_late")


def test_no_reminder_goes_to_whoever_has_answered(due: World) -> None:
    with due.database.writing() as session:
        session.execute(update(Invitation).values(answered_at=due.now))
    send(due)
    assert (only(due).state, only(due).state_reason) == ("cancelled", "answered")
