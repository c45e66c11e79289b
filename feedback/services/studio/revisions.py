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


def keep(session: Session, row: StudioText, note: str, *, published_at: datetime | None = None) -> int:
    """Store the draft of a locked row as a revision, and return its number.

    If the latest revision has the same text, a draft is not stored twice, and that number is returned.
    """
    latest = session.scalars(
        select(StudioRevision)
        .where(StudioRevision.key == row.key)
        .order_by(StudioRevision.number.desc())
        .limit(1)
    ).first()
    if latest and latest.text == row.draft and published_at is None:
        return latest.number
    number = latest.number + 1 if latest else 1
    session.add(
        StudioRevision(
            key=row.key,
            number=number,
            text=row.draft,
            note=note[:LONGEST_NOTE],
            user_id=row.user_id,
            at=row.saved_at,
            published_at=published_at,
        )
    )
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


def _revision(row: StudioRevision, name: str | None, published: int | None) -> Revision:
    return Revision(
        row.number, row.text, row.note, name or "", row.at, row.published_at, row.number == published
    )
