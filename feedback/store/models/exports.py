"""Exports that a worker makes: what was asked for, how far it is, and the file."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base
from feedback.store.models.columns import BigId, JsonObject, Name, PrimaryKey, Word


class ExportRun(Base):
    """One file that somebody asked for.

    States: waiting -> running -> done, or failed; `erased` is a finished one whose file was deleted because a person in
    it may have been erased. `request` is a `services.exports.ExportRequest`; `sees_all` is whether the user saw all
    accounts. `attempt` counts how often it was begun; parts of another attempt belong to a worker that is gone.
    """

    __tablename__ = "export_run"
    __table_args__ = (Index("ix_export_run_state_expires_at", "state", "expires_at"),)

    id: Mapped[PrimaryKey]
    request: Mapped[JsonObject]
    name: Mapped[Name]
    state: Mapped[Word]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    sees_all: Mapped[bool]
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    rows: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(BigId, default=0)
    problem: Mapped[str | None] = mapped_column(String(255))


class ExportPart(Base):
    """A piece of the file of an export, compressed."""

    __tablename__ = "export_part"
    __table_args__ = (UniqueConstraint("export_id", "attempt", "number"),)

    id: Mapped[PrimaryKey]
    export_id: Mapped[int] = mapped_column(ForeignKey("export_run.id", ondelete="CASCADE"))
    attempt: Mapped[int]
    number: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
