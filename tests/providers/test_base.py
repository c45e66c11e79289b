import time

import pytest

from feedback.errors import DeliveryFailed, ProviderHeld
from feedback.providers import PROVIDERS, channel_of, sms_terms, terms_of
from feedback.providers.accounts import SmtpServer, TwilioAccount
from feedback.providers.base import Deadline, Terms, Verdict, WebhookRequest, refusal
from feedback.settings import load


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
            {
                "account": TwilioAccount(
                    account_sid="AC", auth_token="t", public_url="https://a.example", sender="+1"
                )
            },
        ),
        ("smtp_email", {"server": SmtpServer(host="127.0.0.1", sender="a@b.example")}),
        ("simulator_sms", {"mailbox": None}),
        ("simulator_email", {"mailbox": None}),
    ],
)
def test_the_key_of_a_provider_ends_with_what_it_carries(key, arguments):
    provider = PROVIDERS[key](**arguments)
    assert (provider.key, provider.channel) == (key, channel_of(key))


def test_every_provider_is_named_after_what_it_carries():
    assert all(key.endswith(f"_{channel_of(key)}") for key in PROVIDERS)


def test_a_country_that_is_not_served_is_held_and_a_number_of_no_country_is_refused():
    held = refusal(Verdict.HOLD_COUNTRY, "Not served.", country="TR")
    assert isinstance(held, ProviderHeld) and held.country == "TR"
    refused = refusal(Verdict.HOLD_COUNTRY, "Not served.", country=None)
    assert refused.permanent and not isinstance(refused, ProviderHeld)


def settings(tmp_path, *enabled, **twilio):
    given = {f"FEEDBACK_TWILIO_{name.upper()}": value for name, value in twilio.items()}
    return load(tmp_path, {"FEEDBACK_PROVIDERS_ENABLED": ",".join(enabled), **given})


def test_the_terms_of_twilio_are_those_of_its_settings(tmp_path):
    found = terms_of(
        "twilio_sms",
        settings(
            tmp_path,
            sender="+15550100",
            senders="DE=ACME",
            messages_per_second="2.5",
            cost_per_segment="0.05",
        ),
    )
    assert (found.sender, found.own_sender("DE"), found.own_sender("US"), found.own_sender(None)) == (
        "+15550100", "ACME", None, None,
    )  # fmt: skip
    assert (found.segments_per_second, found.cost_per_segment) == (2.5, 0.05)


@pytest.mark.parametrize(("country", "possible"), [("US", True), (None, True), ("DE", False), ("TR", False)])
def test_names_and_senders_to_tuerkiye_cannot_be_answered(tmp_path, country, possible):
    found = terms_of("twilio_sms", settings(tmp_path, sender="+15550100", senders="DE=ACME"))
    assert found.can_reply(country) is possible


def test_text_messages_go_on_the_terms_of_the_first_provider_that_carries_them(tmp_path):
    named = settings(tmp_path, "smtp_email", "twilio_sms", sender="ACME", cost_per_segment="0.05")
    assert not sms_terms(named).can_reply("US")
    without = settings(tmp_path, "smtp_email", sender="ACME", cost_per_segment="0.05")
    assert (sms_terms(without).can_reply("US"), sms_terms(without).cost_per_segment) == (True, 0.05)


def test_a_provider_without_terms_of_its_own_has_no_limit_and_no_price(tmp_path):
    assert terms_of("smtp_email", settings(tmp_path, cost_per_segment="0.05")) == Terms()
