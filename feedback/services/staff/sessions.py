"""The sessions of staff: one row for each signed-in device.

The cookie contains a random secret and nothing else; the row decides how long it is valid. Deleting the row ends the
session with the next click.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from feedback.errors import NotFound
from feedback.services import audit
from feedback.store.models import ProviderSession, StaffSession, User

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=14)
REMEMBERED = timedelta(days=30)
"""The life of a session with "Keep me signed in", however long it is idle."""
SEEN_EVERY = timedelta(minutes=1)
"""The use of a session is stored at most this often."""


@dataclass(frozen=True, slots=True)
class Device:
    """Where somebody signs in: browser and system in words (empty if unknown), and the network."""

    words: str
    network: str


def new_secret() -> str:
    """The secret of a session's cookie: 256 random bits."""
    return secrets.token_urlsafe(32)


def begin(
    user: User,
    secret: str,
    device: Device,
    *,
    remembered: bool,
    now: datetime,
    began_at: ProviderSession | None = None,
) -> StaffSession:
    """The row of a new session; add it to a transaction. `began_at` is the sign-in at the provider, if any."""
    return StaffSession(
        provider_session_id=began_at.id if began_at else None,
        has_second_factor=began_at is not None and began_at.has_second_factor,
        user_id=user.id,
        digest=_digest(secret),
        uniquifier=user.fs_uniquifier,
        created_at=now,
        seen_at=now,
        remembered=remembered,
        device=device.words[:255],
        network=device.network[:64],
    )


def find(session: Session, secret: str, now: datetime) -> StaffSession | None:
    """The session with this secret, if it is not over."""
    found = session.scalar(select(StaffSession).where(StaffSession.digest == _digest(secret)))
    return found if found is not None and not _is_over(found, now) else None


def in_force(session: Session, user: User, now: datetime) -> Sequence[StaffSession]:
    """The sessions of a user that are not over, the last used first."""
    theirs = select(StaffSession).where(
        StaffSession.user_id == user.id, StaffSession.uniquifier == user.fs_uniquifier
    )
    found = session.scalars(theirs.order_by(StaffSession.seen_at.desc(), StaffSession.id.desc()))
    return [each for each in found if not _is_over(each, now)]


def devices(session: Session, now: datetime) -> dict[int, int]:
    """User id -> number of the devices on which they are signed in; without those who are signed in nowhere."""
    wanted = select(StaffSession).join(User, User.id == StaffSession.user_id)
    found = session.scalars(wanted.where(StaffSession.uniquifier == User.fs_uniquifier))
    return Counter(each.user_id for each in found if not _is_over(each, now))


def note_seen(session: Session, session_id: int, network: str, now: datetime) -> None:
    """Store that a session is used."""
    mine = update(StaffSession).where(StaffSession.id == session_id)
    session.execute(mine.values(seen_at=now, network=network[:64]))


def end(session: Session, session_id: int) -> None:
    """End one session, whether it exists or not."""
    session.execute(delete(StaffSession).where(StaffSession.id == session_id))


def end_one(session: Session, user: User, session_id: int, *, now: datetime) -> None:
    """The user ends one of their own sessions. Raises NotFound for another person's."""
    found = session.get(StaffSession, session_id)
    if found is None or found.user_id != user.id:
        raise NotFound("Page not found.")
    session.delete(found)
    audit.record(session, "session ended", "user", user.id, by=user.id, now=now)


def end_others(session: Session, user: User, kept: int, *, now: datetime) -> None:
    """The user ends all of their sessions but one."""
    theirs = delete(StaffSession).where(StaffSession.user_id == user.id, StaffSession.id != kept)
    session.execute(theirs)
    audit.record(session, "other sessions ended", "user", user.id, by=user.id, now=now)


def end_all(session: Session, user: User) -> None:
    """End all sessions of a user."""
    session.execute(delete(StaffSession).where(StaffSession.user_id == user.id))


def purge(session: Session, now: datetime) -> None:
    """Delete the sessions that are over."""
    replaced = StaffSession.uniquifier.not_in(select(User.fs_uniquifier))
    plain = and_(
        StaffSession.remembered.is_(False),
        or_(StaffSession.seen_at <= now - IDLE, StaffSession.created_at <= now - LONGEST),
    )
    old = or_(plain, StaffSession.created_at <= now - REMEMBERED, replaced)
    session.execute(delete(StaffSession).where(old))


def _is_over(found: StaffSession, now: datetime) -> bool:
    if found.remembered:
        return found.created_at <= now - REMEMBERED
    return found.seen_at <= now - IDLE or found.created_at <= now - LONGEST


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
