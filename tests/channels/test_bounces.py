"""Bounces as different mail servers write them, composed for these tests after their real habits."""

from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedback.channels.bounces import Bounce, Verp, read_mail

VERP = Verp("bounce@acme.example", b"key")
OURS = VERP.make(41)
HEADER = VERP.make_header(41)


def dsn(*, sender: str, text: str, status: str, returned: str = "", to: str = OURS, extra: str = "") -> bytes:
    """A multipart/report of RFC 3462 with the given delivery status and returned headers."""
    parts = [
        f"Return-Path: <>\r\nFrom: {sender}\r\nTo: {to}\r\nSubject: Undeliverable\r\n{extra}"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n"
        ' boundary="=_b1"\r\n\r\n--=_b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n',
        text,
        "\r\n--=_b1\r\nContent-Type: message/delivery-status\r\n\r\n",
        status,
        "\r\n--=_b1\r\n",
        returned or "Content-Type: text/plain\r\n\r\n(nothing returned)\r\n",
        "\r\n--=_b1--\r\n",
    ]
    return "".join(parts).replace("\r\n", "\n").replace("\n", "\r\n").encode()


POSTFIX = dsn(
    sender="MAILER-DAEMON@mail.acme.example (Mail Delivery System)",
    extra="Auto-Submitted: auto-replied\n",
    text="""This is the mail system at host mail.acme.example.

I'm sorry to have to inform you that your message could not be delivered.

<leyla@customer.example>: host mx.customer.example[192.0.2.7] said: 550 5.1.1
    <leyla@customer.example>: Recipient address rejected: User unknown in
    virtual mailbox table (in reply to RCPT TO command)
""",
    status=f"""Reporting-MTA: dns; mail.acme.example
X-Postfix-Queue-ID: 4BfXab1cd2
X-Postfix-Sender: rfc822; {OURS}
Arrival-Date: Sun,  1 Mar 2026 12:00:01 +0000 (UTC)

Final-Recipient: rfc822; leyla@customer.example
Original-Recipient: rfc822;leyla@customer.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.customer.example
Diagnostic-Code: smtp; 550 5.1.1 <leyla@customer.example>: Recipient address
    rejected: User unknown in virtual mailbox table
""",
    returned=f"Content-Type: text/rfc822-headers\n\nFrom: survey@acme.example\nMessage-ID: {HEADER}\n",
)
POSTFIX_DELAYED = dsn(
    sender="MAILER-DAEMON@mail.acme.example (Mail Delivery System)",
    text="THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE.\n",
    status="""Reporting-MTA: dns; mail.acme.example

Final-Recipient: rfc822; leyla@customer.example
Action: delayed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mx.customer.example[192.0.2.7]:25: Connection timed out
Will-Retry-Until: Fri,  6 Mar 2026 12:00:01 +0000 (UTC)
""",
)
POSTFIX_EXPIRED = dsn(
    sender="MAILER-DAEMON@mail.acme.example",
    text="It could not be delivered for 5 days.\n",
    status="""Reporting-MTA: dns; mail.acme.example

Final-Recipient: rfc822; leyla@customer.example
Action: failed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mx.customer.example[192.0.2.7]:25: Connection timed out
""",
)
EXCHANGE = dsn(
    sender="Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@customer.example>",
    extra="Auto-Submitted: auto-replied\nX-MS-Exchange-Message-Is-Ndr: 1\n",
    text="Your message couldn't be delivered.\nleyla wasn't found at customer.example.\n",
    status="""Reporting-MTA: dns;AM0PR01MB0001.eurprd01.prod.exchangelabs.example
Received-From-MTA: dns;mail.acme.example
Arrival-Date: Sun, 1 Mar 2026 12:00:03 +0000

Final-Recipient: rfc822;leyla@customer.example
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP lookup
""",
    returned=f"Content-Type: message/rfc822\n\nFrom: survey@acme.example\nMessage-ID: {HEADER}\n\nHello\n",
    to="bounce@acme.example",
)
GMAIL_FULL = dsn(
    sender="Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
    extra="X-Failed-Recipients: leyla@gmail.example\nAuto-Submitted: auto-replied\n",
    text="** Message not delivered **\nThe recipient's inbox is out of storage space.\n",
    status="""Reporting-MTA: dns; googlemail.example
Arrival-Date: Sun, 01 Mar 2026 04:00:04 -0800 (PST)
X-Original-Message-ID: <x@acme.example>

Final-Recipient: rfc822; leyla@gmail.example
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552-5.2.2 The recipient's inbox is out of storage space.
Last-Attempt-Date: Sun, 01 Mar 2026 04:00:05 -0800 (PST)
""",
)
SENDMAIL_BLOCKED = dsn(
    sender="Mail Delivery Subsystem <MAILER-DAEMON@relay.customer.example>",
    text="   ----- The following addresses had permanent fatal errors -----\n<leyla@customer.example>\n",
    status="""Reporting-MTA: dns; relay.customer.example
Received-From-MTA: DNS; mail.acme.example

Final-Recipient: RFC822; leyla@customer.example
Action: failed
Status: 5.7.1
Diagnostic-Code: SMTP; 550 5.7.1 Message blocked due to spam content
""",
)
NO_STATUS_FIELD = dsn(
    sender="postmaster@customer.example",
    text="Delivery failed.\n",
    status="""Reporting-MTA: dns; customer.example

Final-Recipient: rfc822; leyla@customer.example
Action: failed
Diagnostic-Code: smtp; 550 no such user here
""",
)
SUCCESS = dsn(
    sender="MAILER-DAEMON@mail.acme.example",
    text="Your message was successfully delivered to the destination(s) listed below.\n",
    status="""Reporting-MTA: dns; mail.acme.example

Final-Recipient: rfc822; leyla@customer.example
Action: delivered
Status: 2.1.5
""",
)
TWO_RECIPIENTS = dsn(
    sender="MAILER-DAEMON@mail.acme.example",
    text="One of two.\n",
    status="""Reporting-MTA: dns; mail.acme.example

Final-Recipient: rfc822; fine@customer.example
Action: relayed
Status: 2.1.5

Final-Recipient: rfc822; gone@customer.example
Action: failed
Status: 5.1.1
""",
)
QMAIL = f"""Return-Path: <>
From: MAILER-DAEMON@mail.customer.example
To: {OURS}
Subject: failure notice

Hi. This is the qmail-send program at mail.customer.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<leyla@customer.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <{OURS}>
From: survey@acme.example
Message-ID: {HEADER}

How was it?
""".encode()
EXIM_OLD = f"""Return-path: <>
From: Mail Delivery System <Mailer-Daemon@mx.customer.example>
X-Failed-Recipients: leyla@customer.example
Auto-Submitted: auto-replied
To: {OURS}
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  leyla@customer.example
    SMTP error from remote mail server after RCPT TO:<leyla@customer.example>:
    host mx2.customer.example [192.0.2.9]: 550 mailbox unavailable
""".encode()


@pytest.mark.parametrize(
    ("raw", "kind", "status", "recipient", "bad_address"),
    [
        (POSTFIX, "hard", "5.1.1", "leyla@customer.example", True),
        (POSTFIX_DELAYED, "soft", "4.4.1", "leyla@customer.example", False),
        (POSTFIX_EXPIRED, "soft", "4.4.1", "leyla@customer.example", False),
        (EXCHANGE, "hard", "5.1.10", "leyla@customer.example", True),
        (GMAIL_FULL, "soft", "5.2.2", "leyla@gmail.example", False),
        (SENDMAIL_BLOCKED, "hard", "5.7.1", "leyla@customer.example", False),
        (NO_STATUS_FIELD, "hard", None, "leyla@customer.example", False),
        (TWO_RECIPIENTS, "hard", "5.1.1", "gone@customer.example", True),
        (QMAIL, "hard", "5.1.1", "leyla@customer.example", True),
        (EXIM_OLD, "hard", None, "leyla@customer.example", False),
    ],
)
def test_a_bounce_says_what_happened_and_to_whom(raw, kind, status, recipient, bad_address):
    bounce = read_mail(raw, VERP)
    assert isinstance(bounce, Bounce)
    assert (bounce.kind, bounce.status, bounce.recipient) == (kind, status, recipient)
    assert bounce.bad_address == bad_address
    assert bounce.message_id == 41


def test_a_folded_diagnostic_is_one_line():
    bounce = read_mail(POSTFIX, VERP)
    said = "Recipient address rejected: User unknown in virtual mailbox table"
    assert isinstance(bounce, Bounce)
    assert bounce.diagnostic == f"550 5.1.1 <leyla@customer.example>: {said}"


@pytest.mark.parametrize("raw", [POSTFIX, EXCHANGE, QMAIL])
def test_the_returned_message_id_is_found(raw):
    bounce = read_mail(raw, VERP)
    assert isinstance(bounce, Bounce)
    assert bounce.message_id_header == HEADER


def test_the_address_it_came_to_counts_before_what_it_says():
    bounce = read_mail(POSTFIX, VERP, envelope_to=VERP.make(77))
    assert isinstance(bounce, Bounce)
    assert bounce.message_id == 77


def test_a_bounce_that_was_made_up_belongs_to_no_message():
    forged = POSTFIX.replace(OURS.encode(), b"bounce+41.aaaaaaaaaa@acme.example").replace(
        HEADER.encode(), b"<41.b@x>"
    )
    bounce = read_mail(forged, VERP)
    assert isinstance(bounce, Bounce)
    assert bounce.message_id is None


def test_a_mailer_without_a_message_of_ours_is_no_bounce():
    assert read_mail(
        QMAIL.replace(OURS.encode(), b"bounce@acme.example").replace(HEADER.encode(), b"<x@y>"), VERP
    ) in (
        "auto_reply",
        "person",
    )


VACATION = f"""Return-Path: <>
From: Leyla <leyla@customer.example>
To: {OURS}
Subject: Out of office: How was it?
Auto-Submitted: auto-replied
In-Reply-To: {HEADER}

Back on Monday. In urgent cases dial 550 123.
""".encode()


@pytest.mark.parametrize(
    ("raw", "nature"),
    [
        (VACATION, "auto_reply"),
        (VACATION.replace(b"Auto-Submitted: auto-replied", b"X-Autoreply: yes"), "auto_reply"),
        (VACATION.replace(b"Auto-Submitted: auto-replied", b"Precedence: bulk"), "auto_reply"),
        (SUCCESS, "auto_reply"),
        (
            b"From: leyla@customer.example\r\nAuto-Submitted: no\r\nSubject: Re: How was it?\r\n\r\nGreat!",
            "person",
        ),
        (b"From: leyla@customer.example\r\nSubject: Re: How was it?\r\n\r\nGot error 5.1.1 today", "person"),
        (f"From: survey@acme.example\r\nMessage-ID: {HEADER}\r\n\r\nHow was it?".encode(), "loop"),
        (b"", "person"),
    ],
)
def test_what_is_no_bounce_is_sorted(raw, nature):
    assert read_mail(raw, VERP) == nature


# VERP


@pytest.mark.parametrize("message_id", [0, 1, 41, 10**17])
def test_an_envelope_sender_leads_back_to_its_message(message_id):
    assert VERP.parse(VERP.make(message_id)) == message_id
    assert VERP.parse(VERP.make_header(message_id)) == message_id
    assert len(VERP.make(message_id).partition("@")[0]) <= 64


def test_capitals_do_not_matter():
    assert VERP.parse(VERP.make(41).upper()) == 41


def test_a_display_name_or_brackets_do_not_matter():
    assert VERP.parse(f'"Bounces" <{VERP.make(41)}>') == 41


@pytest.mark.parametrize(
    "text", ["", "bounce@acme.example", "bounce+41@acme.example", OURS.replace("+41.", "+42."), HEADER[:-14]]
)
def test_other_addresses_lead_nowhere(text):
    assert VERP.parse(text) is None


def test_another_key_makes_other_addresses():
    assert Verp(VERP.address, b"other").parse(OURS) is None


@settings(deadline=None)
@given(st.text())
def test_nothing_that_is_made_up_leads_anywhere(text):
    assert VERP.parse(text) is None


# Whatever comes in


@settings(deadline=None)
@given(st.binary(max_size=400))
@example(
    b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n\xff\n--x--"
)
@example(b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n!!!")
@example(b"Content-Type: text/plain; charset=nonsense\nSubject: =?utf-8?b?/w==?=\n\n\xff")
@example(b"From: =?\xff?q?x?= <\xff@>\nTo: \x00\n\n")
def test_no_bytes_can_break_it(raw):
    assert isinstance(read_mail(raw, VERP), Bounce | str)


@settings(deadline=None)
@given(st.data())
def test_no_damage_to_a_real_bounce_can_break_it(data):
    raw = bytearray(data.draw(st.sampled_from([POSTFIX, EXCHANGE, GMAIL_FULL, QMAIL])))
    for _ in range(data.draw(st.integers(1, 12))):
        position = data.draw(st.integers(0, len(raw) - 1))
        raw[position : position + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    assert isinstance(read_mail(bytes(raw), VERP), Bounce | str)


def test_a_reply_quoting_our_mail_is_a_person():
    reply = EmailMessage()
    reply["From"], reply["To"], reply["In-Reply-To"] = "leyla@customer.example", "help@acme.example", HEADER
    reply.set_content("Thanks!\n\n> How was it?")
    assert read_mail(reply.as_bytes(), VERP) == "person"
