"""How fast one sender may send: a token bucket in a row, shared by every node.

Providers limit the number or name that a message comes from, so each sender has a bucket of its own; messages
without one of their own share the channel's usual sender. Tokens are SMS segments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from feedback.settings import Settings
from feedback.store.database import add_once
from feedback.store.models import Message, Pace

BURST_SECONDS = 10
"""A sender that was quiet may catch up this many seconds' worth at once."""
SLOW_DOWN = 10.0
"""Seconds that a sender rests when its provider asks to slow down and does not say for how long."""
USUAL = ""


@dataclass
class Budget:
    """What the senders of a channel may still send in this claim; `rate` is tokens a second, None: no limit."""

    channel: str
    rate: float | None
    buckets: dict[str, Pace] = field(default_factory=dict)
    taken: dict[str, float] = field(default_factory=dict)

    def exhausted(self) -> list[ColumnElement[bool]]:
        """The condition on messages whose sender has nothing left, for keeping them out of a claim."""
        empty = [sender for sender, bucket in self.buckets.items() if bucket.tokens < 1]
        return [func.coalesce(Message.sender, USUAL).in_(empty)] if empty else []

    def take(self, message: Message) -> bool:
        """Tokens for a message; a long one may leave the bucket in debt, which the next refill pays first."""
        if self.rate is None:
            return True
        sender = message.sender or USUAL
        full = max(1.0, self.rate * BURST_SECONDS)
        taken = self.taken.get(sender, 0.0)
        left = (self.buckets[sender].tokens if sender in self.buckets else full) - taken
        if left < 1:
            return False
        self.taken[sender] = taken + (message.segments or 1)
        return True

    def spend(self, session: Session) -> None:
        """Write down what was taken; in the claim's own transaction."""
        for sender, tokens in self.taken.items():
            bucket = self.buckets.get(sender) or _made(session, self, sender)
            bucket.tokens -= tokens


def budget(session: Session, channel: str, rate: float, now: datetime) -> Budget:
    """The refilled buckets of a channel; their rows stay locked until the transaction ends."""
    found = Budget(channel, rate)
    full = max(1.0, rate * BURST_SECONDS)
    rows = select(Pace).where(Pace.key.startswith(f"{channel}:", autoescape=True)).order_by(Pace.key)
    for bucket in session.scalars(rows.with_for_update()):
        elapsed = max(0.0, (now - bucket.refilled_at).total_seconds())
        bucket.tokens = min(full, bucket.tokens + elapsed * rate)
        # A clock that was ahead and has been set back must not stop the sender until it catches up.
        bucket.refilled_at = now
        found.buckets[bucket.key.removeprefix(f"{channel}:")] = bucket
    if USUAL not in found.buckets:  # the first claim ever: later ones lock this row, whatever their sender
        found.buckets[USUAL] = _made(session, found, USUAL, now)
    return found


def slow_down(
    session: Session, channel: str, sender: str | None, settings: Settings, seconds: float | None
) -> None:
    """The provider asks for a rest: the bucket goes into debt by as much as it takes."""
    key = _key(channel, sender or USUAL)
    bucket = session.scalar(select(Pace).where(Pace.key == key).with_for_update())
    if bucket:
        debt = settings.twilio.messages_per_second * min(seconds or SLOW_DOWN, 3600.0)
        bucket.tokens = min(bucket.tokens, -debt)


def _key(channel: str, sender: str) -> str:
    return f"{channel}:{sender}"[:64]


def _made(session: Session, of: Budget, sender: str, now: datetime | None = None) -> Pace:
    key = _key(of.channel, sender)
    full = max(1.0, (of.rate or 0.0) * BURST_SECONDS)
    refilled_at = now or of.buckets[USUAL].refilled_at
    # If another node made it first, wait for that node's turn to end.
    add_once(session, Pace(key=key, tokens=full, refilled_at=refilled_at))
    return session.scalars(select(Pace).where(Pace.key == key).with_for_update()).one()
