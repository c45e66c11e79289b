"""Pages of reports that are shared by a link."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.store.base import Base
from feedback.store.models.columns import JsonObject, PrimaryKey, Word
from feedback.store.models.staff import User


class SharedLink(Base):
    """A page that everybody with its signed address may read until `expires_at`.

    `view` is what is shown (`services.sharing.shared_links.SharedView`), `filters` the frozen filters of the page.
    `language` is empty for that of the reader's browser. It dies with its maker, because it must never show more.
    """

    __tablename__ = "shared_link"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(120))
    view: Mapped[Word]
    filters: Mapped[JsonObject] = mapped_column(default=dict)
    comments: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(8), default="")
    maker_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    maker: Mapped[User] = relationship()
