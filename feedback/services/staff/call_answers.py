"""Answers to calls with an `Idempotency-Key`: stored in the transaction of the call's effect, and kept for a day.

A process that is killed in between has stored neither, so the caller can send the same call again in any case. After
draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from feedback.errors import Conflict, Rejected
from feedback.store.models import CallAnswer

KEPT = timedelta(hours=24)
LONGEST_KEY = 255
AT_ONCE = 1_000
"""Old answers that are deleted in one transaction."""


@dataclass(frozen=True, slots=True)
class RepeatableCall:
    """A call of the API key `key_id`: digests of its `Idempotency-Key` and of what was sent."""

    key_id: int
    call: str
    request: str

    @classmethod
    def of(cls, key_id: int, written: str, *parts: bytes) -> RepeatableCall:
        """`written` is the value of the header, `parts` what makes two calls the same. Raises Rejected."""
        name = written.strip().strip('"')
        if not 0 < len(name) <= LONGEST_KEY or not name.isprintable():
            raise Rejected(f"Send an Idempotency-Key of 1 to {LONGEST_KEY} printable characters.")
        sent = hashlib.sha256()
        for part in parts:
            sent.update(len(part).to_bytes(8, "big"))
            sent.update(part)
        return cls(key_id, hashlib.sha256(name.encode()).hexdigest(), sent.hexdigest())


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


def given(session: Session, call: RepeatableCall, now: datetime) -> Answered | None:
    """The answer that this call already got; None if its effect is still to come.

    Raises Conflict while another node processes the same call, and Rejected if the key was used for another one.
    """
    if session.get_bind().dialect.name == "postgresql" and not session.scalar(
        text("SELECT pg_try_advisory_xact_lock(hashtextextended(:call, :key))"),
        {"call": call.call, "key": call.key_id},
    ):
        raise Conflict("The first call with this Idempotency-Key is still being processed: try again later.")
    row = session.get(CallAnswer, (call.key_id, call.call))
    if row is not None and row.created_at <= now - KEPT:
        session.delete(row)
        session.flush()
        return None
    if row is None:
        return None
    if row.request != call.request:
        raise Rejected("Use another Idempotency-Key: this one was used for another call.")
    return Answered(row.status, row.body, dict(row.headers))


def keep(session: Session, call: RepeatableCall, answered: Answered, now: datetime) -> None:
    """Keep the answer; in the transaction of the effect."""
    session.add(
        CallAnswer(
            key_id=call.key_id,
            call=call.call,
            request=call.request,
            status=answered.status,
            headers=answered.headers,
            body=answered.body,
            created_at=now,
        )
    )


def purge(session: Session, now: datetime) -> None:
    """Delete answers that were kept long enough, at most `AT_ONCE`."""
    old = select(CallAnswer.key_id, CallAnswer.call).where(CallAnswer.created_at <= now - KEPT)
    rows = session.execute(old.order_by(CallAnswer.created_at).limit(AT_ONCE)).all()
    for key_id in {row.key_id for row in rows}:
        calls = [row.call for row in rows if row.key_id == key_id]
        session.execute(delete(CallAnswer).where(CallAnswer.key_id == key_id, CallAnswer.call.in_(calls)))
