"""Mail that comes back: a wrong address is closed, a failing one rests, a spam report is an opt-out."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from feedback.services.contact import suppression
from feedback.services.messaging import bounces, email_ids, outbox
from feedback.settings import Secret
from feedback.store.models import Bounce, Message, Suppression
from tests.measuring import too_long
from tests.services.conftest import World

ADDRESS = "c1@example.com"


def dsn(
    to: str,
    status: str,
    action: str = "failed",
    message_id: str = "<x@y>",
    prose: str = "I'm sorry.",
    said: str = "",
) -> bytes:
    """A delivery report as Postfix writes it."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example. {prose}

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Mon,  2 Mar 2026 14:00:00 +0000 (UTC)

Final-Recipient: rfc822; {ADDRESS}
Original-Recipient: rfc822;{ADDRESS}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {said or status} something

--B
Content-Type: text/rfc822-headers

From: Acme <hello@acme.example>
Message-ID: {message_id}

--B--
""".replace("\n", "\r\n").encode()


def complaint(to: str, kind: str = "abuse") -> bytes:
    return f"""From: staff@provider.example
To: {to}
Subject: complaint
Content-Type: multipart/report; report-type=feedback-report; boundary="B"

--B
Content-Type: text/plain

An e-mail abuse report.
--B
Content-Type: message/feedback-report

Feedback-Type: {kind}
Version: 1
--B--
""".replace("\n", "\r\n").encode()


@pytest.fixture
def mailed(world: World) -> World:
    """A world in which three mails have gone to one address, one a month apart."""
    with world.database.writing() as session:
        world.contact(session, phone=None)
    for _ in range(3):
        with world.database.writing() as session:
            world.event(session, "ticket_closed")
        world.wait(hours=2)
        world.tick()
        world.wait(days=34, hours=22)
    world.wait(days=-34)
    return world


def messages(world: World) -> list[Message]:
    with world.database.reading() as session:
        return list(
            session.scalars(select(Message).where(Message.purpose == "invitation").order_by(Message.id))
        )


def back(world: World, raw: bytes, envelope: str | None = None) -> str:
    with world.database.writing() as session:
        return bounces.receive(session, raw, world.settings, world.now, envelope)


def path(world: World, number: int = 0) -> str:
    message = messages(world)[number]
    return email_ids.return_path(message.id, world.settings, message.nonce)


def listed(world: World) -> list[str]:
    with world.database.reading() as session:
        return list(session.scalars(select(Suppression.reason).where(Suppression.lifted_at.is_(None))))


def test_each_mail_has_a_return_path_and_an_id_of_its_own(mailed: World) -> None:
    assert len(mailed.mails) == 3
    sent = [each.outgoing for each in mailed.mailbox.delivered]
    assert len({each.envelope_from for each in sent}) == 3
    assert len({each.message_id_header for each in sent}) == 3
    assert all(
        email_ids.read_return_path(each.envelope_from or "", mailed.settings, lambda _, of=each.nonce: of)
        == each.message_id
        for each in sent
    )


def test_an_address_that_does_not_exist_is_closed(mailed: World) -> None:
    assert back(mailed, dsn(path(mailed), "5.1.1")) == "closed"
    assert listed(mailed) == ["hard_bounce"]
    assert messages(mailed)[0].state == "undelivered"


def test_a_mail_in_doubt_that_comes_back_is_in_doubt_no_more(mailed: World) -> None:
    with mailed.database.writing() as session:
        session.execute(update(Message).where(Message.id == messages(mailed)[0].id).values(state="held"))
    assert back(mailed, dsn(path(mailed), "5.7.1")) == "noted"
    assert messages(mailed)[0].state == "undelivered"
    with mailed.database.writing() as session:
        assert not outbox.resend(session, messages(mailed)[0].id, mailed.now)


def test_a_report_told_twice_counts_once(mailed: World) -> None:
    assert back(mailed, dsn(path(mailed), "4.2.2")) == "noted"
    assert back(mailed, dsn(path(mailed), "4.2.2")) == "known"


def test_three_mails_that_come_back_within_a_month_let_the_address_rest(mailed: World) -> None:
    assert [back(mailed, dsn(path(mailed, number), "4.2.2")) for number in range(3)] == [
        "noted",
        "noted",
        "paused",
    ]
    assert listed(mailed) == ["soft_bounces"]
    mailed.wait(days=31)
    with mailed.database.writing() as session:
        assert suppression.lift_pauses(session, mailed.now) == 1
    assert listed(mailed) == []


def test_three_that_come_back_over_the_year_do_not(mailed: World) -> None:
    for number in range(3):
        assert back(mailed, dsn(path(mailed, number), "4.2.2")) == "noted"
        mailed.wait(days=31)


def test_the_message_id_serves_where_the_return_path_is_lost(mailed: World) -> None:
    message = messages(mailed)[0]
    name = email_ids.message_id(message.id, mailed.settings, message.nonce)
    assert back(mailed, dsn("postmaster@acme.example", "5.1.1", message_id=name)) == "closed"


def test_a_mail_that_left_under_the_key_before_is_still_known_when_it_comes_back(mailed: World) -> None:
    report, link = dsn(path(mailed), "5.1.1"), mailed.settings.link
    fresh = replace(link, key=Secret("n" * 32))
    mailed.settings = replace(mailed.settings, link=fresh)
    assert back(mailed, report) == "not_ours"
    mailed.settings = replace(mailed.settings, link=replace(fresh, key_previous=link.key))
    assert back(mailed, report) == "closed"


def test_the_envelope_comes_before_what_the_mail_says(mailed: World) -> None:
    assert back(mailed, dsn("undisclosed-recipients:;", "5.1.1"), path(mailed, 1)) == "closed"
    assert messages(mailed)[1].state == "undelivered"


def test_a_spam_report_is_an_opt_out_that_start_does_not_lift(mailed: World) -> None:
    assert back(mailed, complaint(path(mailed))) == "opted_out"
    assert listed(mailed) == ["complaint"]
    with mailed.database.writing() as session:
        assert not suppression.opt_in(session, "email", ADDRESS, source="reply", now=mailed.now)


@pytest.mark.parametrize(
    "forge", [lambda p: p.replace(".", ".0", 1), lambda p: p.replace("+b1", "+b2"), str.upper]
)
def test_a_forged_return_path_closes_nothing(mailed: World, forge) -> None:  # type: ignore[no-untyped-def]
    forged = forge(path(mailed))
    expected = "closed" if forged == path(mailed).upper() else "not_ours"  # capitals are lost on the way
    assert back(mailed, dsn(forged, "5.1.1")) == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe garbage",
        b"From: a@b.example\r\nSubject: Out of office\r\n\r\nI am away until 5.1.1 o'clock.",
        b"Content-Type: multipart/report; boundary=x\r\n\r\nno parts at all",
    ],
)
def test_what_is_no_report_does_nothing(mailed: World, raw: bytes) -> None:
    assert back(mailed, raw, path(mailed)) == "nothing"


def test_a_report_of_delay_or_success_does_nothing(mailed: World) -> None:
    assert back(mailed, dsn(path(mailed), "4.4.1", action="delayed")) == "nothing"
    assert back(mailed, dsn(path(mailed), "2.0.0", action="relayed")) == "nothing"
    greylisted = "The server said: 451 4.7.1 please come back later"
    assert back(mailed, dsn(path(mailed), "4.7.1", action="delayed", prose=greylisted)) == "nothing"


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure"])
def test_feedback_that_is_no_complaint_opts_nobody_out(mailed: World, kind: str) -> None:
    assert back(mailed, complaint(path(mailed), kind)) == "nothing"
    assert listed(mailed) == []


@pytest.mark.parametrize(
    ("action", "status", "said"),
    [
        ("failed (bad destination mailbox)", "5.1.1", "5.1.1"),
        ("Failed", "5.1.1 (no such user)", "5.1.1"),
        ("failed", "5.0.0", "5.1.1"),
    ],
)
def test_a_wrong_address_is_understood_in_the_spelling_of_other_servers(
    mailed: World, action: str, status: str, said: str
) -> None:
    assert back(mailed, dsn(path(mailed), status, action, said=said)) == "closed"


def test_a_piece_of_an_ip_address_is_no_status(mailed: World) -> None:
    said = "host mx.example[195.5.1.1] said: 452 4.2.2 mailbox full"
    prose = f"Return-Path: <>\r\nFrom: MAILER-DAEMON@q.example\r\nTo: {path(mailed)}\r\n\r\n{said}"
    assert back(mailed, prose.encode()) == "noted"
    assert listed(mailed) == []


COPY = """
------ This is a copy of the message, including all the headers. ------

Return-path: <bounce@acme.example>
Received: from worker by mail.acme.example with esmtp (Exim 4.97.1) id 1abc
Subject: How did we do? 550 5.1.1
"""


def returned(to: str, text: str, **headers: str) -> bytes:
    """A mail that Exim returns as text; `headers` replace its own, with _ for -."""
    own = {
        "Return-Path": "<>",
        "From": "Mail Delivery System <Mailer-Daemon@mail.acme.example>",
        "To": to,
        "Subject": "Mail delivery failed: returning message to sender",
        "Auto-Submitted": "auto-replied",
        "X-Failed-Recipients": ADDRESS,
    }
    own |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in own.items() if value)
    return (head + "\r\n" + text.replace("\n", "\r\n")).encode()


HOLIDAY = (
    "I am away until Monday. Call me: +90 532 123 45 67, or the desk: 550 - 5. Version 4.97.1, room 5.1.1"
)
PERSON = {"From": "Deniz <deniz@example.com>", "X_Failed_Recipients": "", "Auto_Submitted": ""}


@pytest.mark.parametrize(
    "headers",
    [
        {"Subject": "Out of office"},
        {"Subject": "Out of office", "Auto_Submitted": "auto-replied (vacation)"},
        {"Subject": "Undelivered thoughts", "Auto_Submitted": "auto-replied"},
        {"Subject": "Undelivered mail", "X_Autoreply": "yes"},
        {"Subject": "Undelivered mail", "X_Auto_Response_Suppress": "All"},
        {"Subject": "Undelivered mail", "Precedence": "auto_reply"},
        {"Subject": "Away", "From": "postmaster@example.com", "X_Autorespond": "1"},
        {"Subject": "Away", "From": "postmaster@example.com", "Auto_Submitted": "auto-generated (vacation)"},
    ],
)
def test_a_holiday_notice_is_no_bounce(mailed: World, headers: dict[str, str]) -> None:
    assert back(mailed, returned(path(mailed), HOLIDAY, **PERSON | headers)) == "nothing"
    assert messages(mailed)[0].state == "sent"
    mailed.tick()
    assert len(mailed.mailbox.delivered) == 3


@pytest.mark.parametrize(
    ("text", "effect", "status"),
    [
        ("  c1@example.com\n    Unrouteable address\n" + COPY, "noted", "5.0.0"),
        ("  c1@example.com\n    Unrouteable address\n", "noted", "5.0.0"),
        ("  host mx.example [192.0.2.1]: 550 No such person\n" + COPY, "closed", "5.0.0"),
        ("  c1@example.com\n    550 No such person\n", "closed", "5.0.0"),
        ("  c1@example.com\n    retry timeout exceeded\n" + COPY, "noted", "5.0.0"),
        ("<c1@example.com>:\nRemote host said: 550 sorry, no mailbox here (#5.1.1)\n", "closed", "5.1.1"),
        ("<c1@example.com>:\nRemote host said: 552 5.2.2 mailbox full\n", "noted", "5.2.2"),
        ("   ----- Transcript -----\n550 5.1.1 <c1@example.com>... User unknown\n", "closed", "5.1.1"),
        ("<c1@example.com>: host mx[192.0.2.1] said: 550 5.7.1 blocked\n", "noted", "5.7.1"),
        ("<mx.example #5.1.1 smtp;550 5.1.1 User unknown>\n", "closed", "5.1.1"),
        ("host mx.example said: 452 4.2.2 mailbox full, giving up\n" + COPY, "noted", "4.2.2"),
    ],
)
def test_a_status_is_read_where_a_status_stands(mailed: World, text: str, effect: str, status: str) -> None:
    assert back(mailed, returned(path(mailed), text)) == effect
    with mailed.database.reading() as session:
        assert session.scalars(select(Bounce.status)).all() == [status]
    assert (messages(mailed)[0].state == "undelivered") == status.startswith("5")


@pytest.mark.parametrize(
    "text",
    [
        "Your message has been stored.\n" + COPY,
        "Exim 4.97.1, Postfix 3.5.1, mailer 5.6.7, tel. 550 123 456\n",
    ],
)
def test_the_numbers_of_versions_and_copies_are_no_status(mailed: World, text: str) -> None:
    assert back(mailed, returned(path(mailed), text)) == "nothing"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Warning: message 1abc delayed 24 hours", "host mx.example: 451 4.7.1 try later\n"),
        ("Delivery Status Notification (Delay)", "451 4.7.1 try later\n"),
        ("Mail delivery", "THIS IS A WARNING MESSAGE ONLY.\n451 4.7.1 try later\n"),
        ("Mail delivery", "Your mail has not yet been delivered: 451 4.7.1 try later\n"),
        ("Mail delivery", "451 4.7.1 try later. No action is required on your part.\n"),
    ],
)
def test_a_warning_of_delay_counts_as_nothing(mailed: World, subject: str, text: str) -> None:
    for number in range(3):
        raw = returned(path(mailed, number), text, Subject=subject, X_Failed_Recipients="")
        assert back(mailed, raw) == "nothing"
    assert listed(mailed) == []


@pytest.mark.parametrize(
    ("status", "said", "effect"),
    [
        ("5.5.0", "5.5.0 Requested action not taken: mailbox unavailable", "closed"),
        ("5.0.0", "No such user here", "closed"),
        ("5.5.0", "5.5.0 mailbox unavailable, quota exceeded", "noted"),
        ("5.2.1", "5.2.1 mailbox disabled", "closed"),
        ("5.2.1", "5.2.1 The user gets mail at a rate that prevents delivery", "noted"),
        ("5.2.2", "5.2.2 mailbox full, user unknown", "noted"),
        ("5.7.1", "5.7.1 mailbox unavailable", "noted"),
        ("4.5.0", "4.5.0 no such user", "noted"),
        ("5.0.0", "rejected: <no-such-user@unknown-user.example>", "noted"),
        ("5.5.0", "5.5.0 mailbox unavailable, on vacation", "noted"),
    ],
)
def test_a_mailbox_that_does_not_exist_is_recognised_by_words(
    mailed: World, status: str, said: str, effect: str
) -> None:
    assert back(mailed, dsn(path(mailed), status, said=said)) == effect


def test_prose_is_understood_where_a_machine_wrote_it(mailed: World) -> None:
    prose = f"Return-Path: <>\r\nFrom: MAILER-DAEMON@q.example\r\nTo: {path(mailed)}\r\n\r\n550 5.1.1 no user"
    assert back(mailed, prose.encode()) == "closed"
    with mailed.database.reading() as session:
        assert session.scalars(select(Bounce.status)).all() == ["5.1.1"]
    assert mailed.now > messages(mailed)[0].created_at + timedelta(days=1)


HEAD = b"From: MAILER-DAEMON@mx.example\r\n"
TEXT = b"Content-Type: text/plain"
PARTS = b"Content-Type: multipart/report; boundary=b\r\n\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"To: " + b"(" * 400_000 + b"\r\n\r\n550 5.1.1 no such user",
        HEAD + b"To: " + b"(\r\n " * 80_000 + b"\r\n\r\n550 5.1.1 no such user",
        HEAD + TEXT + b"; a=b" * 60_000 + b"\r\n\r\nx",
        HEAD + PARTS.replace(b"\r\n\r\n", b"; a*0=b" * 30_000 + b"\r\n\r\n"),
        HEAD
        + b"".join(
            b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(5_000)
        ),
        HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 8_000,
        HEAD + PARTS + b"--b\r\n\r\n" * 40_000,
        HEAD + TEXT + b"; charset=idna\r\n\r\n" + b"xn--a." * 30_000,
        HEAD + b"Subject: " + b"=?utf-8?q?a?= " * 18_000 + b"\r\n\r\nx",
        HEAD + TEXT + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"A" * 300_001,
        b"\x00" * 300_000,
    ],
    ids=[
        "brackets",
        "folded",
        "parameters",
        "pieces",
        "deep",
        "mails",
        "parts",
        "charset",
        "words",
        "base64",
        "nul",
    ],
)
@pytest.mark.uncounted
def test_no_mail_breaks_the_reading_of_bounces_or_takes_long(world: World, raw: bytes) -> None:
    before = time.thread_time()
    with world.database.writing() as session:
        effect = bounces.receive(session, raw, world.settings, world.now)
    assert effect in ("nothing", "not_ours")
    assert not too_long(time.thread_time() - before, 5)  # a header of 64 KB took 13 seconds


def test_a_report_with_a_long_header_or_a_large_copy_of_the_mail_is_still_read(mailed: World) -> None:
    plain = dsn(path(mailed), "5.1.1")
    long = plain.replace(b"Subject: ", b"X-Spam-Report: " + b"a;" * 20_000 + b"\r\nSubject: ")
    copy = (
        long + b"--B\r\nContent-Type: message/rfc822\r\n\r\n" + b"a line of the mail\r\n" * 30_000 + b"--B--"
    )
    assert back(mailed, copy) == "closed"
