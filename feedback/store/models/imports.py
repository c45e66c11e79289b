"""Imports that are made in the browser: the file, what was chosen, how far it is, and what it changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base
from feedback.store.models.columns import BigId, Json, JsonObject, Name, PrimaryKey, Word


class ImportRun(Base):
    """One uploaded file.

    States: uploaded -> checking -> checked -> importing -> done -> undoing -> undone, or failed; `running` is one of
    answers that a terminal makes. `chosen` is how the
    file is read (`services.imports.menus.Chosen`), `report` what came out. `began_at` is the time that an import gives
    to all rows that it writes. `lease_until` is in the future while a worker is at it.
    """

    __tablename__ = "import_run"

    id: Mapped[PrimaryKey]
    kind: Mapped[Word]  # accounts | contacts | events | answers
    name: Mapped[Name]
    state: Mapped[Word] = mapped_column(index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(index=True)
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    chosen: Mapped[JsonObject] = mapped_column(default=dict)
    report: Mapped[JsonObject] = mapped_column(default=dict)
    lines: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]


class ImportPart(Base):
    """A piece of an uploaded file (`what` is file), or of the list of refused rows (refused)."""

    __tablename__ = "import_part"
    __table_args__ = (UniqueConstraint("import_id", "what", "number"),)

    id: Mapped[PrimaryKey]
    import_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    what: Mapped[Word]
    number: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class ImportChange(Base):
    """A row that an import wrote. `before` holds what was stored until then; it is empty for a new row."""

    __tablename__ = "import_change"
    __table_args__ = (
        UniqueConstraint("import_id", "subject", "row_id"),
        Index("ix_import_change_subject_row", "subject", "row_id"),  # an erasure looks for a contact
    )

    id: Mapped[PrimaryKey]
    import_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    subject: Mapped[Word]  # account | contact
    row_id: Mapped[int] = mapped_column(BigId)
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)


class ImportedResponse(Base):
    """A past answer that an import stored. `key` is a digest of what identifies its row, so that the same row is stored
    once, also by another import."""

    __tablename__ = "imported_response"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_imported_response_import", "import_id", "response_id"),
    )

    response_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("response.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    import_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(64))
