"""Why the errors are told apart: a sender that believes them neither loses nor doubles a message."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from feedback.errors import DeliveryFailed, DeliveryUnknown
from feedback.providers.base import Outgoing
from feedback.providers.twilio_sms import TwilioSms
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, FAULTS, OUR_NUMBER, FakeTwilio, times_accepted
from tests.providers.examples import sms
from tests.providers.made import twilio_sms

PASSING_FAULTS = sorted(
    set(FAULTS) - {"problem_400", "slow_body"}
)  # not a refusal for good, and not 20 s each


def outcome(provider: TwilioSms, outgoing: Outgoing) -> str:
    try:
        provider.send(outgoing)
    except DeliveryUnknown:
        return "unknown"
    except DeliveryFailed as failure:
        assert not failure.permanent
        return "due"
    return "sent"


def to_be_sent(count: int) -> list[Outgoing]:
    """Messages to few numbers, so that a look-up has to find one among many."""
    return [
        sms(
            message_id=index,
            to=f"+9053212345{index % 3:02d}",
            body=f"How was it? t{index:04d}x",
            match=f"t{index:04d}x",
        )
        for index in range(count)
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_third_of_all_calls_may_go_wrong_and_every_message_still_arrives_once(tmp_path, seed):
    log, begun = tmp_path / "twilio.jsonl", datetime.now(UTC) - timedelta(minutes=1)
    due = to_be_sent(150)
    with FakeTwilio(log=log, rate=0.33, seed=seed, random_faults=PASSING_FAULTS, late_by=1.2) as twilio:
        provider = twilio_sms(
            account_sid=ACCOUNT_SID,
            auth_token=AUTH_TOKEN,
            public_url="https://feedback.example",
            sender=OUR_NUMBER,
            base_url=twilio.url,
            timeout=1.0,
        )
        rounds = 0
        while due and rounds < 20:
            rounds += 1
            with ThreadPoolExecutor(8) as pool:
                outcomes = list(pool.map(lambda outgoing: outcome(provider, outgoing), due))
            twilio.settle()
            due = [
                each
                for each, result in zip(due, outcomes, strict=True)
                if result == "due" or (result == "unknown" and not provider.find(each.to, each.match, begun))
            ]
    assert rounds > 1
    counts = times_accepted(log, r"t\d{4}x")
    assert counts == dict.fromkeys((each.match for each in to_be_sent(150)), 1)
