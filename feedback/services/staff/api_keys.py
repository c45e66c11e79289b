"""API keys: shown once, stored as a digest, revoked permanently."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.store.models import ApiKey
from feedback.store.prepared import PreparedStatement

START = "fbk_"
"""The prefix of every key, by which people and secret scanners recognise it."""
_SHOWN = len(START) + 6
_USE_IS_NOTED_EVERY = timedelta(hours=1)

_BY_DIGEST = PreparedStatement(
    select(ApiKey.id, ApiKey.last_used_at).where(
        ApiKey.digest == bindparam("digest"), ApiKey.revoked_at.is_(None)
    )
)


def create(session: Session, name: str, *, by: int | None, now: datetime) -> tuple[ApiKey, str]:
    """Create a key. Returns it with its text, which is not stored. Raises Rejected for an empty or too long name.

    Plain SHA-256 is enough, because a key has 256 random bits and cannot be guessed.
    """
    if not 0 < len(name.strip()) <= 255:
        raise Rejected("Give the key the name of the program that uses it, with at most 255 characters.")
    token = START + secrets.token_urlsafe(32)
    row = ApiKey(name=name.strip(), prefix=token[:_SHOWN], digest=_digest(token), created_at=now)
    session.add(row)
    session.flush()
    audit.record(session, "created", "api_key", row.id, by=by, now=now)
    return row, token


def revoke(session: Session, key_id: int, *, by: int | None, now: datetime) -> ApiKey:
    """Revoke a key immediately. Raises NotFound, or Conflict if it is revoked already."""
    row = session.get(ApiKey, key_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such key.")
    if row.revoked_at is not None:
        raise Conflict("This key is already revoked.")
    row.revoked_at = now
    audit.record(session, "revoked", "api_key", row.id, by=by, now=now)
    return row


def everything(session: Session) -> Sequence[ApiKey]:
    """All keys, including revoked ones, the newest first."""
    return session.scalars(select(ApiKey).order_by(ApiKey.id.desc())).all()


class ValidKey(NamedTuple):
    """What a call needs to know of its key."""

    id: int
    last_used_at: datetime | None


def find(connection: Connection, token: str) -> ValidKey | None:
    """The valid key with this text; None for an unknown or revoked one."""
    row = _BY_DIGEST.one_or_none(connection, {"digest": _digest(token)})
    return None if row is None else ValidKey(*row)


def is_use_worth_noting(key: ValidKey, now: datetime) -> bool:
    """Whether to record the use: once per day, because each record costs a commit."""
    return key.last_used_at is None or now - key.last_used_at >= _USE_IS_NOTED_EVERY


def note_use(session: Session, key_id: int, now: datetime) -> None:
    """Record the day of the last use, which shows whether a key is still needed."""
    row = session.get_one(ApiKey, key_id)
    row.last_used_at = now


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
