"""What became of a message whose outcome nobody knows: the provider is asked, then a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from feedback.providers.base import Deadline, Found, Outgoing, Sent, Verdict, refusal
from feedback.providers.simulator import Simulator
from feedback.services.journey import invitations
from feedback.services.messaging import dispatch, outbox
from feedback.store.models import (
    Message,
)
from tests.services.conftest import World, times_delivered
from tests.services.messaging.sending import PHONE, asked, failing, only, reap, send, take, unknown


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
    assert times_delivered(due.mailbox) == {only(due).id: 1}


def test_a_leap_of_the_wall_clock_does_not_make_a_no_final(due: World) -> None:
    failing(due, unknown())
    due.timer.elapsed = lambda: 0.0  # the process has lived for no time at all
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


@pytest.mark.parametrize("accepted", [True, False])
def test_an_outage_of_any_length_is_followed_by_another_look_and_not_by_a_hold(
    due: World, accepted: bool
) -> None:
    if accepted:
        accept_then_break(due)
    else:
        failing(due, unknown())
    send(due)
    mailbox_down(due)
    for _ in range(30):
        due.wait(hours=2)
        assert due.reconcile() == 0
    assert only(due).state == "unconfirmed"
    due.providers["simulator_sms"] = Simulator(channel="sms", mailbox=due.mailbox)
    look_twice(due)
    assert only(due).state == ("sent" if accepted else "queued")
    for _ in range(24):  # not at night
        due.wait(hours=1)
        send(due)
    assert times_delivered(due.mailbox) == {only(due).id: 1}


def look_twice(world: World) -> None:
    for _ in range(2):
        world.wait(minutes=10)
        world.reconcile()


def test_a_clock_that_is_a_day_ahead_holds_nothing(due: World) -> None:
    failing(due, unknown())
    send(due)
    real = due.now.timestamp()
    due.timer.elapsed = lambda: real
    due.wait(days=1, minutes=5)
    assert due.reconcile() == 0
    assert only(due).state == "unconfirmed"


def test_a_provider_that_is_not_enabled_any_more_leaves_it_to_a_person_after_a_day(due: World) -> None:
    failing(due, unknown())
    send(due)
    del due.providers["simulator_sms"]
    assert due.reconcile() == 0
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
    world.providers["simulator_email"] = Simulator(
        channel="email", mailbox=world.mailbox, faults=lambda _: unknown()
    )
    with world.database.writing() as session:
        world.contact(session, phone=None)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now)
    send(world)
    assert only(world).state == state


def accept_then_break(world: World) -> None:
    class AcceptsAndBreaks(Simulator):
        def send(self, outgoing: Outgoing) -> Sent:
            super().send(outgoing)
            raise unknown()

    world.providers["simulator_sms"] = AcceptsAndBreaks(channel="sms", mailbox=world.mailbox)


def mailbox_down(world: World) -> None:
    class Mute(Simulator):
        def find(self, *_: object) -> list:  # type: ignore[override,type-arg]
            raise refusal(Verdict.RETRY, "Down.")

    world.providers["simulator_sms"] = Mute(channel="sms", mailbox=world.mailbox)


# -- texts without a link ----------------------------------------------------------------------------------------------


@pytest.fixture
def prompted(due: World) -> World:
    """The survey was sent, the customer has answered, and a text without a link is to be sent."""
    send(due)
    with due.database.writing() as session:
        survey = session.scalars(select(Message)).one()
        session.add(
            Message(
                invitation_id=survey.invitation_id, contact_id=survey.contact_id, purpose="comment_prompt",
                provider="simulator_sms", channel="sms", recipient=PHONE, body="Why?", language="en", headers={},
                state="queued", due_at=due.now, not_after=due.now + timedelta(hours=1), created_at=due.now,
            )
        )  # fmt: skip
    return due


def prompt(world: World) -> Message:
    with world.database.reading() as session:
        return session.scalars(select(Message).where(Message.purpose == "comment_prompt")).one()


def test_a_text_without_a_link_that_is_certainly_not_there_is_sent_again(prompted: World) -> None:
    failing(prompted, unknown())
    send(prompted)
    look_twice(prompted)
    assert (prompt(prompted).state, prompt(prompted).state_reason) == ("queued", "not_at_provider")
    send(prompted)
    assert prompted.texts[1:] == ["Why?"]


def test_a_text_without_a_link_is_found_by_its_words(prompted: World) -> None:
    accept_then_break(prompted)
    send(prompted)
    assert prompted.reconcile() == 1
    assert (prompt(prompted).state, prompted.texts[1:]) == ("sent", ["Why?"])


def test_a_text_without_a_link_that_could_be_another_one_is_given_up(prompted: World) -> None:
    class Changes(Simulator):
        def find(self, to: str, match: str, since: datetime) -> list[Found]:
            return [replace(each, body="Why ?") for each in super().find(to, match, since)]

    accept_then_break(prompted)
    send(prompted)
    prompted.providers["simulator_sms"] = Changes(channel="sms", mailbox=prompted.mailbox)
    look_twice(prompted)
    assert (prompt(prompted).state, prompt(prompted).state_reason) == ("cancelled", "not_confirmed")
    assert prompted.texts[1:] == ["Why?"]


def test_a_text_without_a_link_that_comes_too_late_is_given_up(prompted: World) -> None:
    failing(prompted, unknown())
    send(prompted)
    prompted.wait(hours=1)
    look_twice(prompted)
    assert (prompt(prompted).state, prompted.texts[1:]) == ("cancelled", [])


def test_two_texts_in_doubt_are_not_taken_for_each_other(prompted: World) -> None:
    with prompted.database.writing() as session:
        first = session.scalars(select(Message).where(Message.purpose == "comment_prompt")).one()
        facts = {key: getattr(first, key) for key in Message.__mapper__.columns.keys() if key != "id"}  # noqa: SIM118
        session.add(Message(**{**facts, "purpose": "thanks"}))
    failing(prompted, unknown(), unknown())
    send(prompted)
    prompted.mailbox.deliver(outgoing_of(prompted), "sms")  # one of them has arrived
    look_twice(prompted)
    send(prompted)
    assert prompted.texts[1:] == ["Why?", "Why?"]


def outgoing_of(world: World) -> Outgoing:
    return dispatch.outgoing(prompt(world), world.settings, Deadline.after(60))
