"""Revisions of a text: what was published, and drafts that were kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.errors import NotFound
from feedback.store.models import StudioRevision, StudioText, User

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision. `author` is a name, "" for a user who is gone; `at` is when this text was saved."""

    number: int
    text: str
    note: str
    author: str
    at: datetime
    published_at: datetime | None
    is_in_force: bool


def keep(session: Session, row: StudioText, note: str) -> int:
    """Store the draft of a locked row as a revision, and return its number; that of the latest one if it has the same
    text."""
    latest = _latest(session, row.key)
    if latest and latest.text == row.draft:
        return latest.number
    return add(session, row.key, row.draft, note, by=row.user_id, at=row.saved_at)


def add(
    session: Session,
    key: str,
    text: str,
    note: str,
    *,
    by: int | None,
    at: datetime,
    is_published: bool = False,
) -> int:
    """Store a text as a revision, and return its number. The row of the text must be locked."""
    latest = _latest(session, key)
    number = latest.number + 1 if latest else 1
    published_at = at if is_published else None
    session.add(
        StudioRevision(
            key=key, number=number, text=text, note=note[:LONGEST_NOTE], user_id=by, at=at,
            published_at=published_at,
        )
    )  # fmt: skip
    session.flush()
    return number


def history(session: Session, key: str) -> list[Revision]:
    """All revisions of a text, the latest first; none for a text that was never saved in the studio."""
    wanted = (
        select(StudioRevision, User.name, StudioText.published)
        .join(StudioText, StudioText.key == StudioRevision.key)
        .outerjoin(User, User.id == StudioRevision.user_id)
        .where(StudioRevision.key == key)
        .order_by(StudioRevision.number.desc())
    )
    return [_revision(row, name, published) for row, name, published in session.execute(wanted)]


def revision(session: Session, key: str, number: int) -> Revision:
    """One revision. Raises NotFound."""
    found = next((each for each in history(session, key) if each.number == number), None)
    if found is None:
        raise NotFound("There is no revision with this number.")
    return found


def _latest(session: Session, key: str) -> StudioRevision | None:
    wanted = select(StudioRevision).where(StudioRevision.key == key)
    return session.scalars(wanted.order_by(StudioRevision.number.desc()).limit(1)).first()


def _revision(row: StudioRevision, name: str | None, published: int | None) -> Revision:
    return Revision(
        row.number, row.text, row.note, name or "", row.at, row.published_at, row.number == published
    )
