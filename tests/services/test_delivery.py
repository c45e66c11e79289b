"""The outbox under fire: whatever breaks, a message arrives once or ends where somebody can see it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from sqlalchemy import func, select, update

from feedback.bootstrap import Runtime
from feedback.channels.base import Deadline, Outgoing, Receipt, Sent, Verdict, refusal
from feedback.channels.simulator import Simulator
from feedback.errors import DeliveryFailed
from feedback.services import delivery, holds, invitations, optouts, outbox, pace, receipts, reconciling
from feedback.store.models import (
    Attempt,
    ChannelHold,
    Consent,
    DuplicateSend,
    Invitation,
    Message,
    Pace,
    Role,
    Suppression,
)
from feedback.worker import Worker

from .conftest import World

PHONE = "+905321234567"


@pytest.fixture
def due(world: World) -> World:
    """A world in which one text message is queued."""
    return queue(world)


def queue(world: World, *phones: str, event: str = "ticket_closed") -> World:
    """One queued message for each number, or one for the usual number."""
    with world.database.writing() as session:
        for number, phone in enumerate(phones or (PHONE,), start=1):
            world.contact(session, f"c{number}", phone=phone)
            world.event(session, event, f"c{number}")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.library, world.channels, world.settings, world.now)
    return world


def many(count: int) -> list[str]:
    return [f"+90532123{number:04d}" for number in range(count)]


def failing(world: World, *errors: DeliveryFailed | None) -> None:
    """The text channel answers with `errors` in turn, and lets everything through afterwards."""
    answers = iter(errors)
    world.channels["simulator_sms"] = Simulator(
        kind="sms", mailbox=world.mailbox, faults=lambda _: next(answers, None)
    )


def send(world: World) -> int:
    return delivery.send_queued(world.database, world.channels, world.settings, "worker", world.now)


def take(world: World) -> list[delivery.Claimed]:
    with world.database.writing() as session:
        return delivery.claim(
            session, world.channels, world.settings, "worker", world.now, Deadline.after(60)
        )


def finish(world: World, outcome: delivery.Outcome) -> bool:
    with world.database.writing() as session:
        return delivery.record(session, outcome, world.settings, world.now)


def reap(world: World) -> int:
    with world.database.writing() as session:
        return reconciling.reap(session, world.settings, world.now)


def hear(world: World, provider_id: str, status: str, message_id: int | None = None, **more: object) -> bool:
    receipt = Receipt(provider_id, status, None, None, message_id, 1, None, **more)  # type: ignore[arg-type]
    with world.database.writing() as session:
        return receipts.record(session, "simulator_sms", receipt, world.now)


def only(world: World) -> Message:
    with world.database.reading() as session:
        return session.scalars(select(Message)).one()


def asked(world: World) -> Invitation:
    with world.database.reading() as session:
        return session.scalars(select(Invitation)).one()


def count(world: World, table: type) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def unknown() -> DeliveryFailed:
    return refusal(Verdict.UNKNOWN, "It broke off.")


def test_a_consent_that_is_withdrawn_while_a_message_waits_calls_it_off(due: World) -> None:
    with due.database.writing() as session:
        session.execute(update(Consent).where(Consent.kind == "sms").values(withdrawn_at=due.now))
    assert send(due) == 0
    assert (only(due).state, only(due).state_reason) == ("cancelled", "suppressed")
    assert due.texts == []


# The plain way


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


# Refusals that are certain


def test_a_refusal_for_now_is_tried_again_later(due: World) -> None:
    failing(due, refusal(Verdict.RETRY, "Not now."))
    send(due)
    message = only(due)
    assert (message.state, message.state_reason) == ("queued", "retry")
    assert due.now < message.due_at <= due.now + timedelta(minutes=1)
    due.wait(minutes=1)
    send(due)
    assert due.mailbox.times_delivered() == {message.id: 1}


def test_the_provider_decides_how_long_to_wait(due: World) -> None:
    failing(due, refusal(Verdict.RATE_LIMITED, "Slow down.", retry_after=600))
    send(due)
    assert only(due).due_at >= due.now + timedelta(seconds=600)


@pytest.mark.parametrize(("attempt", "most"), [(1, 60), (3, 240), (20, 3600), (500, 3600)])
def test_the_wait_grows_and_has_an_end(attempt: int, most: int) -> None:
    waits = [outbox.backoff(attempt).total_seconds() for _ in range(200)]
    assert max(waits) <= most
    assert min(waits) >= most / 10 - 1
    assert len(set(waits)) > 100  # spread


def test_an_outage_of_hours_fails_nobody_and_an_invitation_ends_when_it_expires(due: World) -> None:
    failing(due, *[refusal(Verdict.UNREACHABLE, "Down.")] * 2000)
    for _ in range(24):
        due.wait(hours=1)
        send(due)
    assert only(due).state == "queued"
    for _ in range(8):
        due.wait(days=1)
        due.tick()
    assert only(due).state in ("failed", "cancelled")
    assert asked(due).state in ("failed", "skipped", "expired")
    assert due.mailbox.delivered == []


def test_a_bad_number_is_marked_and_mail_takes_over(world: World) -> None:
    queue(world, event="onboarding_completed")
    world.wait(days=1)
    world.tick()
    failing(world, refusal(Verdict.BAD_ADDRESS, "No mobile number."))
    with world.database.writing() as session:  # as if it had not gone out yet
        session.execute(update(Message).values(state="queued", provider_id=None))
    world.mailbox.delivered.clear()
    world.tick()
    world.tick()
    assert (len(world.texts), len(world.mails)) == (0, 1)
    with world.database.reading() as session:
        assert session.scalars(select(Suppression.reason)).all() == ["bad_number"]


def test_who_told_the_provider_to_stop_is_left_alone_everywhere(world: World) -> None:
    queue(world, event="onboarding_completed")
    failing(world, refusal(Verdict.OPTED_OUT, "STOP was sent."))
    for _ in range(4):
        world.wait(days=1)
        world.tick()
    assert world.mailbox.delivered == []
    with world.database.reading() as session:
        rows = session.scalars(select(Suppression).order_by(Suppression.kind)).all()
        assert [(each.kind, each.reason) for each in rows] == [("email", "opt_out"), ("sms", "opt_out")]


def test_a_call_that_hangs_holds_up_no_other(world: World) -> None:
    queue(world, *many(12))
    world.settings = replace(world.settings, worker=replace(world.settings.worker, batch=4))
    goes_on = threading.Event()
    first = only_one(lambda: goes_on.wait(60))
    world.channels["simulator_sms"] = Simulator(kind="sms", mailbox=world.mailbox, faults=lambda _: first())
    with ThreadPoolExecutor(world.settings.worker.concurrency) as pool:
        while delivery.send_queued(world.database, world.channels, world.settings, "worker", world.now, pool):
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


# Holds


def test_bad_credentials_hold_the_channel_once_and_burn_no_message(world: World) -> None:
    queue(world, *many(5))
    failing(world, *[refusal(Verdict.HOLD_CHANNEL, "Bad credentials.")] * 5)
    send(world)
    assert count(world, ChannelHold) == 1
    world.wait(minutes=5)
    assert send(world) == 0
    with world.database.writing() as session:
        assert set(session.scalars(select(Message.state))) == {"queued"}
        assert holds.lift(session, "simulator_sms", None, world.now) == 1
    world.wait(minutes=5)
    send(world)
    assert len(world.texts) == 5


def test_a_failure_to_tell_of_a_hold_keeps_nothing_back(world: World) -> None:
    queue(world, PHONE, "+4915112345678")
    with world.database.writing() as session:
        world.owner(session).roles = [Role(name="admin")]
        error = refusal(Verdict.HOLD_COUNTRY, "Closed.", country="TR")
        holds.hold(session, "simulator_sms", error, world.now)  # type: ignore[arg-type]

    def live(channels: dict[str, Any]) -> set[str]:
        runtime = Runtime(world.settings, world.database, world.library, channels)
        with structlog.testing.capture_logs() as logged:
            Worker(runtime, lambda: world.now).tick()
        return {line["job"] for line in logged if line["event"] == "worker.job_failed"}

    assert "tell of holds" in live({"broken": object(), **world.channels})
    assert (len(world.texts), world.mails) == (1, [])
    assert live(world.channels) == set()
    assert live(world.channels) == set()
    assert world.mails == ["simulator_sms (TR) is on hold"]


def test_a_held_country_keeps_back_its_own_numbers_only(world: World) -> None:
    queue(world, PHONE, "+4915112345678")
    with world.database.writing() as session:
        holds.hold(
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
        holds.hold(
            session,
            "simulator_sms",
            refusal(Verdict.HOLD_COUNTRY, "Closed.", country="US"),
            due.now,  # type: ignore[arg-type]
        )
    assert send(due) == 1


def test_a_hold_that_matches_no_row_does_not_spin(due: World) -> None:
    failing(due, *[refusal(Verdict.HOLD_COUNTRY, "Closed.", country="ZZ")] * 50)
    assert [send(due) for _ in range(5)] == [1, 0, 0, 0, 0]


def test_a_suspended_account_is_noticed_from_a_receipt(due: World) -> None:
    send(due)
    assert hear(due, "SIM00000001", "failed", verdict=Verdict.HOLD_CHANNEL)
    assert count(due, ChannelHold) == 1


# What nobody knows


def test_an_unknown_outcome_is_looked_up_and_found(due: World) -> None:
    accept_then_break(due)
    send(due)
    assert only(due).state == "unconfirmed"
    assert due.reconcile() == 1
    message = only(due)
    assert (message.state, message.state_reason, message.provider_id) == (
        "sent",
        "found_at_provider",
        "SIM00000001",
    )
    assert asked(due).state == "sent"


def test_an_unknown_outcome_is_never_due_by_itself(due: World) -> None:
    failing(due, unknown())
    send(due)
    due.wait(days=3)
    assert send(due) == 0


def test_two_noes_with_time_between_them_make_a_message_due_again(due: World) -> None:
    failing(due, unknown())
    send(due)
    assert due.reconcile() == 0
    due.wait(seconds=30)
    assert due.reconcile() == 0
    due.wait(minutes=3)
    assert due.reconcile() == 1
    assert (only(due).state, only(due).state_reason) == ("queued", "not_at_provider")
    send(due)
    assert due.mailbox.times_delivered() == {only(due).id: 1}


def test_a_leap_of_the_wall_clock_does_not_make_a_no_final(due: World) -> None:
    failing(due, unknown())
    due.watch.elapsed = lambda: 0.0  # the process has lived for no time at all
    send(due)
    for _ in range(5):
        due.wait(hours=2)
        assert due.reconcile() == 0
    assert only(due).state == "unconfirmed"


def test_a_vanished_worker_is_waited_for_longer_than_its_call_could_last(due: World) -> None:
    take(due)
    lease = due.settings.worker.lease + timedelta(seconds=31)
    due.now += lease
    assert reap(due) == 1
    assert only(due).state == "unconfirmed"
    assert due.reconcile() == 0
    due.wait(minutes=3)
    assert due.reconcile() == 0  # settle is over, but that call might only just have begun
    due.wait(minutes=3)
    assert due.reconcile() == 1
    assert only(due).state == "queued"


def test_a_provider_that_cannot_be_asked_for_a_day_leaves_it_to_a_person(due: World) -> None:
    failing(due, unknown())
    send(due)
    mailbox_down(due)
    due.wait(hours=23)
    assert due.reconcile() == 0
    assert only(due).state == "unconfirmed"
    due.wait(hours=2)
    assert due.reconcile() == 1
    assert only(due).state == "held"


def test_a_person_decides_about_a_held_message(due: World) -> None:
    failing(due, unknown())
    send(due)
    with due.database.writing() as session:
        assert outbox.resend(session, only(due).id, due.now)
        assert not outbox.resend(session, only(due).id, due.now)
    send(due)
    assert len(due.texts) == 1
    with due.database.writing() as session:
        assert not outbox.settle_by_hand(session, only(due).id, due.now)


def test_a_reminder_is_not_confirmed_by_the_invitation_that_has_the_same_link(due: World) -> None:
    send(due)
    failing(due, unknown())
    with due.database.writing() as session:
        first = session.scalars(select(Message)).one()
        facts = {key: getattr(first, key) for key in Message.__mapper__.columns.keys() if key != "id"}  # noqa: SIM118
        facts |= {"purpose": "reminder", "state": "queued", "attempt": 0, "provider_id": None}
        session.add(Message(**facts))
    send(due)
    assert due.reconcile() == 0
    due.wait(minutes=3)
    assert due.reconcile() == 1
    with due.database.reading() as session:
        assert (
            session.scalar(select(Message.state_reason).where(Message.purpose == "reminder"))
            == "not_at_provider"
        )


@pytest.mark.parametrize(("unknown_mail", "state"), [("hold", "held"), ("resend", "queued")])
def test_mail_cannot_be_looked_up_and_waits_for_a_person(world: World, unknown_mail: str, state: str) -> None:
    world.settings = replace(world.settings, smtp=replace(world.settings.smtp, unknown=unknown_mail))
    world.channels["simulator_email"] = Simulator(
        kind="email", mailbox=world.mailbox, faults=lambda _: unknown()
    )
    with world.database.writing() as session:
        world.contact(session, phone=None)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.library, world.channels, world.settings, world.now)
    send(world)
    assert only(world).state == state


# Fences


def test_a_late_success_of_the_same_attempt_is_believed(due: World) -> None:
    (claimed,) = take(due)
    due.wait(hours=1)
    reap(due)
    assert finish(due, delivery.hand_over(due.channels["simulator_sms"], claimed))
    assert only(due).state == "sent"


def test_a_late_failure_of_an_older_attempt_changes_nothing(due: World) -> None:
    (first,) = take(due)
    expire_lease_and_resend(due)
    (second,) = take(due)
    assert second.outgoing.attempt == 2
    assert not finish(due, delivery.Outcome(first, error=refusal(Verdict.BAD_ADDRESS, "No such number.")))
    assert only(due).state == "sending"
    assert not finish(due, delivery.Outcome(first, error=unknown()))
    assert only(due).state == "sending"
    assert count(due, Suppression) == 0


def test_a_success_that_comes_after_a_resend_is_counted_as_an_incident(due: World) -> None:
    (first,) = take(due)
    expire_lease_and_resend(due)
    send(due)
    late = delivery.Outcome(first, sent=Sent("SIM77", None, None, "sent"))
    finish(due, late)
    finish(due, late)
    assert hear(due, "SIM77", "delivered", only(due).id)
    assert count(due, DuplicateSend) == 1
    assert (only(due).provider_id, only(due).state) == ("SIM00000001", "sent")


def test_a_success_that_comes_before_the_resend_prevents_it(due: World) -> None:
    (first,) = take(due)
    expire_lease_and_resend(due)
    finish(due, delivery.Outcome(first, sent=Sent("SIM77", None, None, "sent")))
    assert send(due) == 0
    assert only(due).state == "sent"
    assert count(due, DuplicateSend) == 0


# Receipts


def test_receipts_may_come_in_any_order_and_any_number_of_times(due: World) -> None:
    send(due)
    assert hear(due, "SIM00000001", "delivered")
    assert hear(due, "SIM00000001", "sent")
    assert not hear(due, "SIM00000001", "delivered")
    assert hear(due, "SIM00000001", "undelivered")
    assert (only(due).state, asked(due).state) == ("delivered", "delivered")


def test_a_receipt_may_come_before_the_answer_to_the_call(due: World) -> None:
    (claimed,) = take(due)
    assert hear(due, "SIM00000001", "delivered", claimed.outgoing.message_id)
    finish(due, delivery.Outcome(claimed, sent=Sent("SIM00000001", "+15550001111", 2, "sent")))
    message = only(due)
    assert (message.state, message.segments, message.sender) == ("delivered", 2, "+15550001111")
    assert count(due, DuplicateSend) == 0


def test_a_receipt_alone_settles_a_message_whose_worker_died(due: World) -> None:
    take(due)
    due.wait(hours=1)
    reap(due)
    hear(due, "SIM5", "sent", only(due).id)
    assert (only(due).state, only(due).provider_id) == ("sent", "SIM5")
    assert due.reconcile() == 0


def test_a_receipt_of_nobody_we_know_is_kept(due: World) -> None:
    assert hear(due, "SIM99", "delivered")


@pytest.mark.parametrize("verdict", [Verdict.OPTED_OUT, Verdict.BAD_ADDRESS])
def test_a_receipt_can_close_an_address(due: World, verdict: Verdict) -> None:
    send(due)
    hear(due, "SIM00000001", "undelivered", verdict=verdict)
    with due.database.reading() as session:
        assert optouts.is_suppressed(session, "sms", PHONE)


# When


def test_a_message_that_missed_its_hours_waits_for_the_next_ones(due: World) -> None:
    failing(due, refusal(Verdict.HOLD_CHANNEL, "Bad credentials."))
    send(due)
    due.wait(hours=10)  # past midnight in Istanbul
    with due.database.writing() as session:
        holds.lift(session, "simulator_sms", None, due.now)
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


# Pace


def test_a_sender_with_an_empty_bucket_keeps_back_its_own_messages_only(world: World) -> None:
    world.channels = {"twilio_sms": Simulator(kind="sms", mailbox=world.mailbox)}
    queue(world, *many(30))
    with world.database.writing() as session:
        session.execute(update(Message).where(Message.id % 3 == 0).values(sender="ACME"))
    assert send(world) == 20  # a burst of ten from the usual number, ten from ACME
    assert send(world) == 0
    world.wait(seconds=5)
    assert send(world) == 5


def test_a_provider_that_asks_to_slow_down_is_heeded_by_the_whole_sender(world: World) -> None:
    world.channels = {
        "twilio_sms": Simulator(
            kind="sms",
            mailbox=world.mailbox,
            faults=lambda each: (
                refusal(Verdict.RATE_LIMITED, "Slow.", retry_after=60) if each.attempt == 1 else None
            ),
        )
    }
    queue(world)
    send(world)
    with world.database.reading() as session:
        assert session.scalars(select(Pace.tokens)).one() <= -59


def test_a_clock_that_was_ahead_does_not_stop_a_sender(world: World) -> None:
    def tokens(spent: float) -> float:
        with world.database.writing() as session:
            budget = pace.budget(session, "twilio_sms", 1.0, world.now)
            budget.taken[pace.USUAL] = spent
            budget.spend(session)
            return budget.buckets[pace.USUAL].tokens

    world.wait(days=300)
    assert tokens(spent=10) == 0
    world.wait(days=-300)
    assert tokens(spent=0) == 0
    world.wait(seconds=5)
    assert tokens(spent=0) == 5


# Helpers with a story


def accept_then_break(world: World) -> None:
    class AcceptsAndBreaks(Simulator):
        def send(self, outgoing: Outgoing) -> Sent:
            super().send(outgoing)
            raise unknown()

    world.channels["simulator_sms"] = AcceptsAndBreaks(kind="sms", mailbox=world.mailbox)


def mailbox_down(world: World) -> None:
    class Mute(Simulator):
        def find(self, *_: object) -> list:  # type: ignore[override,type-arg]
            raise refusal(Verdict.RETRY, "Down.")

    world.channels["simulator_sms"] = Mute(kind="sms", mailbox=world.mailbox)


def expire_lease_and_resend(world: World) -> None:
    """The lease of the claimed message ends, and the provider says twice that it has nothing."""
    world.wait(hours=1)
    reap(world)
    world.reconcile()
    world.wait(hours=1)
    assert world.reconcile() == 1
