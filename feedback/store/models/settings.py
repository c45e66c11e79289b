"""Settings of the organisation that were changed in the browser, and their history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base
from feedback.store.models.columns import Json, PrimaryKey, Word


class StoredSetting(Base):
    """A setting, as `feedback.toml` would have it; a secret is sealed (`services.organisation.sealing`)."""

    __tablename__ = "stored_setting"

    name: Mapped[Word] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(Json)
    at: Mapped[datetime]


class SettingChange(Base):
    """One change of a setting. Of a secret, `before` and `after` only say whether there was one."""

    __tablename__ = "setting_change"
    __table_args__ = (Index("ix_setting_change_name_id", "name", "id"),)

    id: Mapped[PrimaryKey]
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    name: Mapped[Word]
    before: Mapped[Any] = mapped_column(Json)
    after: Mapped[Any] = mapped_column(Json)
