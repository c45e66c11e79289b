"""What providers report about messages, in any order."""

from __future__ import annotations

import pytest

from feedback.providers.base import Sent, Verdict
from feedback.services.contact import suppression
from feedback.services.messaging import dispatch
from feedback.store.models import (
    DuplicateSend,
    ProviderHold,
)
from tests.services.conftest import World
from tests.services.messaging.sending import PHONE, asked, count, finish, hear, only, reap, send, take


def test_a_suspended_account_is_noticed_from_a_receipt(due: World) -> None:
    send(due)
    assert hear(due, "SIM00000001", "failed", verdict=Verdict.HOLD_PROVIDER)
    assert count(due, ProviderHold) == 1


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
