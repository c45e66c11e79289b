"""Twilio's own library against a Twilio that remembers, over a real socket."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest

from feedback.errors import DeliveryFailed, DeliveryUnknown, ProviderHeld, SettingsInvalid
from feedback.providers.base import Deadline, Outgoing, Verdict
from feedback.providers.deadline_http import DeadlineSession
from feedback.providers.twilio_codes import CODES, meaning
from feedback.providers.twilio_sms import TwilioSms
from tests.fakes.fake_twilio import (
    ACCOUNT_SID,
    AFTER_ACCEPT,
    AUTH_TOKEN,
    FAULTS,
    MAGIC_FAULTS,
    OUR_NUMBER,
    FakeTwilio,
    times_accepted,
)
from tests.providers.examples import TOKEN, sms
from tests.providers.made import twilio_sms

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def twilio():
    with FakeTwilio(late_by=0.6) as server:
        yield server


def provider_to(url: str, **changes) -> TwilioSms:
    settings = {
        "account_sid": ACCOUNT_SID,
        "auth_token": AUTH_TOKEN,
        "public_url": "https://feedback.example",
        "sender": OUR_NUMBER,
        "timeout": 10,
        "base_url": url,
        "now": lambda: NOW,
    }
    return twilio_sms(**settings | changes)


def failure_of(provider: TwilioSms, outgoing: Outgoing) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        provider.send(outgoing)
    return caught.value


def failure_by(twilio: FakeTwilio, fault: str) -> DeliveryFailed:
    """What a fault looks like to a sender that is not too patient for it."""
    timeout = 0.4 if fault in ("late_accept", "slow_body") else 10
    return failure_of(provider_to(twilio.url, timeout=timeout), sms(to=number_for(fault)))


def number_for(fault: str) -> str:
    return next(number for number, each in MAGIC_FAULTS.items() if each == fault)


# What goes out


def test_a_message_reaches_twilio_with_its_text(twilio):
    sent = provider_to(twilio.url).send(sms(body=f"Merhaba! Nasıldı? {TOKEN}"))
    (message,) = twilio.outbound()
    assert (message.sid, message.to, message.body) == (
        sent.provider_id,
        sms().to,
        f"Merhaba! Nasıldı? {TOKEN}",
    )
    assert (sent.sender, sent.segments, sent.status) == (OUR_NUMBER, 1, "queued")


def test_a_messaging_service_leaves_sender_and_segments_open(twilio):
    service = "MG" + "a" * 32
    sent = provider_to(twilio.url, messaging_service_sid=service).send(sms())
    assert (sent.sender, sent.segments, sent.status) == (None, None, "accepted")
    assert twilio.outbound()[0].parameters["MessagingServiceSid"] == service
    assert "From" not in twilio.outbound()[0].parameters


def test_only_what_is_needed_is_asked_for(twilio):
    provider_to(twilio.url).send(sms())
    assert set(twilio.outbound()[0].parameters) == {"To", "From", "Body"}


@pytest.mark.parametrize(
    ("outgoing_sender", "country", "expected"),
    [
        (None, "TR", "ACME"),
        (None, "GB", OUR_NUMBER),
        (None, None, OUR_NUMBER),
        ("+15005550010", "TR", "+15005550010"),
        ("MG Motor", "GB", "MG Motor"),  # a name, not a messaging service
    ],
)
def test_the_sender_is_the_messages_own_or_the_countrys_or_the_usual_one(
    twilio, outgoing_sender, country, expected
):
    provider = provider_to(twilio.url, senders={"TR": "ACME"}, country_of=lambda number: country)
    provider.send(sms(sender=outgoing_sender))
    assert twilio.outbound()[0].from_ == expected


def test_the_callback_url_carries_our_ids_and_a_retry_policy(twilio):
    provider_to(twilio.url).send(sms(callback_url="https://feedback.example/hooks/receipt?x=1", attempt=3))
    expected = "https://feedback.example/hooks/receipt?x=1&m=41&a=3#rc=3&rp=all"
    assert twilio.outbound()[0].callback == expected


@pytest.mark.parametrize(
    ("not_after", "seconds"),
    [
        (NOW + timedelta(minutes=30), "1800"),
        (NOW + timedelta(days=2), "36000"),
        (datetime(2026, 3, 1, 15, 30, tzinfo=timezone(timedelta(hours=3))), "1800"),
    ],
)
def test_twilio_may_not_keep_a_message_beyond_the_hours_of_contact(twilio, not_after, seconds):
    provider_to(twilio.url).send(sms(not_after=not_after))
    assert twilio.outbound()[0].parameters["ValidityPeriod"] == seconds


def test_nothing_is_sent_when_the_hours_of_contact_are_over(twilio):
    failure = failure_of(provider_to(twilio.url), sms(not_after=NOW + timedelta(seconds=3)))
    assert (failure.code, failure.permanent, twilio.messages) == ("too_late", False, [])


def test_an_api_key_signs_in_for_the_account(twilio):
    twilio.logins = {("SK" + "1" * 32, "key-secret")}
    sent = provider_to(twilio.url, api_key="SK" + "1" * 32, api_secret="key-secret").send(sms())
    assert [message.sid for message in twilio.outbound()] == [sent.provider_id]


def test_another_server_than_twilios_must_be_asked_for():
    with pytest.raises(SettingsInvalid, match="this machine"):
        provider_to("https://sms.example")
    assert provider_to("https://sms.example", trust_base_url=True).key == "twilio_sms"


def test_a_sender_is_required():
    with pytest.raises(SettingsInvalid, match="sender"):
        provider_to("http://127.0.0.1:1", sender=None)


def test_threads_sharing_a_provider_each_get_their_own_answer(twilio):
    provider = provider_to(twilio.url)
    twilio.latency = 0.01
    outgoing = [sms(message_id=index, body=f"number {index}") for index in range(60)]
    with ThreadPoolExecutor(12) as pool:
        sent = list(pool.map(provider.send, outgoing))
    bodies = {message.sid: message.body for message in twilio.outbound()}
    assert [bodies[each.provider_id] for each in sent] == [each.body for each in outgoing]


# What goes wrong


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("429", "rate_limited"),
        ("429_retry_after", "rate_limited"),
        ("problem_400", "opted_out"),
        ("500_before", "unknown"),
        ("500_after", "unknown"),
        ("502_before", "unknown"),
        ("502_after", "unknown"),
        ("drop_before", "unknown"),
        ("drop_after", "unknown"),
        ("late_accept", "unknown"),
        ("slow_body", "unknown"),
        ("html_200", "unknown"),
        ("wrong_json", "unknown"),
        ("empty_json", "unknown"),
    ],
)
def test_each_fault_has_its_class(twilio, fault, code):
    failure = failure_by(twilio, fault)
    assert failure.code == code
    assert isinstance(failure, DeliveryUnknown) == (code == "unknown")


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_called_certainly_not_sent_was_not_sent(twilio, fault):
    failure = failure_by(twilio, fault)
    twilio.settle()
    assert bool(twilio.outbound()) == (fault in AFTER_ACCEPT)
    assert isinstance(failure, DeliveryUnknown) or not twilio.outbound()


def test_an_answer_that_trickles_in_does_not_hold_the_worker(twilio):
    begun = time.monotonic()
    failure_by(twilio, "slow_body")
    assert time.monotonic() - begun < 8  # the timeout is 0.4 s, the whole answer would take 20


def test_retry_after_is_passed_on(twilio):
    provider = provider_to(twilio.url)
    assert failure_of(provider, sms(to=number_for("429_retry_after"))).retry_after == 7
    assert failure_of(provider, sms(to=number_for("429"))).retry_after is None


@pytest.mark.parametrize(
    ("to", "code", "permanent"),
    [
        ("+15005550001", "bad_address", True),
        ("+15005550002", "bad_address", True),
        ("+15005550004", "opted_out", True),
        ("+15005550009", "bad_address", True),
        ("not a number", "bad_address", True),
    ],
)
def test_refusals_of_an_address_are_permanent(twilio, to, code, permanent):
    failure = failure_of(provider_to(twilio.url), sms(to=to))
    assert (failure.code, failure.permanent, type(failure)) == (code, permanent, DeliveryFailed)


def test_a_country_that_is_not_enabled_holds_that_country_only(twilio):
    failure = failure_of(provider_to(twilio.url, country_of=lambda number: "TR"), sms(to="+15005550003"))
    assert isinstance(failure, ProviderHeld)
    assert failure.country == "TR"


@pytest.mark.parametrize("code", [20008, 21267, 21659, 21660, 21661, 30032, 90010])
def test_a_sender_or_account_at_fault_holds_the_provider_and_says_what_to_do(twilio, code):
    twilio.refuse_all_with = code
    failure = failure_of(provider_to(twilio.url), sms())
    assert isinstance(failure, ProviderHeld)
    assert str(failure).endswith("then release the channel.") or "approved" in str(failure)


@pytest.mark.parametrize(("code", "verdict"), [(29999, "unexplained"), (30023, "rate_limited")])
def test_other_codes_by_answer(twilio, code, verdict):
    twilio.refuse_all_with = code
    failure = failure_of(provider_to(twilio.url), sms())
    assert (type(failure), failure.code) == (DeliveryFailed, verdict)


@pytest.mark.parametrize(
    ("options", "host"),
    [
        ({}, "api.twilio.com"),
        ({"region": "ie1"}, "api.dublin.ie1.twilio.com"),
        ({"region": "au1"}, "api.sydney.au1.twilio.com"),
        ({"region": "ie1", "edge": "frankfurt"}, "api.frankfurt.ie1.twilio.com"),
        ({"edge": "frankfurt"}, "api.frankfurt.us1.twilio.com"),
    ],
)
def test_an_account_in_another_region_is_asked_there(monkeypatch, options, host):
    asked = []

    def request(_session, _method, url, **_):
        asked.append(urlsplit(url).hostname)
        raise OSError

    monkeypatch.setattr(DeadlineSession, "request", request)
    failure_of(provider_to("", base_url=None, **options), sms())
    assert asked == [host]


@pytest.mark.parametrize("sender", ["+15005550001", "+15005550007"])
def test_a_bad_sender_holds_the_provider(twilio, sender):
    failure = failure_of(provider_to(twilio.url, sender=sender), sms())
    assert isinstance(failure, ProviderHeld)
    assert failure.country is None


def test_bad_credentials_hold_the_provider(twilio):
    assert isinstance(failure_of(provider_to(twilio.url, auth_token="wrong"), sms()), ProviderHeld)


def test_a_full_queue_means_slow_down(twilio):
    failure = failure_of(provider_to(twilio.url, sender="+15005550008"), sms())
    assert (failure.code, failure.permanent) == ("rate_limited", False)


def test_a_refused_connection_is_certainly_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    failure = failure_of(provider_to(f"http://127.0.0.1:{port}"), sms())
    assert (type(failure), failure.code, failure.permanent) == (DeliveryFailed, "unreachable", False)


def test_a_proxys_refusal_is_not_taken_for_twilios():
    page = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>"
    with Answering(page) as url:
        failure = failure_of(provider_to(url), sms())
    assert (failure.code, failure.permanent) == ("unreachable", False)


@pytest.mark.parametrize("to", ["+15005550001", "+15005550004", number_for("drop_after")])
def test_no_error_shows_the_number(twilio, to):
    failure = failure_of(provider_to(twilio.url), sms(to=to))
    assert to not in str(failure)
    assert failure.__suppress_context__


def test_every_code_has_a_sentence():
    assert all(each.text and not each.text.endswith(".") for each in CODES.values())
    assert all(each.advice.endswith(".") for each in CODES.values())


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (20151, Verdict.HOLD_PROVIDER),  # the account has to be corrected
        (21711, Verdict.HOLD_PROVIDER),  # the sender
        (21657, Verdict.HOLD_COUNTRY),  # the sender, in this country only
        (63017, Verdict.RATE_LIMITED),
        (63003, Verdict.REFUSED),  # not on WhatsApp is no reason to close a phone number
        (30400, Verdict.REFUSED),
        (63010, Verdict.UNKNOWN),
        (30113, Verdict.UNEXPLAINED),  # of short links: no message has it
    ],
)
def test_a_code_says_who_has_to_act(code: int, verdict: Verdict) -> None:
    assert meaning(code).verdict is verdict


# The deadline


def test_nothing_is_written_after_the_deadline(twilio):
    failure = failure_of(provider_to(twilio.url), sms(deadline=Deadline.after(-1)))
    assert (failure.code, twilio.messages) == ("deadline", [])


class RunsOutAfter(Deadline):
    """Passes a number of checks, then none: a process frozen between two writes."""

    def __init__(self, checks: int) -> None:
        super().__init__(Deadline.after(60).at)
        object.__setattr__(self, "_left", [None] * checks)

    def check(self) -> None:
        if not self._left:
            Deadline.after(-1).check()
        self._left.pop()


@pytest.mark.parametrize("checks", [0, 1, 2])
def test_a_process_frozen_before_any_write_sends_nothing(twilio, checks):
    failure = failure_of(provider_to(twilio.url), sms(deadline=RunsOutAfter(checks)))
    assert (type(failure), failure.code, twilio.messages) == (DeliveryFailed, "deadline", [])


def test_a_request_cut_off_between_head_and_body_is_no_message(twilio):
    provider_to(twilio.url).check()  # a pooled connection, as in a long-running worker
    provider = provider_to(twilio.url)
    failure_of(provider, sms(deadline=RunsOutAfter(2)))
    assert provider.send(sms()).provider_id == twilio.outbound()[0].sid


def test_three_checks_are_all_that_a_send_needs(twilio):
    provider_to(twilio.url).send(sms(deadline=RunsOutAfter(3)))
    assert len(twilio.outbound()) == 1


# Looking up


def test_a_lost_message_is_found_by_its_token(twilio):
    provider = provider_to(twilio.url)
    to = number_for("drop_after")
    failure_of(provider, sms(to=to))
    (found,) = provider.find(to, TOKEN, datetime.now(UTC) - timedelta(minutes=1))
    assert found.provider_id == twilio.outbound()[0].sid
    assert provider.find(to, "zzzzzzzzzzzz", LONG_AGO) == []
    assert provider.find("+15005559999", TOKEN, LONG_AGO) == []


def test_a_message_is_found_behind_hundreds_of_newer_ones(twilio):
    provider = provider_to(twilio.url)
    provider.send(sms())
    for index in range(450):
        twilio.accept({"To": sms().to, "From": OUR_NUMBER, "Body": f"another {index}"})
    assert len(provider.find(sms().to, TOKEN, LONG_AGO)) == 1


def test_what_a_customer_wrote_is_not_taken_for_our_message(twilio):
    twilio.receive("+905321234567", OUR_NUMBER, f"what is {TOKEN}?")
    assert provider_to(twilio.url).find(OUR_NUMBER, TOKEN, LONG_AGO) == []


def test_the_search_ends_at_messages_that_are_too_old(twilio):
    provider = provider_to(twilio.url)
    provider.send(sms())
    for message in twilio.messages:
        message.created -= 3600
    assert provider.find(sms().to, TOKEN, datetime.now(UTC) - timedelta(minutes=30)) == []
    assert len(provider.find(sms().to, TOKEN, datetime.now(UTC) - timedelta(hours=2))) == 1


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=3)), timezone(timedelta(hours=-8))])
def test_a_search_means_the_same_moment_in_every_time_zone(twilio, zone):
    provider = provider_to(twilio.url)
    provider.send(sms())
    assert len(provider.find(sms().to, TOKEN, datetime.now(zone) - timedelta(minutes=1))) == 1
    assert provider.find(sms().to, TOKEN, datetime.now(zone) + timedelta(hours=1)) == []


def test_a_list_that_is_down_says_nothing_about_the_message(twilio):
    twilio.list_down = True
    with pytest.raises(DeliveryFailed) as caught:
        provider_to(twilio.url).find(sms().to, TOKEN, LONG_AGO)
    assert not isinstance(caught.value, DeliveryUnknown)
    assert not caught.value.permanent


def test_a_lagging_list_shows_a_message_later(twilio):
    provider = provider_to(twilio.url)
    provider.send(sms())
    twilio.list_lag = 60
    assert provider.find(sms().to, TOKEN, LONG_AGO) == []
    twilio.list_lag = 0
    assert len(provider.find(sms().to, TOKEN, LONG_AGO)) == 1


def test_replies_missed_in_a_downtime_are_read_back(twilio):
    twilio.receive("+905321234567", OUR_NUMBER, "8")
    twilio.receive("+905321234567", OUR_NUMBER, "STOP")
    provider = provider_to(twilio.url)
    provider.send(sms())
    replies = list(provider.inbound(OUR_NUMBER, datetime.now(UTC) - timedelta(minutes=1)))
    assert [(reply.body, reply.from_) for reply in replies] == [
        ("STOP", "+905321234567"),
        ("8", "+905321234567"),
    ]
    assert all(reply.received_at is not None for reply in replies)


def test_the_log_counts_what_customers_received(tmp_path):
    log = tmp_path / "twilio.jsonl"
    with FakeTwilio(log=log) as twilio:
        provider = provider_to(twilio.url)
        provider.send(sms())
        failure_of(provider, sms(to=number_for("drop_after")))
        failure_of(provider, sms(to=number_for("drop_before")))
    assert times_accepted(log, r"s\.example\.com/(\w{12})") == {TOKEN: 2}


# Checking


def test_good_credentials_leave_nothing_to_say(twilio):
    assert provider_to(twilio.url).check() == []
    assert twilio.messages == []


def test_bad_credentials_are_named(twilio):
    (problem,) = provider_to(twilio.url, auth_token="wrong").check()
    assert "does not accept" in problem


def test_a_public_url_without_tls_is_named(twilio):
    (problem,) = provider_to(twilio.url, public_url="http://feedback.example").check()
    assert "https" in problem


class Answering:
    """A server that gives one fixed answer to one request."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def __enter__(self) -> str:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(self._answer)
            while connection.recv(65_536):
                pass

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._socket.close()
