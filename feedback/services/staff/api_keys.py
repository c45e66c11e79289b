"""Keys of programs: shown once, stored as a digest, revoked for good."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.store.models import ApiKey

START = "fbk_"
"""How every key begins, so that scanners of repositories and people can tell what they have found."""
_SHOWN = len(START) + 6
_USE_IS_NOTED_EVERY = timedelta(hours=1)


def create(session: Session, name: str, *, by: int | None, now: datetime) -> tuple[ApiKey, str]:
    """A new key and its text, which nobody can read again. Raises Rejected for an empty or long name.

    Plain SHA-256 is enough for it: a key is 256 random bits, and there is nothing to guess.
    """
    if not 0 < len(name.strip()) <= 255:
        raise Rejected("A key needs a name that says which program uses it, of up to 255 characters.")
    token = START + secrets.token_urlsafe(32)
    row = ApiKey(name=name.strip(), prefix=token[:_SHOWN], digest=_digest(token), created_at=now)
    session.add(row)
    session.flush()
    audit.record(session, "created", "api_key", row.id, by=by, now=now)
    return row, token


def revoke(session: Session, key_id: int, *, by: int | None, now: datetime) -> ApiKey:
    """End a key at once. Raises NotFound, and Conflict where it was revoked before."""
    row = session.get(ApiKey, key_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such key.")
    if row.revoked_at is not None:
        raise Conflict("This key was revoked before.")
    row.revoked_at = now
    audit.record(session, "revoked", "api_key", row.id, by=by, now=now)
    return row


def everything(session: Session) -> Sequence[ApiKey]:
    """All keys, revoked ones too, the newest first."""
    return session.scalars(select(ApiKey).order_by(ApiKey.id.desc())).all()


def find(session: Session, token: str) -> ApiKey | None:
    """The valid key with this text; None for an unknown or revoked one."""
    return session.scalar(select(ApiKey).where(ApiKey.digest == _digest(token), ApiKey.revoked_at.is_(None)))


def is_use_worth_noting(key: ApiKey, now: datetime) -> bool:
    """Whether the day of its last use should be written down: not at every call, that would cost a commit."""
    return key.last_used_at is None or now - key.last_used_at >= _USE_IS_NOTED_EVERY


def note_use(session: Session, key_id: int, now: datetime) -> None:
    """Remember that the key is in use, so that a forgotten one can be told from a needed one."""
    row = session.get_one(ApiKey, key_id)
    row.last_used_at = now


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
