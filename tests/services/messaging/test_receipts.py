"""What providers report about messages, in any order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback.providers.base import Sent, Verdict
from feedback.services.contact import suppression
from feedback.services.messaging import dispatch, provider_holds
from feedback.store.models import (
    DuplicateSend,
    ProviderHold,
)
from tests.services.conftest import World
from tests.services.messaging.sending import (
    PHONE,
    asked,
    count,
    finish,
    hear,
    many,
    only,
    queue,
    reap,
    send,
    take,
)


def test_a_suspended_account_is_noticed_from_a_receipt(due: World) -> None:
    send(due)
    assert hear(due, "SIM00000001", "failed", verdict=Verdict.HOLD_PROVIDER)
    assert count(due, ProviderHold) == 1


def test_a_receipt_holds_the_channel_in_words(due: World) -> None:
    send(due)
    said = "Twilio 30032: the toll-free number is not verified."
    hear(due, "SIM00000001", "undelivered", verdict=Verdict.HOLD_PROVIDER, said=said)
    with due.database.reading() as session:
        (held,) = provider_holds.in_force(session)
        assert held.reason.endswith(said)
    assert only(due).detail == said


def test_a_country_is_held_by_receipt_alone(due: World) -> None:
    send(due)
    hear(due, "SIM00000001", "undelivered", verdict=Verdict.HOLD_COUNTRY)
    with due.database.reading() as session:
        assert [each.country for each in provider_holds.in_force(session)] == ["TR"]


def test_reports_that_nothing_explains_hold_the_channel_after_three_in_a_row(world: World) -> None:
    queue(world, *many(7))
    send(world)
    for number in (1, 2):
        hear(world, f"SIM{number:08d}", "undelivered", verdict=Verdict.UNEXPLAINED)
    hear(world, "SIM00000003", "delivered")
    for number in (4, 5):
        hear(world, f"SIM{number:08d}", "undelivered", verdict=Verdict.UNEXPLAINED)
    assert count(world, ProviderHold) == 0
    hear(world, "SIM00000006", "undelivered", verdict=Verdict.UNEXPLAINED)
    assert count(world, ProviderHold) == 1
    with world.database.writing() as session:
        provider_holds.lift(session, "simulator_sms", None, world.now)
    world.wait(minutes=1)
    hear(world, "SIM00000007", "undelivered", verdict=Verdict.UNEXPLAINED)
    with world.database.reading() as session:
        assert provider_holds.in_force(session) == []


def test_a_message_that_a_limit_stopped_is_sent_again_later_and_once(due: World) -> None:
    send(due)
    first = only(due)
    hear(due, "SIM00000001", "undelivered", first.id, verdict=Verdict.RATE_LIMITED, retry_after=3600.0)
    waiting = only(due)
    assert (waiting.state, waiting.state_reason, waiting.provider_id) == ("queued", "rate_limited", None)
    assert waiting.due_at >= due.now + timedelta(hours=1)
    hear(due, "SIM00000001", "sent", first.id)  # a late report of the attempt that was lost
    assert only(due).state == "queued"
    assert send(due) == 0
    due.wait(hours=2)
    assert send(due) == 1
    hear(due, "SIM00000001", "failed", first.id)
    hear(due, "SIM00000002", "delivered", first.id)
    assert (only(due).state, only(due).attempt, asked(due).state) == ("delivered", 2, "delivered")
    assert count(due, DuplicateSend) == 0


def test_a_limit_may_be_reported_before_the_answer_to_the_call(due: World) -> None:
    (claimed,) = take(due)
    hear(due, "SIM7", "undelivered", claimed.outgoing.message_id, verdict=Verdict.RATE_LIMITED)
    finish(due, dispatch.SendOutcome(claimed, sent=Sent("SIM7", "+15550001111", 2, "sent")))
    assert only(due).state == "queued"


def test_a_limit_that_lasts_beyond_the_survey_ends_the_message(due: World) -> None:
    send(due)
    hear(due, "SIM00000001", "undelivered", verdict=Verdict.RATE_LIMITED, retry_after=90 * 86400.0)
    assert only(due).state == "undelivered"


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
    finish(due, dispatch.SendOutcome(claimed, sent=Sent("SIM00000001", "+15550001111", 2, "sent")))
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
        assert suppression.is_suppressed(session, "sms", PHONE)
