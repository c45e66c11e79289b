import time

import pytest

from feedback.errors import ChannelHeld, DeliveryFailed
from feedback.providers import CHANNELS, kind_of
from feedback.providers.base import Deadline, Verdict, WebhookRequest, refusal


def test_a_deadline_counts_down():
    deadline = Deadline.after(10)
    assert 9 < deadline.remaining() <= 10
    deadline.check()


def test_a_passed_deadline_asks_for_another_try_later():
    with pytest.raises(DeliveryFailed) as failure:
        Deadline.after(-0.001).check()
    assert (failure.value.permanent, failure.value.code) == (False, "deadline")


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="no CLOCK_BOOTTIME on this system")
def test_a_deadline_counts_the_time_the_machine_sleeps():
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert Deadline.after(5).at == pytest.approx(now + 5, abs=0.5)


@pytest.mark.parametrize("name", ["X-Twilio-Signature", "x-twilio-signature", "X-TWILIO-SIGNATURE"])
def test_headers_are_found_whatever_their_capitals(name):
    assert WebhookRequest("/", {}, {"X-Twilio-signature": "abc"}).header(name) == "abc"


def test_a_missing_header_is_an_empty_string():
    assert WebhookRequest("/", {}).header("X-Twilio-Signature") == ""


@pytest.mark.parametrize(
    ("key", "arguments"),
    [
        (
            "twilio_sms",
            {"account_sid": "AC", "auth_token": "t", "public_url": "https://a.example", "sender": "+1"},
        ),
        ("smtp_email", {"host": "127.0.0.1", "sender": "a@b.example"}),
        ("simulator_sms", {"mailbox": None}),
        ("simulator_email", {"mailbox": None}),
    ],
)
def test_the_key_of_a_channel_ends_with_what_it_carries(key, arguments):
    channel = CHANNELS[key](**arguments)
    assert (channel.key, channel.kind) == (key, kind_of(key))


def test_every_channel_is_named_after_what_it_carries():
    assert all(key.endswith(f"_{kind_of(key)}") for key in CHANNELS)


def test_a_country_that_is_not_served_is_held_and_a_number_of_no_country_is_refused():
    held = refusal(Verdict.HOLD_COUNTRY, "Not served.", country="TR")
    assert isinstance(held, ChannelHeld) and held.country == "TR"
    refused = refusal(Verdict.HOLD_COUNTRY, "Not served.", country=None)
    assert refused.permanent and not isinstance(refused, ChannelHeld)
