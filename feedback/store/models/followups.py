"""Follow-ups, their timeline, and root causes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.core.followup import State
from feedback.store.base import Base
from feedback.store.models.columns import JsonObject, PrimaryKey, Word
from feedback.store.models.customers import Account, Contact
from feedback.store.models.responses import Response
from feedback.store.models.staff import User
from feedback.store.types import StateType


class RootCause(Base):
    """An entry in the list of root causes. With `retired_at` it can no longer be chosen, but old follow-ups keep it."""

    __tablename__ = "root_cause"

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[JsonObject]
    retired_at: Mapped[datetime | None]


class FollowUp(Base):
    """One follow-up. States: open, taken, snoozed, closed (see `core.followup`); a closed one can be reopened.

    `revision` increases with every change; a change must name the revision that its author saw.
    `owner_told_at` is when the current owner was notified or took it; it is empty after a reassignment.
    For each of the two targets, first contact and closing, there is one reminder and one escalation.
    """

    __tablename__ = "follow_up"
    __table_args__ = (
        UniqueConstraint("response_id", "kind"),
        Index("ix_follow_up_state_owner", "state", "owner_id"),
        Index("ix_follow_up_account", "account_id"),
        Index("ix_follow_up_contact", "contact_id"),
        Index("ix_follow_up_opened_at", "opened_at"),
        Index("ix_follow_up_closed_at", "closed_at"),
    )

    id: Mapped[PrimaryKey]
    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    rule: Mapped[Word]
    kind: Mapped[Word]  # recovery | advocacy
    title: Mapped[JsonObject]
    playbook: Mapped[JsonObject] = mapped_column(default=dict)
    urgency: Mapped[Word]
    state: Mapped[State] = mapped_column(StateType(State))
    metric: Mapped[str | None] = mapped_column(String(64))
    score: Mapped[int | None]
    previous_score: Mapped[int | None]
    opened_at: Mapped[datetime]
    contact_due_at: Mapped[datetime]
    close_due_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    first_contact_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    owner_told_at: Mapped[datetime | None]
    contact_reminded_at: Mapped[datetime | None]
    close_reminded_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]  # of the first contact
    close_escalated_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    outcome: Mapped[str | None] = mapped_column(String(64))
    root_cause_id: Mapped[int | None] = mapped_column(ForeignKey("root_cause.id"))
    closing_note: Mapped[str | None] = mapped_column(Text)
    recovered_revenue: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    revision: Mapped[int] = mapped_column(default=1)
    is_demo: Mapped[bool] = mapped_column(default=False)

    response: Mapped[Response] = relationship()
    account: Mapped[Account | None] = relationship()
    contact: Mapped[Contact | None] = relationship()
    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id])
    closed_by: Mapped[User | None] = relationship(foreign_keys=[closed_by_id])
    entries: Mapped[list[FollowUpEntry]] = relationship(order_by="FollowUpEntry.id")


class FollowUpEntry(Base):
    """One entry of a follow-up's timeline: opened, taken, note, call, email, sms, reassigned, snoozed, closed ..."""

    __tablename__ = "follow_up_entry"

    id: Mapped[PrimaryKey]
    follow_up_id: Mapped[int] = mapped_column(ForeignKey("follow_up.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    kind: Mapped[Word]
    text: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[JsonObject] = mapped_column(default=dict)

    user: Mapped[User | None] = relationship()
