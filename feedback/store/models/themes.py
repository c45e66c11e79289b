"""What comments are about: the frame of themes with its history, the themes of each comment, and their counts."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base
from feedback.store.models.columns import PrimaryKey, Word


class ThemeFrameVersion(Base):
    """One saved version of the frame, as YAML; the latest is in force. Without any, the shipped one is."""

    __tablename__ = "theme_frame"

    id: Mapped[PrimaryKey]
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    content: Mapped[str] = mapped_column(Text)


class CommentTheme(Base):
    """A theme of a comment (an answer with text), given by the machine or by a person.

    What a person gave is never changed by the machine. A person who says that a comment has no theme leaves one row
    with the theme `-`.
    """

    __tablename__ = "comment_theme"
    __table_args__ = (
        UniqueConstraint("answer_id", "theme"),
        Index("ix_comment_theme_theme_answer", "theme", "answer_id"),
    )

    id: Mapped[PrimaryKey]
    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"))
    theme: Mapped[Word]
    origin: Mapped[str] = mapped_column(String(8))  # machine | person
    line: Mapped[str] = mapped_column(String(80), default="")
    frame: Mapped[int]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    at: Mapped[datetime]


class ThemeCount(Base):
    """The number of comments with a theme in a day or month, as in `ScoreCount`; `-` is without a theme, and an empty
    theme stands for all comments.

    With an empty `trend` it counts the comments; otherwise those whose response has this score in that series.
    """

    __tablename__ = "theme_count"
    # In the order in which a page reads: one range per series, dimension and period.
    __table_args__ = {"sqlite_with_rowid": False, "postgresql_with": {"fillfactor": 70}}  # noqa: RUF012

    trend: Mapped[Word] = mapped_column(primary_key=True)
    question: Mapped[Word] = mapped_column(primary_key=True)
    metric: Mapped[Word] = mapped_column(primary_key=True)
    grain: Mapped[str] = mapped_column(String(8), primary_key=True)
    dimension: Mapped[Word] = mapped_column(primary_key=True)
    start: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[Word] = mapped_column(primary_key=True)
    theme: Mapped[Word] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int]


class ThemeDay(Base):
    """A day whose counts are to be made again, because a comment of it or its themes have changed. `n` grows with each
    change, so that one that comes while the worker counts is not lost."""

    __tablename__ = "theme_day"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    day: Mapped[date] = mapped_column(primary_key=True)
    n: Mapped[int]
