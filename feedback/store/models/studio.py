"""Texts of questionnaires and of the journey that are edited in the studio."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base
from feedback.store.models.columns import PrimaryKey, Word


class StudioText(Base):
    """The working draft of one text, by key: that of the questionnaire, or `journey`.

    `edit` counts the changes, so that nobody overwrites what somebody else saved meanwhile. `published` is the number
    of the revision in force; without one, a file with this key is in force.
    """

    __tablename__ = "studio_text"

    key: Mapped[Word] = mapped_column(String(64), primary_key=True)
    draft: Mapped[str] = mapped_column(Text)
    edit: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    published: Mapped[int | None]
    archived_at: Mapped[datetime | None]


class StudioRevision(Base):
    """A text as it once was; only the erasure of a person changes it. Without `published_at` it is a draft that was
    kept."""

    __tablename__ = "studio_revision"
    __table_args__ = (UniqueConstraint("key", "number"),)

    id: Mapped[PrimaryKey]
    key: Mapped[Word] = mapped_column(ForeignKey("studio_text.key"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class StudioPresence(Base):
    """Who has a text open, and when their page last said so."""

    __tablename__ = "studio_presence"

    key: Mapped[Word] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    seen_at: Mapped[datetime]
