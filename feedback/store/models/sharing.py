"""Pages of reports that are shared by a link."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.store.base import Base
from feedback.store.models.columns import Json, JsonObject, PrimaryKey, Word
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


class ReportMail(Base):
    """The scores of each week or month by mail.

    `people` are ids of staff, who get what they may see; `addresses` are of others, who get what the shared page of the
    link shows. `decided` is the first day of the last period about which was decided, in the transaction that queued
    its mails: so each period is sent once. `quiet_since` is when a mail said that nobody answered.
    """

    __tablename__ = "report_mail"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(120))
    rhythm: Mapped[Word]  # weekly | monthly
    people: Mapped[list[int]] = mapped_column(Json, default=list)
    addresses: Mapped[list[str]] = mapped_column(Json, default=list)
    link_id: Mapped[int | None] = mapped_column(ForeignKey("shared_link.id", ondelete="SET NULL"))
    language: Mapped[str] = mapped_column(String(8), default="en")
    maker_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    decided: Mapped[date]
    sent_at: Mapped[datetime | None]
    quiet_since: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]

    maker: Mapped[User | None] = relationship()
    link: Mapped[SharedLink | None] = relationship()
