"""The rate limit of a sender: a token bucket in the database, shared by all nodes.

Providers limit the rate of each sender, so each sender has its own bucket. Messages without a sender use the
bucket of the provider's usual sender. Tokens are SMS segments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from feedback.store.database import add_once
from feedback.store.models import Message, RateLimitBucket

BURST_SECONDS = 10
"""The capacity of a bucket, in seconds of the rate: an idle sender can send that much at once."""
SLOW_DOWN = 10.0
"""Seconds for which a sender pauses if its provider asks to slow down without naming a time."""
USUAL = ""


@dataclass
class Budget:
    """What the senders of a provider may send in this claim; `rate` is tokens per second, None for no limit."""

    provider: str
    rate: float | None
    buckets: dict[str, RateLimitBucket] = field(default_factory=dict)
    taken: dict[str, float] = field(default_factory=dict)

    def exhausted(self) -> list[ColumnElement[bool]]:
        """Conditions for messages whose sender has no tokens left, to exclude them from a claim."""
        empty = [sender for sender, bucket in self.buckets.items() if bucket.tokens < 1]
        return [func.coalesce(Message.sender, USUAL).in_(empty)] if empty else []

    def take(self, message: Message) -> bool:
        """Take the tokens for a message; False if there are none. A long message can leave the bucket in debt."""
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
        """Store what was taken; call it in the claim's transaction."""
        for sender, tokens in self.taken.items():
            bucket = self.buckets.get(sender) or _made(session, self, sender)
            bucket.tokens -= tokens


def budget(session: Session, provider: str, rate: float, now: datetime) -> Budget:
    """Refill the buckets of a provider and lock their rows until the transaction ends."""
    found = Budget(provider, rate)
    full = max(1.0, rate * BURST_SECONDS)
    rows = (
        select(RateLimitBucket)
        .where(RateLimitBucket.key.startswith(f"{provider}:", autoescape=True))
        .order_by(RateLimitBucket.key)
    )
    for bucket in session.scalars(rows.with_for_update()):
        elapsed = max(0.0, (now - bucket.refilled_at).total_seconds())
        bucket.tokens = min(full, bucket.tokens + elapsed * rate)
        # If the clock was set back, refill from now on instead of waiting until it catches up.
        bucket.refilled_at = now
        found.buckets[bucket.key.removeprefix(f"{provider}:")] = bucket
    if (
        USUAL not in found.buckets
    ):  # the first claim of the channel; later claims lock this row, for any sender
        found.buckets[USUAL] = _made(session, found, USUAL, now)
    return found


def slow_down(
    session: Session, provider: str, sender: str | None, rate: float, seconds: float | None
) -> None:
    """Pause a sender as the provider asks, by putting its bucket into debt for that time."""
    key = _key(provider, sender or USUAL)
    bucket = session.scalar(select(RateLimitBucket).where(RateLimitBucket.key == key).with_for_update())
    if bucket:
        debt = rate * min(seconds or SLOW_DOWN, 3600.0)
        bucket.tokens = min(bucket.tokens, -debt)


def _key(provider: str, sender: str) -> str:
    return f"{provider}:{sender}"[:64]


def _made(session: Session, of: Budget, sender: str, now: datetime | None = None) -> RateLimitBucket:
    key = _key(of.provider, sender)
    full = max(1.0, (of.rate or 0.0) * BURST_SECONDS)
    refilled_at = now or of.buckets[USUAL].refilled_at
    # If another node has just made it, wait for that node's transaction to end.
    add_once(session, RateLimitBucket(key=key, tokens=full, refilled_at=refilled_at))
    return session.scalars(select(RateLimitBucket).where(RateLimitBucket.key == key).with_for_update()).one()
