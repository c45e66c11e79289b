"""A simulated phone and inbox without a provider, for the demo and for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from feedback import clock
from feedback.errors import DeliveryFailed
from feedback.providers.base import Channel, Found, Outgoing, Reply, Sent, Terms
from feedback.settings import Settings

Faults = Callable[[Outgoing], DeliveryFailed | None]
"""Returns the error with which an attempt shall fail, or None to deliver it."""


class Mailbox(Protocol):
    """Where simulated messages are delivered and simulated replies come from."""

    def deliver(self, outgoing: Outgoing, channel: Channel) -> str:
        """Keep the message; returns its provider id."""
        ...

    def find(self, to: str, match: str, since: datetime) -> list[Found]: ...

    def inbound(self, to: str, since: datetime) -> Iterable[Reply]: ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message in the memory mailbox."""

    provider_id: str
    channel: Channel
    outgoing: Outgoing
    at: datetime


@dataclass(slots=True)
class MemoryMailbox:
    """A mailbox in memory; it is lost when the process ends."""

    now: Callable[[], datetime] = clock.now
    delivered: list[Delivered] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    def deliver(self, outgoing: Outgoing, channel: Channel) -> str:
        provider_id = f"SIM{len(self.delivered) + 1:08d}"
        self.delivered.append(Delivered(provider_id, channel, outgoing, self.now()))
        return provider_id

    def find(self, to: str, match: str, since: datetime) -> list[Found]:
        return [
            Found(each.provider_id, "delivered", each.outgoing.body, each.at)
            for each in self.delivered
            if each.outgoing.to == to and match in each.outgoing.body and each.at >= since
        ]

    def write(self, from_: str, to: str, body: str) -> Reply:
        """A reply from a customer."""
        reply = Reply(f"SIMIN{len(self.replies) + 1:08d}", from_, to, body, self.now(), None)
        self.replies.append(reply)
        return reply

    def inbound(self, to: str, since: datetime) -> Iterable[Reply]:
        recent = [each for each in self.replies if each.to == to and (each.received_at or since) >= since]
        return list(reversed(recent))


def sms_terms(settings: Settings) -> Terms:
    """The simulated phone has Twilio's usual sender and price, but takes everything at once and can always answer."""
    return Terms(sender=settings.twilio.sender, cost_per_segment=settings.twilio.cost_per_segment)


class Simulator:
    """A provider that delivers to a mailbox, and fails only if it is told to."""

    longest_call = 30.0  # at most the wait for the database

    def __init__(
        self, *, channel: Channel, mailbox: Mailbox, sender: str = "", faults: Faults | None = None
    ) -> None:
        self.key = f"simulator_{channel}"
        self.channel: Channel = channel
        self.sender = sender
        self._mailbox = mailbox
        self._faults = faults

    def send(self, outgoing: Outgoing) -> Sent:
        outgoing.deadline.check()
        error = self._faults(outgoing) if self._faults else None
        if error:
            raise error
        provider_id = self._mailbox.deliver(outgoing, self.channel)
        return Sent(provider_id, outgoing.sender or self.sender or None, None, "delivered")

    def check(self) -> list[str]:
        return []

    def find(self, to: str, match: str, since: datetime) -> list[Found]:
        return self._mailbox.find(to, match, since)

    def inbound(self, to: str, since: datetime) -> Iterable[Reply]:
        return self._mailbox.inbound(to, since)
