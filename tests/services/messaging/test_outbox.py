"""How a message moves from state to state, and what that does to its invitation."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from feedback.providers.base import Sent, Verdict, refusal
from feedback.providers.simulator import Simulator
from feedback.services.messaging import dispatch, outbox
from feedback.services.notifications import staff_email
from feedback.store.models import (
    DuplicateSend,
    Message,
    Suppression,
)
from tests.services.conftest import World
from tests.services.messaging.sending import (
    asked,
    count,
    failing,
    finish,
    hear,
    only,
    queue,
    reap,
    send,
    take,
    unknown,
)


@pytest.mark.parametrize(("attempt", "most"), [(1, 60), (3, 240), (20, 3600), (500, 3600)])
def test_the_wait_grows_and_has_an_end(attempt: int, most: int) -> None:
    waits = [outbox.backoff(attempt).total_seconds() for _ in range(200)]
    assert max(waits) <= most
    assert min(waits) >= most / 10 - 1
    assert len(set(waits)) > 100  # spread


def letter(world: World, body: str = "https://s.example.com/reset/secret") -> int:
    """An e-mail with a link that signs in, in the outbox."""
    with world.database.writing() as session:
        owner = world.owner(session)
        queued = staff_email.tell_secret(
            session, owner, "Reset", body, providers=world.providers, now=world.now
        )
        session.flush()
        assert queued
        return queued.id


def secret_of(world: World, number: int) -> tuple[str, str]:
    with world.database.reading() as session:
        message = session.get_one(Message, number)
        return message.state, message.body


def test_a_letter_that_signs_in_is_emptied_as_soon_as_it_is_sent(world: World) -> None:
    number = letter(world)
    send(world)
    assert [each.outgoing.body for each in world.mailbox.delivered] == ["https://s.example.com/reset/secret"]
    assert secret_of(world, number) == ("sent", "")


def test_a_letter_that_signs_in_is_emptied_when_it_fails(world: World) -> None:
    number = letter(world)
    world.providers["simulator_email"] = Simulator(
        channel="email",
        mailbox=world.mailbox,
        faults=lambda _: refusal(Verdict.BAD_ADDRESS, "No such mailbox."),
    )
    send(world)
    assert secret_of(world, number) == ("failed", "")


def test_a_letter_that_signs_in_is_not_sent_when_its_link_is_dead(world: World) -> None:
    number = letter(world)
    world.wait(hours=1)
    with world.database.writing() as session:
        assert outbox.cancel_old_secrets(session, world.now, 100) == 0
    world.wait(hours=2)
    with world.database.writing() as session:
        assert outbox.cancel_old_secrets(session, world.now, 100) == 1
    assert secret_of(world, number) == ("cancelled", "")
    send(world)
    assert world.mailbox.delivered == []


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


def test_a_late_success_of_the_same_attempt_is_believed(due: World) -> None:
    (claimed,) = take(due)
    due.wait(hours=1)
    reap(due)
    assert finish(due, dispatch.hand_over(due.providers["simulator_sms"], claimed))
    assert only(due).state == "sent"


def test_a_late_failure_of_an_older_attempt_changes_nothing(due: World) -> None:
    (first,) = take(due)
    expire_lease_and_resend(due)
    (second,) = take(due)
    assert second.outgoing.attempt == 2
    assert not finish(due, dispatch.SendOutcome(first, error=refusal(Verdict.BAD_ADDRESS, "No such number.")))
    assert only(due).state == "sending"
    assert not finish(due, dispatch.SendOutcome(first, error=unknown()))
    assert only(due).state == "sending"
    assert count(due, Suppression) == 0


def test_a_success_that_comes_after_a_resend_is_counted_as_an_incident(due: World) -> None:
    (first,) = take(due)
    expire_lease_and_resend(due)
    send(due)
    late = dispatch.SendOutcome(first, sent=Sent("SIM77", None, None, "sent"))
    finish(due, late)
    finish(due, late)
    assert hear(due, "SIM77", "delivered", only(due).id)
    assert count(due, DuplicateSend) == 1
    assert (only(due).provider_id, only(due).state) == ("SIM00000001", "sent")


def test_a_success_that_comes_before_the_resend_prevents_it(due: World) -> None:
    (first,) = take(due)
    expire_lease_and_resend(due)
    finish(due, dispatch.SendOutcome(first, sent=Sent("SIM77", None, None, "sent")))
    assert send(due) == 0
    assert only(due).state == "sent"
    assert count(due, DuplicateSend) == 0


def expire_lease_and_resend(world: World) -> None:
    """The lease of the claimed message ends, and the provider says twice that it has nothing."""
    world.wait(hours=1)
    reap(world)
    world.reconcile()
    world.wait(hours=1)
    assert world.reconcile() == 1
