"""Counts kept while answers come in, so that a report over ten million of them reads a few hundred rows.

They say nothing that the answers do not; `feedback.services.rollups` writes them, checks them and can make
them anew. Days are the organisation's (`organisation.time_zone`).
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base
from feedback.store.models.columns import Word


class ScoreCount(Base):
    """How many scores had `value` in the day or month that begins on `start`.

    `grain` is day or month. `dimension` is all (with an empty `key`), segment, stage, channel, owner or
    language, and `key` the one segment, stage ... ; empty where the answer had none. Dimensions are counted
    side by side and never crossed: crossing them would take nearly as many rows as there are answers.
    """

    __tablename__ = "score_count"
    # The primary key is in the order in which reports read: one range for one dimension and period. Room on
    # every page lets PostgreSQL raise a count in place.
    __table_args__ = {"sqlite_with_rowid": False, "postgresql_with": {"fillfactor": 70}}  # noqa: RUF012

    trend: Mapped[Word] = mapped_column(primary_key=True)
    question: Mapped[Word] = mapped_column(primary_key=True)
    metric: Mapped[Word] = mapped_column(primary_key=True)
    grain: Mapped[str] = mapped_column(String(8), primary_key=True)
    dimension: Mapped[Word] = mapped_column(primary_key=True)
    start: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[Word] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int]


class CountedBy(Base):
    """One row: the zone by whose days the counts are kept. Another one in the settings asks for a rebuild."""

    __tablename__ = "counted_by"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    zone: Mapped[Word]


class InvitationCount(Base):
    """How many invitations left on `day`, and how many of these have been answered since.

    An answer counts on the day of its invitation, so that answered / sent is the response rate of that day's
    invitations however late the answers come. `provisional` are answers that look like a machine's; they
    are not among the `answered`.
    """

    __tablename__ = "invitation_count"
    __table_args__ = {"sqlite_with_rowid": False, "postgresql_with": {"fillfactor": 70}}  # noqa: RUF012

    questionnaire: Mapped[Word] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    stage: Mapped[Word] = mapped_column(primary_key=True)
    channel: Mapped[Word] = mapped_column(primary_key=True)
    sent: Mapped[int]
    answered: Mapped[int]
    provisional: Mapped[int]
