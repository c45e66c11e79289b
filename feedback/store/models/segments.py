"""Saved filters of customers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base
from feedback.store.models.columns import JsonObject, Name, PrimaryKey


class SavedSegment(Base):
    """A named filter of contacts. `query` is a `services.customers.filters.ContactFilter` without what is empty.

    `edit` increases with every change; a change must name the one that its author saw.
    """

    __tablename__ = "segment"

    id: Mapped[PrimaryKey]
    name: Mapped[Name] = mapped_column(unique=True)
    query: Mapped[JsonObject]
    edit: Mapped[int] = mapped_column(default=1)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
