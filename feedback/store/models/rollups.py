"""Counts updated with every answer, so that a report over ten million answers reads a few hundred rows.

They are derived from the answers; `feedback.services.rollups` writes, checks and rebuilds them. Days are
those of `organisation.time_zone`.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import String, true
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base
from feedback.store.models.columns import Word


class ScoreCount(Base):
    """The number of scores with `value` in the day or month that begins on `start`.

    `grain` is day or month. `dimension` is all (with an empty `key`), segment, stage, channel, owner or
    language, and `key` is the segment, stage ..., empty if the answer had none. Dimensions are counted
    separately and never combined: combinations would need nearly as many rows as there are answers.
    """

    __tablename__ = "score_count"
    # The primary key is in the order in which reports read: one range per dimension and period. Free space on
    # every page lets PostgreSQL update a count in place.
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


class AnswerCount(Base):
    """The number of answers with `value` (an option, a point, a number, a day) in a day or month, as in `ScoreCount`.

    `item` and `value` are those of `Question.tallies`: an item is the row of a matrix, a ranked option, `-` for those
    who chose "does not apply" or the like, or empty. Texts are not counted, and of scored questions only the latter.
    """

    __tablename__ = "answer_count"
    # In the order in which a page of results reads: all questions of a survey at once.
    __table_args__ = {"sqlite_with_rowid": False, "postgresql_with": {"fillfactor": 70}}  # noqa: RUF012

    trend: Mapped[Word] = mapped_column(primary_key=True)
    grain: Mapped[str] = mapped_column(String(8), primary_key=True)
    dimension: Mapped[Word] = mapped_column(primary_key=True)
    start: Mapped[date] = mapped_column(primary_key=True)
    key: Mapped[Word] = mapped_column(primary_key=True)
    question: Mapped[Word] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(String(65), primary_key=True)
    value: Mapped[Word] = mapped_column(primary_key=True)
    n: Mapped[int]


class CountedBy(Base):
    """One row: the time zone of the days in the counts. If the settings name another zone, rebuild the counts.

    `complete` is false after an upgrade that brought a new kind of count, until they are rebuilt.
    """

    __tablename__ = "counted_by"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    zone: Mapped[Word]
    complete: Mapped[bool] = mapped_column(default=True, server_default=true())


class InvitationCount(Base):
    """The number of invitations sent on `day`, and how many of them have been answered since.

    An answer counts on the day of its invitation, so answered / sent is the response rate of that day's
    invitations, even if answers come late. `provisional` counts answers that look like a machine's, which
    are not included in `answered`.
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
