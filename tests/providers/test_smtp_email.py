"""The mail provider against a real SMTP server."""

import socket
import ssl
import threading
import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.errors import DeliveryFailed, DeliveryUnknown, ProviderHeld, SettingsInvalid
from feedback.providers.base import Deadline, Outgoing, Verdict
from feedback.providers.smtp_email import SmtpEmail
from tests.fakes.fake_smtp import FakeSmtp
from tests.providers.certificates import certificate_for
from tests.providers.examples import email
from tests.providers.made import smtp_email

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def server():
    with FakeSmtp() as smtp:
        yield smtp


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return certificate_for("localhost", tmp_path_factory.mktemp("tls"))


def provider_to(server: FakeSmtp, **changes) -> SmtpEmail:
    options = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "plain",
        "sender": "Acme Müşteri <survey@acme.example>",
        "timeout": 10,
        "final_timeout": 10,
        "now": lambda: NOW,
    }
    return smtp_email(**options | changes)


def failure_of(provider: SmtpEmail, outgoing: Outgoing) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        provider.send(outgoing)
    return caught.value


# What goes out


def test_a_mail_arrives_with_text_first_and_html_as_its_alternative(server):
    provider_to(server).send(email(body="Nasıldı? متشکریم", html="<p>Nasıldı? متشکریم</p>"))
    parts = [
        (part.get_content_type(), part.get_content().strip()) for part in server.mails[0].message.iter_parts()
    ]
    assert parts == [("text/plain", "Nasıldı? متشکریم"), ("text/html", "<p>Nasıldı? متشکریم</p>")]


def test_a_mail_without_html_is_plain_text(server):
    provider_to(server).send(email(html=None))
    assert server.mails[0].message.get_content_type() == "text/plain"


def test_the_mail_says_who_it_is_from_and_that_a_machine_wrote_it(server):
    provider_to(server).send(email(subject="Değerlendirir misiniz? ⭐", reply_to="help@acme.example"))
    message = server.mails[0].message
    assert {name: str(message[name]) for name in message if name in EXPECTED} == EXPECTED


EXPECTED = {
    "From": "Acme Müşteri <survey@acme.example>",
    "To": "leyla@customer.example",
    "Reply-To": "help@acme.example",
    "Subject": "Değerlendirir misiniz? ⭐",
    "Date": "Sun, 01 Mar 2026 12:00:00 +0000",
    "Message-ID": "<41.k2@survey.example>",
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",
    "Feedback-ID": "survey:feedback:acme.example",
    "Content-Language": "en",
    "List-Unsubscribe": "<https://s.example.com/u/xyz>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}


def test_bounces_go_to_the_envelope_sender(server):
    provider_to(server).send(email())
    assert server.mails[0].envelope_from == "bounce+41.abc@survey.example"
    assert server.mails[0].recipients == ("leyla@customer.example",)


def test_without_an_envelope_sender_bounces_go_to_the_author(server):
    provider_to(server).send(email(envelope_from=None))
    assert server.mails[0].envelope_from == "survey@acme.example"


def test_the_provider_id_is_the_message_id_and_the_same_for_every_attempt(server):
    sent = [provider_to(server).send(email(attempt=attempt)).provider_id for attempt in (1, 2)]
    assert sent == ["<41.k2@survey.example>"] * 2
    assert server.times_accepted() == {"<41.k2@survey.example>": 2}


@pytest.mark.parametrize("times", [1, 3000])
def test_everything_travels_in_seven_bits(server, times):
    provider_to(server).send(email(subject="ğüşiöç", body="ğ" * times, html="<p>" + "ş" * times + "</p>"))
    raw = server.mails[0].raw
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize("body", [".", "..\n.\n", "a\n.\nb", ".a\n..b", "no newline", "\n\n"])
def test_lines_with_dots_arrive_unchanged(server, body):
    provider_to(server).send(email(body=body, html=None))
    assert server.mails[0].message.get_content().rstrip("\n") == body.rstrip("\n")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=300))
def test_any_text_arrives_unchanged(server, body):
    server.mails.clear()
    provider_to(server).send(email(body=body, html=None))
    assert server.mails[0].message.get_content().replace("\r\n", "\n").removesuffix("\n") == body


def test_a_domain_beyond_ascii_is_written_in_ascii(server):
    provider_to(server).send(email(to="leyla@müşteri.example"))
    assert server.mails[0].recipients == ("leyla@xn--mteri-kva70e.example",)


@pytest.mark.parametrize(
    "to", ["léyla@customer.example", "leyla", "@x", "a b@customer.example", "x@" + "y" * 70]
)
def test_an_address_that_cannot_be_written_to_is_refused_for_good(server, to):
    failure = failure_of(provider_to(server), email(to=to))
    assert failure.permanent
    assert server.mails == []


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Hello\r\nBcc: everybody@example.com"},
        {"headers": {"X-Note": "a\nb"}},
        {"reply_to": "a@b.example\r\nX: y"},
        {"message_id_header": None},
    ],
)
def test_headers_cannot_be_smuggled_in(server, change):
    assert failure_of(provider_to(server), email(**change)).permanent
    assert server.mails == []


# What goes wrong


@pytest.mark.parametrize(
    ("fault", "kind", "code", "permanent"),
    [
        ("refuse", DeliveryFailed, "bad_address", True),
        ("refuse_policy", DeliveryFailed, "refused", True),
        ("refuse_relay", DeliveryFailed, "unexplained", True),
        ("greylist", DeliveryFailed, "retry", False),
        ("refuse_sender", ProviderHeld, "hold_provider", False),
        ("refuse_sender_later", DeliveryFailed, "retry", False),
        ("refuse_data", DeliveryFailed, "refused", True),
        ("defer_data", DeliveryFailed, "retry", False),
        ("drop_before_dot", DeliveryUnknown, "unknown", False),
        ("drop_after_data", DeliveryUnknown, "unknown", False),
    ],
)
def test_each_refusal_has_its_class(server, fault, kind, code, permanent):
    server.fault = fault
    failure = failure_of(provider_to(server), email())
    assert (type(failure), failure.code, failure.permanent) == (kind, code, permanent)
    assert len(server.mails) == (fault == "drop_after_data")


@pytest.mark.parametrize(
    ("answer", "to", "code"),
    [
        # The words of a refusal are not looked for in the address that it quotes.
        ("550 5.7.1 <{to}>: account disabled", "ann@relay-logistics.example", "refused"),
        ("550 5.7.1 {to} refused by relay-logistics.example", "ann@relay-logistics.example", "refused"),
        ("550 <{to}>: rejected", "no.such.user@user-unknown.example", "refused"),
        ("550 5.1.1 <{to}>: user unknown", "ann@relay.example", "bad_address"),
        # A refusal of the recipient that is about us: one of them fails its message only.
        ("554 5.7.1 <{to}>: Relay access denied", "ann@customer.example", "unexplained"),
        ("530 5.7.0 Authentication required", "ann@customer.example", "unexplained"),
        ("550 5.7.26 Unauthenticated mail", "ann@customer.example", "unexplained"),
        ("550 5.1.8 <survey@acme.example>: Sender address rejected", "ann@customer.example", "unexplained"),
        # A mailbox that does not exist, told in words.
        ("550 5.5.0 Requested action not taken: mailbox unavailable", "ann@customer.example", "bad_address"),
        ("550 5.0.0 <{to}>... No such user here", "ann@customer.example", "bad_address"),
        ("550 No such person at this address", "ann@customer.example", "bad_address"),
        ("550 sorry, no mailbox here by that name. (#5.1.1)", "ann@customer.example", "bad_address"),
        ("550 #5.1.0 Address rejected: user unknown", "ann@customer.example", "bad_address"),
        ("550 5.4.1 Recipient address rejected: Access denied", "ann@customer.example", "bad_address"),
        ("550 5.2.1 The account is disabled", "ann@customer.example", "bad_address"),
        # Full, too fast, blocked or away: open.
        ("550 5.5.0 mailbox unavailable: quota exceeded", "ann@customer.example", "refused"),
        (
            "550 5.2.1 The user receives mail at a rate that we do not allow",
            "ann@customer.example",
            "refused",
        ),
        ("552 5.2.2 mailbox full", "ann@customer.example", "refused"),
        ("550 mailbox unavailable, on vacation", "ann@customer.example", "refused"),
        ("550 5.7.1 mailbox unavailable: blocked by policy", "ann@customer.example", "refused"),
        ("450 4.5.0 mailbox unavailable", "ann@customer.example", "retry"),
        # A number inside the text is no status.
        ("550 refused by filter 5.1.1.7", "ann@customer.example", "refused"),
        ("550 refused, mailer 5.1.1", "ann@customer.example", "refused"),
    ],
)
def test_a_refused_recipient_concerns_that_recipient_only(server, answer, to, code):
    server.answers["RCPT"] = answer
    failure = failure_of(provider_to(server), email(to=to))
    assert (type(failure), failure.code) == (DeliveryFailed, code)


@pytest.mark.parametrize("answer", ["550 5.7.1 Sender not allowed", "550 5.1.1 unknown user", "530 5.7.0 no"])
def test_a_refused_sender_holds_the_provider(server, answer):
    server.answers["MAIL"] = answer
    assert isinstance(failure_of(provider_to(server), email()), ProviderHeld)


def test_a_server_that_turns_us_away_at_the_door_holds_the_provider():
    with socket.create_server(("127.0.0.1", 0)) as door:

        def turn_away() -> None:
            guest, _ = door.accept()
            with guest:
                guest.sendall(b"554 relay.example: no service for this host\r\n")
                guest.recv(100)

        threading.Thread(target=turn_away, daemon=True).start()
        provider = smtp_email(
            host="127.0.0.1", port=door.getsockname()[1], security="plain", sender="a@b.example", timeout=5
        )
        assert isinstance(failure_of(provider, email()), ProviderHeld)


def test_a_late_answer_to_the_final_dot_is_waited_for(server):
    server.fault, server.delay = "delay", 1.5
    provider_to(server, timeout=1, final_timeout=10).send(email())
    assert len(server.mails) == 1


def test_an_answer_that_never_comes_leaves_everything_open(server):
    server.fault, server.delay = "delay", 1.0
    failure = failure_of(provider_to(server, final_timeout=0.2), email())
    assert isinstance(failure, DeliveryUnknown)


def test_a_server_that_is_not_there_is_tried_again_later():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    provider = smtp_email(host="127.0.0.1", port=port, security="plain", sender="a@b.example")
    failure = failure_of(provider, email())
    assert (type(failure), failure.code, failure.permanent) == (DeliveryFailed, "unreachable", False)


def test_a_server_that_says_nothing_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        provider = smtp_email(
            host="127.0.0.1",
            port=silent.getsockname()[1],
            security="plain",
            sender="a@b.example",
            timeout=0.3,
        )
        begun = time.monotonic()
        assert failure_of(provider, email()).code == "unreachable"
    assert time.monotonic() - begun < 5


def test_no_error_shows_the_address(server):
    server.fault = "refuse"
    failure = failure_of(provider_to(server), email())
    assert "leyla" not in str(failure)
    assert failure.__suppress_context__ or failure.__context__ is None


class RunsOutAfter(Deadline):
    """Passes a number of checks, then none."""

    def __init__(self, checks: int) -> None:
        super().__init__(Deadline.after(60).at)
        object.__setattr__(self, "_left", [None] * checks)

    def check(self) -> None:
        if not self._left:
            Deadline.after(-1).check()
        self._left.pop()


@pytest.mark.parametrize("checks", range(6))  # the call, EHLO, MAIL, RCPT, DATA, the mail
def test_a_process_frozen_at_any_step_sends_nothing(server, checks):
    failure = failure_of(provider_to(server), email(deadline=RunsOutAfter(checks)))
    assert (type(failure), failure.code, server.mails) == (DeliveryFailed, "deadline", [])


# Encryption and signing in


def server_side(certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def trusting(certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_trusted_server_gets_login_and_mail(certificate, security):
    tls = server_side(certificate)
    with FakeSmtp(login=("acme", "secret"), tls=tls, implicit_tls=security == "ssl") as server:
        provider = provider_to(
            server,
            host="localhost",
            security=security,
            context=trusting(certificate),
            username="acme",
            password="secret",
        )
        assert provider.check() == []
        provider.send(email())
        assert len(server.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_server_that_cannot_prove_its_name_gets_nothing(certificate, security):
    with FakeSmtp(tls=server_side(certificate), implicit_tls=security == "ssl") as server:
        failure = failure_of(provider_to(server, host="localhost", security=security), email())
        assert isinstance(failure, ProviderHeld)
        wrong_name = provider_to(server, security=security, context=trusting(certificate))
        assert isinstance(failure_of(wrong_name, email()), ProviderHeld)
        assert server.mails == []


def test_a_server_without_encryption_gets_nothing(server):
    failure = failure_of(provider_to(server, security="starttls"), email())
    assert isinstance(failure, ProviderHeld)
    assert server.mails == []


def test_a_wrong_password_holds_the_provider(certificate):
    with FakeSmtp(login=("acme", "secret"), tls=server_side(certificate)) as server:
        options = {"host": "localhost", "security": "starttls", "context": trusting(certificate)}
        wrong = provider_to(server, **options, username="acme", password="guess")
        assert isinstance(failure_of(wrong, email()), ProviderHeld)
        assert len(wrong.check()) == 1
        anonymous = provider_to(server, **options)
        assert isinstance(failure_of(anonymous, email()), ProviderHeld)


def test_plain_mail_over_the_network_must_be_asked_for():
    options = {"host": "mail.example", "security": "plain", "sender": "a@b.example"}
    with pytest.raises(SettingsInvalid, match="encryption"):
        smtp_email(**options)
    assert smtp_email(**options, trust_plain=True).channel == "email"


def test_a_sender_must_be_an_address():
    with pytest.raises(SettingsInvalid, match="sender"):
        smtp_email(host="localhost", sender="Acme")


def test_a_healthy_server_leaves_nothing_to_say(server):
    assert provider_to(server).check() == []
    assert server.mails == []


# Several mails on one connection


def test_one_connection_carries_one_mail_after_the_other(server):
    provider = provider_to(server)
    before = server.connections
    for _ in range(3):
        provider.send(email())
    assert (len(server.mails), server.connections - before) == (3, 1)


def test_a_connection_that_the_server_has_closed_is_replaced(server):
    provider = provider_to(server)
    provider.send(email())
    server.hang_up()
    provider.send(email())
    assert len(server.mails) == 2


def test_a_refused_mail_ends_its_connection_and_not_the_next_mail(server):
    provider = provider_to(server)
    provider.send(email())
    server.fault = "refuse"
    failure_of(provider, email())
    server.fault = None
    provider.send(email())
    assert len(server.mails) == 2


def test_nothing_is_written_to_a_kept_connection_after_the_deadline(server):
    provider = provider_to(server)
    provider.send(email())
    failure = failure_of(provider, email(deadline=Deadline.after(-1)))
    assert failure.code == Verdict.DEADLINE
    assert len(server.mails) == 1
