"""A phone and an inbox without a provider, for the demo and for tests of everything above channels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from feedback import clock
from feedback.errors import DeliveryFailed
from feedback.providers.base import Found, Kind, Outgoing, Reply, Sent

Faults = Callable[[Outgoing], DeliveryFailed | None]
"""Told to fail: gives the error for this attempt, or None to let it through."""


class Mailbox(Protocol):
    """Where simulated messages land, and where simulated customers write."""

    def deliver(self, outgoing: Outgoing, kind: Kind) -> str:
        """Keep the message; returns its provider id."""
        ...

    def find(self, to: str, match: str, since: datetime) -> list[Found]: ...

    def inbound(self, to: str, since: datetime) -> Iterable[Reply]: ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message as it lies in the memory mailbox."""

    provider_id: str
    kind: Kind
    outgoing: Outgoing
    at: datetime


@dataclass(slots=True)
class MemoryMailbox:
    """A mailbox that forgets everything with its process."""

    now: Callable[[], datetime] = clock.now
    delivered: list[Delivered] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    def deliver(self, outgoing: Outgoing, kind: Kind) -> str:
        provider_id = f"SIM{len(self.delivered) + 1:08d}"
        self.delivered.append(Delivered(provider_id, kind, outgoing, self.now()))
        return provider_id

    def find(self, to: str, match: str, since: datetime) -> list[Found]:
        return [
            Found(each.provider_id, "delivered", each.outgoing.body, each.at)
            for each in self.delivered
            if each.outgoing.to == to and match in each.outgoing.body and each.at >= since
        ]

    def write(self, from_: str, to: str, body: str) -> Reply:
        """A customer answers."""
        reply = Reply(f"SIMIN{len(self.replies) + 1:08d}", from_, to, body, self.now(), None)
        self.replies.append(reply)
        return reply

    def inbound(self, to: str, since: datetime) -> Iterable[Reply]:
        recent = [each for each in self.replies if each.to == to and (each.received_at or since) >= since]
        return list(reversed(recent))


class Simulator:
    """A channel that puts messages into a mailbox, and never fails unless told to."""

    longest_call = 30.0  # it waits for the database at most

    def __init__(
        self, *, kind: Kind, mailbox: Mailbox, sender: str = "", faults: Faults | None = None
    ) -> None:
        self.key = f"simulator_{kind}"
        self.kind: Kind = kind
        self.sender = sender
        self._mailbox = mailbox
        self._faults = faults

    def send(self, outgoing: Outgoing) -> Sent:
        outgoing.deadline.check()
        error = self._faults(outgoing) if self._faults else None
        if error:
            raise error
        provider_id = self._mailbox.deliver(outgoing, self.kind)
        return Sent(provider_id, outgoing.sender or self.sender or None, None, "delivered")

    def check(self) -> list[str]:
        return []

    def find(self, to: str, match: str, since: datetime) -> list[Found]:
        return self._mailbox.find(to, match, since)

    def inbound(self, to: str, since: datetime) -> Iterable[Reply]:
        return self._mailbox.inbound(to, since)
