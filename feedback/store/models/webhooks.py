"""The outbox of notifications to staff chats."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.core.lifecycle import NoticeState
from feedback.store.base import Base
from feedback.store.models.columns import JsonObject, PrimaryKey, Word
from feedback.store.models.followups import FollowUp
from feedback.store.types import StateType


class WebhookCall(Base):
    """One notification to one chat. States: queued -> sent | failed. `payload` is emptied once it is sent or failed.

    `due_at` is also the lease: a worker moves it forward before it makes the call, so a call without a recorded
    result is repeated. `error` is a code such as `http_410`, never the address, which is a secret.
    """

    __tablename__ = "webhook_call"
    __table_args__ = (Index("ix_webhook_call_state_due_at", "state", "due_at"),)

    id: Mapped[PrimaryKey]
    kind: Mapped[Word]  # slack | teams
    about: Mapped[Word]  # new | late | unclosed | again
    payload: Mapped[JsonObject]
    state: Mapped[NoticeState] = mapped_column(StateType(NoticeState))
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    notices: Mapped[list[WebhookNotice]] = relationship(back_populates="call", order_by="WebhookNotice.id")


class WebhookNotice(Base):
    """A follow-up that a call mentions; each kind of news about it is sent to each chat once."""

    __tablename__ = "webhook_notice"
    __table_args__ = (UniqueConstraint("follow_up_id", "kind", "about"),)

    id: Mapped[PrimaryKey]
    call_id: Mapped[int] = mapped_column(ForeignKey("webhook_call.id", ondelete="CASCADE"), index=True)
    follow_up_id: Mapped[int] = mapped_column(ForeignKey("follow_up.id", ondelete="CASCADE"))
    kind: Mapped[Word]
    about: Mapped[Word]

    call: Mapped[WebhookCall] = relationship(back_populates="notices")
    follow_up: Mapped[FollowUp] = relationship()
