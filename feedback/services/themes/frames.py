"""The frame in force, and its history in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.themes.frame import ThemeFrame
from feedback.core.themes.matching import Matcher
from feedback.errors import Conflict, NotFound
from feedback.services import audit
from feedback.services.themes import frame_file
from feedback.store.database import add_once
from feedback.store.models import Bookmark, ThemeFrameVersion, User

SHIPPED_EDITION = 1
"""Raise it if the shipped frame or the way of reading changes, so that comments are read again."""
SUBJECT = "theme_frame"
LOCK = "themes"
"""The bookmark whose row is locked by a change."""


@dataclass(frozen=True, slots=True)
class FrameInForce:
    """`version` is 0 for the shipped frame; `edition` grows whenever comments have to be read again."""

    version: int
    text: str

    @property
    def frame(self) -> ThemeFrame:
        return _parsed(self.text)

    @property
    def edition(self) -> int:
        return self.version + SHIPPED_EDITION

    @property
    def matcher(self) -> Matcher:
        return _matcher(self.text)


@dataclass(frozen=True, slots=True)
class SavedFrame:
    """A version in the history; `by` is None if the account was deleted."""

    version: int
    at: datetime
    by: str | None


def in_force(session: Session) -> FrameInForce:
    """The latest saved frame, or the shipped one."""
    version = int(session.scalar(select(func.max(ThemeFrameVersion.id))) or 0)
    return FrameInForce(version, text_of(session, version))


def text_of(session: Session, version: int) -> str:
    """The YAML of a version, 0 for the shipped one. Raises NotFound."""
    if not version:
        return frame_file.shipped_text()
    row = session.get(ThemeFrameVersion, version)
    if row is None:
        raise NotFound("There is no such version.")
    return row.content


def save(session: Session, text: str, *, seen: int, by: int | None, now: datetime) -> int:
    """Store a new version and return its number. Raises FrameRefused, or Conflict if somebody has saved another one
    since version `seen`. Comments are read again by the worker."""
    frame = frame_file.parse(text)
    _lock(session)
    present = in_force(session).version
    if present != seen:
        raise Conflict("Somebody else has just changed the themes. Look at their version, then save yours.")
    if text == text_of(session, present):
        return present
    row = ThemeFrameVersion(at=now, user_id=by, content=text)
    session.add(row)
    session.flush()
    audit.record(session, "changed", SUBJECT, row.id, by=by, now=now, themes=len(frame.themes))
    return row.id


def history(session: Session, limit: int = 50) -> list[SavedFrame]:
    """The saved versions, the latest first."""
    rows = session.execute(
        select(ThemeFrameVersion.id, ThemeFrameVersion.at, User.name)
        .outerjoin(User, User.id == ThemeFrameVersion.user_id)
        .order_by(ThemeFrameVersion.id.desc())
        .limit(limit)
    )
    return [SavedFrame(*row) for row in rows]


@lru_cache(maxsize=4)
def _parsed(text: str) -> ThemeFrame:
    return frame_file.parse(text)


@lru_cache(maxsize=2)
def _matcher(text: str) -> Matcher:
    return Matcher(_parsed(text))


def _lock(session: Session) -> None:
    """Let changes run one after the other, also those of two nodes."""
    add_once(session, Bookmark(name=LOCK, value=""))
    session.scalars(select(Bookmark).where(Bookmark.name == LOCK).with_for_update()).one()
