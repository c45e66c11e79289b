"""How fast one sender may send: a token bucket in a row, shared by every node."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback.store.models import Pace

BURST_SECONDS = 10
"""A sender that was quiet may catch up this many seconds' worth at once."""


def available(session: Session, key: str, rate: float, now: datetime) -> float:
    """Tokens in the bucket of `key` at `rate` tokens a second; the row stays locked until the transaction ends."""
    bucket = session.scalar(select(Pace).where(Pace.key == key).with_for_update())
    full = max(1.0, rate * BURST_SECONDS)
    if bucket is None:
        bucket = _made(session, key, full, now)
    elapsed = max(0.0, (now - bucket.refilled_at).total_seconds())
    bucket.tokens = min(full, bucket.tokens + elapsed * rate)
    bucket.refilled_at = max(now, bucket.refilled_at)
    return bucket.tokens


def spend(session: Session, key: str, tokens: float) -> None:
    """Take `tokens` out; a long message may leave the bucket in debt, which the next refill pays first."""
    bucket = session.get_one(Pace, key)
    bucket.tokens -= tokens


def _made(session: Session, key: str, tokens: float, now: datetime) -> Pace:
    try:
        with session.begin_nested():
            session.add(Pace(key=key, tokens=tokens, refilled_at=now))
    except IntegrityError:  # another node made it first; wait for that node's turn to end
        pass
    return session.scalars(select(Pace).where(Pace.key == key).with_for_update()).one()
