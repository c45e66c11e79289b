"""A database that was restored from a copy: ids start again where the copy ended, and the outside world remembers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from feedback.errors import NotFound
from feedback.providers.base import StatusReport, Verdict
from feedback.services.contact import suppression
from feedback.services.messaging import bounces, email_ids, receipts
from feedback.store.models import Invitation, Message, Receipt
from tests.services.conftest import World
from tests.services.messaging.sending import PHONE, claim, count

OTHERS = "+905329999999"


def test_a_link_of_the_lost_hours_is_unknown_and_opens_no_other_survey(world: World) -> None:
    lost = links_after_the_copy(world, "lost")
    restored(world)
    new = links_after_the_copy(world, "new")
    assert [number for number, _ in lost] == [number for number, _ in new]  # the ids are used again
    with world.database.reading() as session:
        for _, token in lost:
            with pytest.raises(NotFound):
                suppression.who_asks(session, token)
        assert {suppression.who_asks(session, token).id for _, token in new} == {number for number, _ in new}


def links_after_the_copy(world: World, key: str) -> list[tuple[int, str | None]]:
    for number in range(3):
        with world.database.writing() as session:
            world.contact(session, f"{key}{number}", phone=f"+9053212345{number:02d}")
            world.event(session, "ticket_closed", f"{key}{number}")
    world.wait(hours=2)
    world.tick()
    with world.database.reading() as session:
        return [(each.id, each.token) for each in session.scalars(select(Invitation).order_by(Invitation.id))]


def restored(world: World) -> None:
    """The database is as it was before the first survey: empty."""
    world.database.close()
    if world.database.is_sqlite:
        file = Path(world.database.url.database or "")
        for each in file.parent.glob(f"{file.name}*"):
            each.unlink()
    else:
        from sqlalchemy import text

        with world.database.connection() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    world.database.upgrade()
    world.library = type(world.library)(world.library.questionnaires, world.library.journey)


@pytest.mark.parametrize(
    ("nonce", "to", "is_ours"),
    [
        ("its own", PHONE, True),
        ("its own", None, True),
        ("its own", f"sms:{PHONE}", True),
        ("its own", OTHERS, False),
        ("of a lost message", PHONE, False),
        (None, PHONE, False),
    ],
)
def test_a_receipt_is_believed_if_nonce_and_recipient_fit(
    due: World, nonce: str | None, to: str | None, is_ours: bool
) -> None:
    (claimed,) = claim(due)
    if nonce == "its own":
        nonce = claimed.outgoing.nonce
    assert state_after_receipt(due, nonce, to) == ("delivered" if is_ours else "sending")
    assert count(due, Receipt) == 1  # kept in any case


def state_after_receipt(world: World, nonce: str | None, to: str | None) -> str:
    receipt = StatusReport("SM9", "delivered", None, None, 1, 1, None, nonce=nonce, to=to)
    with world.database.writing() as session:
        receipts.record(session, "simulator_sms", receipt, world.now)
    with world.database.reading() as session:
        return str(session.scalars(select(Message.state)).one())


@pytest.mark.parametrize(("nonce", "state"), [(None, "delivered"), ("of a newer message", "queued")])
def test_a_message_of_an_older_release_is_known_by_its_id_alone(
    due: World, nonce: str | None, state: str
) -> None:
    with due.database.writing() as session:
        session.scalars(select(Message)).one().nonce = None
    assert state_after_receipt(due, nonce, PHONE) == state


def test_a_receipt_of_a_lost_message_closes_no_address(due: World) -> None:
    claim(due)
    receipt = StatusReport("SM9", "undelivered", "30005", None, 1, 1, None, Verdict.BAD_ADDRESS, to=PHONE)
    with due.database.writing() as session:
        receipts.record(session, "simulator_sms", receipt, due.now)
        assert suppression.suppressed(session, {("sms", PHONE)}) == set()


@pytest.fixture
def mailed(world: World) -> Iterator[World]:
    with world.database.writing() as session:
        world.contact(session, phone=None)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    yield world


@pytest.mark.parametrize(
    ("stored", "named", "effect"),
    [
        ("kept", "kept", "closed"),
        (None, None, "closed"),
        ("kept", "of a lost mail", "not_ours"),
        ("kept", None, "not_ours"),
    ],
)
def test_a_bounce_of_a_lost_mail_closes_nobody_s_address(
    mailed: World, stored: str | None, named: str | None, effect: str
) -> None:
    with mailed.database.writing() as session:
        session.scalars(select(Message)).one().nonce = stored
    back = email_ids.return_path(1, mailed.settings, named)
    report = (
        f"From: MAILER-DAEMON@mx.example.com\r\nTo: {back}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nIt came back.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        "Final-Recipient: rfc822; c1@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--B--\r\n"
    )
    with mailed.database.writing() as session:
        assert bounces.receive(session, report.encode(), mailed.settings, mailed.now) == effect
