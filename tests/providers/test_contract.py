"""What services rely on, held by every channel in CHANNELS.

A new channel needs a world here: a provider that can be made to behave in each of these ways.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from feedback.errors import ChannelHeld, DeliveryFailed, DeliveryUnknown, SignatureInvalid
from feedback.providers import CHANNELS
from feedback.providers.base import (
    CallsBack,
    Channel,
    Deadline,
    LooksUp,
    Outgoing,
    Sent,
    Verdict,
    WebhookRequest,
)
from feedback.providers.simulator import MemoryMailbox
from tests.fakes.fake_smtp import FakeSmtp
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, FakeTwilio
from tests.providers.examples import TOKEN, email, sms

BEHAVIOURS = ("refuse", "defer", "hold", "lose_answer")


@dataclass
class World:
    """A channel, its provider, and what customers received."""

    channel: Channel
    outgoing: Outgoing
    received: Callable[[], int]
    behave: Callable[[str], None]


@contextmanager
def twilio_world() -> Iterator[World]:
    with FakeTwilio() as twilio:
        channel = CHANNELS["twilio_sms"](
            account_sid=ACCOUNT_SID,
            auth_token=AUTH_TOKEN,
            public_url="https://feedback.example",
            sender=OUR_NUMBER,
            base_url=twilio.url,
        )

        def behave(how: str) -> None:
            if how == "refuse":
                twilio.opted_out.add(sms().to)
            elif how == "hold":
                twilio.logins.clear()
            else:
                twilio.next_faults.append({"defer": "429", "lose_answer": "drop_after"}[how])

        yield World(channel, sms(), lambda: len(twilio.outbound()), behave)


@contextmanager
def smtp_world() -> Iterator[World]:
    faults = {
        "refuse": "refuse",
        "defer": "greylist",
        "hold": "refuse_sender",
        "lose_answer": "drop_after_data",
    }
    with FakeSmtp() as server:
        channel = CHANNELS["smtp_email"](
            host="127.0.0.1", port=server.port, security="plain", sender="Acme <survey@acme.example>"
        )
        yield World(
            channel, email(), lambda: len(server.mails), lambda how: setattr(server, "fault", faults[how])
        )


@contextmanager
def simulator_world(kind: str, outgoing: Outgoing) -> Iterator[World]:
    mailbox = MemoryMailbox()
    faults: list[Callable[[Outgoing], DeliveryFailed]] = []

    def lose_answer(lost: Outgoing) -> DeliveryFailed:
        mailbox.deliver(lost, "sms")
        return DeliveryUnknown("lost", code=Verdict.UNKNOWN)

    known = {
        "refuse": lambda _: DeliveryFailed("no", permanent=True, code=Verdict.REFUSED),
        "defer": lambda _: DeliveryFailed("later", permanent=False, code=Verdict.RETRY),
        "hold": lambda _: ChannelHeld("stop", code=Verdict.HOLD_CHANNEL),
        "lose_answer": lose_answer,
    }
    channel = CHANNELS[f"simulator_{kind}"](
        mailbox=mailbox, faults=lambda outgoing: faults[0](outgoing) if faults else None
    )
    yield World(channel, outgoing, lambda: len(mailbox.delivered), lambda how: faults.append(known[how]))


WORLDS = {
    "twilio_sms": twilio_world,
    "smtp_email": smtp_world,
    "simulator_sms": lambda: simulator_world("sms", sms()),
    "simulator_email": lambda: simulator_world("email", email()),
}


@pytest.fixture(params=CHANNELS)
def world(request) -> Iterator[World]:
    with WORLDS[request.param]() as world:
        assert world.channel.key == request.param
        yield world


def failure_of(world: World) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        world.channel.send(world.outgoing)
    return caught.value


def test_every_channel_is_held_to_the_contract():
    assert set(WORLDS) == set(CHANNELS)


def test_a_channel_says_what_it_is(world):
    assert isinstance(world.channel, Channel)
    assert world.channel.kind in ("sms", "email")
    assert world.channel.key.endswith(world.channel.kind)


def test_a_sent_message_arrives_once_and_has_an_id(world):
    sent = world.channel.send(world.outgoing)
    assert isinstance(sent, Sent)
    assert sent.provider_id
    assert world.received() == 1


def test_two_messages_are_two(world):
    first = world.channel.send(world.outgoing)
    other = replace(world.outgoing, message_id=42, message_id_header="<42.x@survey.example>")
    assert world.channel.send(other).provider_id != first.provider_id
    assert world.received() == 2


def test_nothing_goes_out_after_the_deadline(world):
    world.outgoing = replace(world.outgoing, deadline=Deadline.after(-1))
    failure = failure_of(world)
    assert (type(failure), failure.code, failure.permanent) == (DeliveryFailed, Verdict.DEADLINE, False)
    assert world.received() == 0


def test_a_refusal_for_good_is_permanent(world):
    world.behave("refuse")
    failure = failure_of(world)
    assert (type(failure), failure.permanent) == (DeliveryFailed, True)
    assert world.received() == 0


def test_a_refusal_for_now_is_not(world):
    world.behave("defer")
    failure = failure_of(world)
    assert (type(failure), failure.permanent) == (DeliveryFailed, False)
    assert world.received() == 0


def test_a_fault_of_ours_holds_the_channel(world):
    world.behave("hold")
    assert isinstance(failure_of(world), ChannelHeld)
    assert world.received() == 0


def test_a_lost_answer_is_called_doubtful_and_can_be_looked_up_where_the_provider_allows(world):
    world.behave("lose_answer")
    assert isinstance(failure_of(world), DeliveryUnknown)
    assert world.received() == 1
    if isinstance(world.channel, LooksUp):
        just_before = datetime.now(UTC) - timedelta(minutes=1)
        assert len(world.channel.find(world.outgoing.to, TOKEN, just_before)) == 1


@pytest.mark.parametrize("how", BEHAVIOURS)
def test_an_error_is_a_verdict_and_a_sentence_without_the_address(world, how):
    world.behave(how)
    failure = failure_of(world)
    assert failure.code in set(Verdict)
    assert str(failure)
    assert world.outgoing.to not in str(failure)


def test_a_healthy_channel_has_no_complaints_and_checking_sends_nothing(world):
    assert world.channel.check() == []
    assert world.received() == 0


def test_callbacks_are_believed_only_with_a_signature(world):
    names = [name for name in ("parse_receipt", "parse_reply") if hasattr(world.channel, name)]
    assert len(names) == (2 if isinstance(world.channel, CallsBack) else 0)
    for name in names:
        with pytest.raises(SignatureInvalid):
            getattr(world.channel, name)(
                WebhookRequest("/hooks?m=1&a=1", {"MessageSid": "SM" + "0" * 32}, {})
            )
