"""Who has a text open, so that two people who write see each other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from feedback.store.database import add_once
from feedback.store.models import StudioPresence, User

OPEN = timedelta(minutes=2)
"""So long after its last sign a page counts as open; without JavaScript a page gives a sign only when it is loaded."""
FORGOTTEN = timedelta(days=1)
LONGEST_KEY = 64


class Present(NamedTuple):
    """A user's name, and when their page last gave a sign."""

    name: str
    seen_at: datetime


def seen(session: Session, key: str, *, by: int, now: datetime) -> None:
    """Store that user `by` has a text open now."""
    if len(key) > LONGEST_KEY:
        return
    row = session.get(StudioPresence, (key, by))
    if row is None:
        add_once(session, StudioPresence(key=key, user_id=by, seen_at=now))
        session.execute(delete(StudioPresence).where(StudioPresence.seen_at < now - FORGOTTEN))
    else:
        row.seen_at = now


def others(session: Session, key: str, *, by: int, now: datetime) -> list[Present]:
    """The other users who have a text open, by name."""
    wanted = (
        select(User.name, StudioPresence.seen_at)
        .join(User, User.id == StudioPresence.user_id)
        .where(StudioPresence.key == key, StudioPresence.user_id != by, StudioPresence.seen_at > now - OPEN)
        .order_by(User.name)
    )
    return [Present(*row) for row in session.execute(wanted)]
