"""What services rely on, held by every provider in PROVIDERS.

A new provider needs a world here: a provider that can be made to behave in each of these ways.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from feedback.errors import DeliveryFailed, DeliveryUnknown, ProviderHeld, SignatureInvalid
from feedback.providers import PROVIDERS
from feedback.providers.accounts import SmtpServer, TwilioAccount
from feedback.providers.base import (
    CallsBack,
    Deadline,
    LooksUp,
    Outgoing,
    Provider,
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
    """A provider, its provider, and what customers received."""

    provider: Provider
    outgoing: Outgoing
    received: Callable[[], int]
    behave: Callable[[str], None]


@contextmanager
def twilio_world() -> Iterator[World]:
    with FakeTwilio() as twilio:
        provider = PROVIDERS["twilio_sms"](
            account=TwilioAccount(
                account_sid=ACCOUNT_SID,
                auth_token=AUTH_TOKEN,
                public_url="https://feedback.example",
                sender=OUR_NUMBER,
                base_url=twilio.url,
            )
        )

        def behave(how: str) -> None:
            if how == "refuse":
                twilio.opted_out.add(sms().to)
            elif how == "hold":
                twilio.logins.clear()
            else:
                twilio.next_faults.append({"defer": "429", "lose_answer": "drop_after"}[how])

        yield World(provider, sms(), lambda: len(twilio.outbound()), behave)


@contextmanager
def smtp_world() -> Iterator[World]:
    faults = {
        "refuse": "refuse",
        "defer": "greylist",
        "hold": "refuse_sender",
        "lose_answer": "drop_after_data",
    }
    with FakeSmtp() as server:
        provider = PROVIDERS["smtp_email"](
            server=SmtpServer(
                host="127.0.0.1", port=server.port, security="plain", sender="Acme <survey@acme.example>"
            )
        )
        yield World(
            provider, email(), lambda: len(server.mails), lambda how: setattr(server, "fault", faults[how])
        )


@contextmanager
def simulator_world(channel: str, outgoing: Outgoing) -> Iterator[World]:
    mailbox = MemoryMailbox()
    faults: list[Callable[[Outgoing], DeliveryFailed]] = []

    def lose_answer(lost: Outgoing) -> DeliveryFailed:
        mailbox.deliver(lost, "sms")
        return DeliveryUnknown("lost", code=Verdict.UNKNOWN)

    known = {
        "refuse": lambda _: DeliveryFailed("no", permanent=True, code=Verdict.REFUSED),
        "defer": lambda _: DeliveryFailed("later", permanent=False, code=Verdict.RETRY),
        "hold": lambda _: ProviderHeld("stop", code=Verdict.HOLD_PROVIDER),
        "lose_answer": lose_answer,
    }
    provider = PROVIDERS[f"simulator_{channel}"](
        mailbox=mailbox, faults=lambda outgoing: faults[0](outgoing) if faults else None
    )
    yield World(provider, outgoing, lambda: len(mailbox.delivered), lambda how: faults.append(known[how]))


WORLDS = {
    "twilio_sms": twilio_world,
    "smtp_email": smtp_world,
    "simulator_sms": lambda: simulator_world("sms", sms()),
    "simulator_email": lambda: simulator_world("email", email()),
}


@pytest.fixture(params=PROVIDERS)
def world(request) -> Iterator[World]:
    with WORLDS[request.param]() as world:
        assert world.provider.key == request.param
        yield world


def failure_of(world: World) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        world.provider.send(world.outgoing)
    return caught.value


def test_every_provider_is_held_to_the_contract():
    assert set(WORLDS) == set(PROVIDERS)


def test_a_provider_says_what_it_is(world):
    assert isinstance(world.provider, Provider)
    assert world.provider.channel in ("sms", "email")
    assert world.provider.key.endswith(world.provider.channel)


def test_a_sent_message_arrives_once_and_has_an_id(world):
    sent = world.provider.send(world.outgoing)
    assert isinstance(sent, Sent)
    assert sent.provider_id
    assert world.received() == 1


def test_two_messages_are_two(world):
    first = world.provider.send(world.outgoing)
    other = replace(world.outgoing, message_id=42, message_id_header="<42.x@survey.example>")
    assert world.provider.send(other).provider_id != first.provider_id
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


def test_a_fault_of_ours_holds_the_provider(world):
    world.behave("hold")
    assert isinstance(failure_of(world), ProviderHeld)
    assert world.received() == 0


def test_a_lost_answer_is_called_doubtful_and_can_be_looked_up_where_the_provider_allows(world):
    world.behave("lose_answer")
    assert isinstance(failure_of(world), DeliveryUnknown)
    assert world.received() == 1
    if isinstance(world.provider, LooksUp):
        just_before = datetime.now(UTC) - timedelta(minutes=1)
        assert len(world.provider.find(world.outgoing.to, TOKEN, just_before)) == 1


@pytest.mark.parametrize("how", BEHAVIOURS)
def test_an_error_is_a_verdict_and_a_sentence_without_the_address(world, how):
    world.behave(how)
    failure = failure_of(world)
    assert failure.code in set(Verdict)
    assert str(failure)
    assert world.outgoing.to not in str(failure)


def test_a_healthy_provider_has_no_complaints_and_checking_sends_nothing(world):
    assert world.provider.check() == []
    assert world.received() == 0


def test_callbacks_are_believed_only_with_a_signature(world):
    names = [name for name in ("parse_receipt", "parse_reply") if hasattr(world.provider, name)]
    assert len(names) == (2 if isinstance(world.provider, CallsBack) else 0)
    for name in names:
        with pytest.raises(SignatureInvalid):
            getattr(world.provider, name)(
                WebhookRequest("/hooks?m=1&a=1", {"MessageSid": "SM" + "0" * 32}, {})
            )
