"""The backups that the worker makes each night."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base
from feedback.store.models.columns import BigId, Name, PrimaryKey


class BackupRun(Base):
    """The backup of one night, which several nodes make once: the row of its day is the claim.

    `error` is the sentence by which it or its drill failed; None and `finished_at` mean that it is good. `rows` and
    `size` (bytes) are of the file; `drilled` says whether it was restored and compared.
    """

    __tablename__ = "backup_run"

    id: Mapped[PrimaryKey]
    day: Mapped[date] = mapped_column(unique=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    file: Mapped[Name] = mapped_column(default="")
    size: Mapped[int] = mapped_column(BigId, default=0)
    rows: Mapped[int] = mapped_column(BigId, default=0)
    drilled: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None] = mapped_column(Text)
