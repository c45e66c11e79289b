"""From a journey event to an invitation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.store.base import Base
from feedback.store.models.columns import Json, JsonObject, Name, PrimaryKey, Word
from feedback.store.models.customers import Account, Contact


class JourneyEvent(Base):
    """Something that happened to a customer, told once: `key` is the sender's own."""

    __tablename__ = "journey_event"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[PrimaryKey]
    key: Mapped[Name]
    name: Mapped[Word]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    source: Mapped[Word]  # api | import | cli | demo
    properties: Mapped[JsonObject] = mapped_column(default=dict)


class QuestionnaireVersion(Base):
    """A published questionnaire, as it was: old answers keep their wording. `content` never changes."""

    __tablename__ = "questionnaire_version"
    __table_args__ = (UniqueConstraint("key", "content_hash"),)

    id: Mapped[PrimaryKey]
    key: Mapped[Word]
    content_hash: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    published_at: Mapped[datetime]


class Enrolment(Base):
    """The decision to survey a contact at a stage, also when it was "no": the reason is kept.

    `occurrence` tells one round from the next (an event's id, a renewal date, a cycle), so that planning the
    same thing twice is planning it once. States: scheduled -> issued | skipped | cancelled.
    """

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("contact_id", "stage", "occurrence"),
        Index("ix_enrolment_state_due_at", "state", "due_at"),
    )

    id: Mapped[PrimaryKey]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("journey_event.id", ondelete="SET NULL"))
    stage: Mapped[Word]
    occurrence: Mapped[str] = mapped_column(String(128))
    questionnaire: Mapped[Word]
    state: Mapped[Word]
    reason: Mapped[str | None] = mapped_column(String(64))
    explanation: Mapped[list[Any]] = mapped_column(Json, default=list)
    entered_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    next_allowed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime]

    contact: Mapped[Contact] = relationship()
    event: Mapped[JourneyEvent | None] = relationship()


class Invitation(Base):
    """One survey owed to one contact. `token` is the secret of its link.

    States move forward only: queued -> sent -> delivered -> opened -> started -> completed, or expired,
    skipped, failed, withdrawn. `reply_key` is set while an SMS reply from the customer's number belongs to this
    invitation; its uniqueness is what makes a reply's meaning certain.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("enrolment_id"),
        UniqueConstraint("token"),
        UniqueConstraint("reply_key"),
        Index("ix_invitation_state_expires_at", "state", "expires_at"),
        Index("ix_invitation_contact_created", "contact_id", "created_at"),
        Index("ix_invitation_account_created", "account_id", "created_at"),
        Index("ix_invitation_sent_at", "sent_at"),
    )

    id: Mapped[PrimaryKey]
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    version_id: Mapped[int] = mapped_column(ForeignKey("questionnaire_version.id"))
    stage: Mapped[Word]
    priority: Mapped[int] = mapped_column(default=50)
    channel: Mapped[Word]  # sms | email: how it first went out
    language: Mapped[str] = mapped_column(String(8))
    token: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[Word]
    state_reason: Mapped[str | None] = mapped_column(String(64))
    piping: Mapped[JsonObject] = mapped_column(default=dict)
    signs: Mapped[JsonObject] = mapped_column(
        default=dict
    )  # of a machine opening the link; core/bot_signals.py
    conversation: Mapped[str | None] = mapped_column(String(32))
    reply_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    remind_at: Mapped[datetime | None] = mapped_column(index=True)
    reminders: Mapped[list[str]] = mapped_column(Json, default=list)  # delays, as in journey.yaml
    reminders_sent: Mapped[int] = mapped_column(default=0)
    other_channels: Mapped[list[str]] = mapped_column(
        Json, default=list
    )  # channels that are left should this one fail
    is_demo: Mapped[bool] = mapped_column(default=False)

    contact: Mapped[Contact] = relationship()
    account: Mapped[Account | None] = relationship()
    version: Mapped[QuestionnaireVersion] = relationship()
    enrolment: Mapped[Enrolment | None] = relationship()
