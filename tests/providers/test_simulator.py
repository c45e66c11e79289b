from datetime import UTC, datetime, timedelta

import pytest

from feedback.errors import DeliveryFailed, DeliveryUnknown
from feedback.providers.base import Deadline
from feedback.providers.simulator import MemoryMailbox, Simulator
from tests.providers.examples import TOKEN, email, sms

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def mailbox():
    return MemoryMailbox(now=lambda: NOW)


def test_a_message_lands_in_the_mailbox(mailbox):
    sent = Simulator(channel="email", mailbox=mailbox, sender="survey@example.com").send(email())
    assert sent.sender == "survey@example.com"
    assert [(each.provider_id, each.channel) for each in mailbox.delivered] == [(sent.provider_id, "email")]


def test_a_fault_keeps_the_message_out(mailbox):
    refused = DeliveryFailed("no", permanent=True, code="refused")
    provider = Simulator(channel="sms", mailbox=mailbox, faults=lambda outgoing: refused)
    with pytest.raises(DeliveryFailed, match="no"):
        provider.send(sms())
    assert mailbox.delivered == []


def test_faults_may_depend_on_the_attempt(mailbox):
    def first_try_is_lost(outgoing):
        return DeliveryUnknown("cut off", code="unknown") if outgoing.attempt == 1 else None

    provider = Simulator(channel="sms", mailbox=mailbox, faults=first_try_is_lost)
    with pytest.raises(DeliveryUnknown):
        provider.send(sms())
    provider.send(sms(attempt=2))
    assert [each.outgoing.message_id for each in mailbox.delivered] == [41]


def test_nothing_is_sent_after_the_deadline(mailbox):
    with pytest.raises(DeliveryFailed, match="ran out"):
        Simulator(channel="sms", mailbox=mailbox).send(sms(deadline=Deadline.after(-1)))
    assert mailbox.delivered == []


def test_a_sent_message_is_found_by_its_token(mailbox):
    provider = Simulator(channel="sms", mailbox=mailbox)
    sent = provider.send(sms())
    assert [found.provider_id for found in provider.find(sms().to, TOKEN, NOW)] == [sent.provider_id]
    assert provider.find(sms().to, TOKEN, NOW + timedelta(seconds=1)) == []
    assert provider.find("+15005550006", TOKEN, NOW) == []


def test_replies_come_newest_first(mailbox):
    mailbox.write("+905321234567", "+15005550006", "9")
    mailbox.write("+905321234567", "+15005550006", "10")
    mailbox.write("+905321234567", "+15005550001", "elsewhere")
    replies = Simulator(channel="sms", mailbox=mailbox).inbound("+15005550006", NOW)
    assert [reply.body for reply in replies] == ["10", "9"]
