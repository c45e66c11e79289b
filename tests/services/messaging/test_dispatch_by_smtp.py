"""The outbox and a real mail server: a doubtful mail waits for a person, and keeps its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from feedback.services.journey import invitations
from feedback.services.messaging import dispatch, email_ids, outbox, provider_holds
from feedback.store.models import Message, Suppression
from tests.fakes.fake_smtp import FakeSmtp
from tests.providers.made import smtp_email
from tests.services.conftest import World


@pytest.fixture
def server() -> Iterator[FakeSmtp]:
    with FakeSmtp() as running:
        yield running


@pytest.fixture
def mail(world: World, server: FakeSmtp) -> World:
    """A world in which one mail is queued for the server."""
    provider = smtp_email(
        host="127.0.0.1", port=server.port, security="plain", sender="Acme <hello@acme.example>", timeout=2,
        final_timeout=2,
    )  # fmt: skip
    world.providers = {"smtp_email": provider}
    with world.database.writing() as session:
        world.contact(session, phone=None)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now)
    return world


def send(world: World) -> Message:
    dispatch.send_queued(world.database, world.context, "worker", world.now)
    with world.database.reading() as session:
        return session.scalars(select(Message)).one()


def test_a_mail_carries_its_names_and_the_way_out(mail: World, server: FakeSmtp) -> None:
    message = send(mail)
    (sent,) = server.mails
    assert message.state == "sent"
    name, back = str(sent.message["Message-ID"]), sent.envelope_from
    assert email_ids.read_return_path(back, mail.settings, lambda _: message.nonce) == message.id
    assert email_ids.read_message_id(name, mail.settings, lambda _: message.nonce) == message.id
    assert email_ids.read_return_path(back, mail.settings, lambda _: "another") is None
    assert email_ids.read_message_id(name, mail.settings) is None
    assert sent.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert str(sent.message["List-Unsubscribe"]).endswith("/stop>")


def test_a_mail_without_an_answer_is_held_and_resent_under_the_same_name(
    mail: World, server: FakeSmtp
) -> None:
    server.fault = "drop_after_data"
    message = send(mail)
    assert message.state == "held"
    mail.wait(days=1)
    assert send(mail).attempt == 1
    server.fault = None
    with mail.database.writing() as session:
        outbox.resend(session, message.id, mail.now)
    assert send(mail).state == "sent"
    assert list(server.times_accepted().values()) == [
        2
    ]  # the person was wrong; a mail server may notice by its name


def test_a_server_that_never_confirms_gets_a_mail_twice_at_most(mail: World, server: FakeSmtp) -> None:
    mail.settings = replace(mail.settings, smtp=replace(mail.settings.smtp, unknown="resend"))
    server.fault = "drop_after_data"
    for _ in range(6):
        message = send(mail)
        mail.wait(hours=1)
    assert list(server.times_accepted().values()) == [2]
    assert message.state == "held"


def queue_mails(world: World, count: int) -> None:
    with world.database.writing() as session:
        for number in range(count):
            world.contact(session, f"q{number}", phone=None)
            world.event(session, "ticket_closed", f"q{number}")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now)


def test_one_recipient_that_is_refused_holds_nobody_else(mail: World, server: FakeSmtp) -> None:
    server.answers["RCPT"] = "550 5.7.1 <{to}>: Relay access denied, account disabled"
    assert send(mail).state == "failed"
    with mail.database.reading() as session:
        assert provider_holds.in_force(session) == []


def test_a_server_that_relays_for_nobody_is_held_after_three(mail: World, server: FakeSmtp) -> None:
    queue_mails(mail, 4)
    server.answers["RCPT"] = "554 5.7.1 <{to}>: Relay access denied"
    for _ in range(4):
        dispatch.send_queued(mail.database, mail.context, "worker", mail.now)
        mail.wait(minutes=5)
    with mail.database.reading() as session:
        states = sorted(session.scalars(select(Message.state)))
        assert len(provider_holds.in_force(session)) == 1
    assert states.count("queued") >= 1
    server.answers.clear()
    with mail.database.writing() as session:
        provider_holds.lift(session, "smtp_email", None, mail.now)
    dispatch.send_queued(mail.database, mail.context, "worker", mail.now)
    with mail.database.reading() as session:
        assert "queued" not in session.scalars(select(Message.state)).all()


def test_a_mailbox_that_does_not_exist_is_closed(mail: World, server: FakeSmtp) -> None:
    server.fault = "refuse"
    assert send(mail).state == "failed"
    with mail.database.reading() as session:
        assert session.scalars(select(Suppression.reason)).all() == ["hard_bounce"]


def test_greylisting_is_waited_out(mail: World, server: FakeSmtp) -> None:
    server.fault = "greylist"
    assert send(mail).state == "queued"
    server.fault = None
    mail.wait(minutes=5)
    assert send(mail).state == "sent"
    assert list(server.times_accepted().values()) == [1]


def test_a_server_that_is_away_holds_nothing_and_fails_nothing(mail: World, server: FakeSmtp) -> None:
    mail.providers["smtp_email"] = smtp_email(
        host="127.0.0.1", port=1, security="plain", sender="a@b.example", timeout=1
    )
    for _ in range(3):
        assert send(mail).state == "queued"
        mail.wait(minutes=20)
