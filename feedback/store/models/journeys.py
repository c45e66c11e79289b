"""Journey events, questionnaire versions, enrolments and invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.core.lifecycle import EnrolmentState, InvitationState
from feedback.store.base import Base
from feedback.store.models.columns import BigId, Json, JsonObject, Name, PrimaryKey, Word
from feedback.store.models.customers import Account, Contact
from feedback.store.types import StateType


class JourneyEvent(Base):
    """An event in a customer's journey, stored once per `key`, the sender's idempotency key."""

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


IN_FORCE = "journey.yaml"
"""The key under which `questionnaire_version` holds what was last in force; no questionnaire's key has a dot."""


class QuestionnaireVersion(Base):
    """A published questionnaire. `content` never changes, so old answers keep their wording.

    Under the key `journey.yaml`, which no questionnaire can have, it is what was in force: the journey, and the content
    hashes of the questionnaires. `published_at` is then when it last came into force.

    `unasked` is true from the publication in the studio until a survey first uses it; until then it binds no series.
    """

    __tablename__ = "questionnaire_version"
    __table_args__ = (UniqueConstraint("key", "content_hash"),)

    id: Mapped[PrimaryKey]
    key: Mapped[Word]
    content_hash: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    published_at: Mapped[datetime]
    unasked: Mapped[bool] = mapped_column(default=False)


class Enrolment(Base):
    """The decision whether to survey a contact at a stage; "no" is stored as well, with its reason.

    `occurrence` identifies the round (an event's id, a renewal date, a cycle, a wave of a campaign), which makes
    planning idempotent. `wave_id` is the campaign's wave. States: scheduled -> issued | skipped | cancelled.
    """

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("contact_id", "stage", "occurrence"),
        Index("ix_enrolment_state_due_at", "state", "due_at"),
        Index("ix_enrolment_state_expires_at", "state", "expires_at"),
        Index(
            "ix_enrolment_wave_id",
            "wave_id",
            "state",
            sqlite_where=text("wave_id IS NOT NULL"),
            postgresql_where=text("wave_id IS NOT NULL"),
        ),
    )

    id: Mapped[PrimaryKey]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    event_id: Mapped[int | None] = mapped_column(
        ForeignKey("journey_event.id", ondelete="SET NULL"), index=True
    )
    wave_id: Mapped[int | None] = mapped_column(BigId)  # of campaign_wave; see the migration
    stage: Mapped[Word]
    occurrence: Mapped[str] = mapped_column(String(128))
    questionnaire: Mapped[Word]
    state: Mapped[EnrolmentState] = mapped_column(StateType(EnrolmentState))
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
    """One survey for one contact. `token` is the secret in its link.

    States move forward only: queued -> sent -> delivered -> opened -> started -> completed, or expired,
    skipped, failed, withdrawn. `reply_key` is set while an SMS reply from the customer's number belongs to this
    invitation; it is unique, so a reply belongs to at most one invitation.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("enrolment_id"),
        UniqueConstraint("token"),
        UniqueConstraint("reply_key"),
        Index("ix_invitation_state_expires_at", "state", "expires_at"),
        Index("ix_invitation_contact_created", "contact_id", "created_at"),
        Index("ix_invitation_account_created", "account_id", "created_at"),
        Index("ix_invitation_account_sent", "account_id", "sent_at", "created_at"),
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
    state: Mapped[InvitationState] = mapped_column(StateType(InvitationState))
    state_reason: Mapped[str | None] = mapped_column(String(64))
    piping: Mapped[JsonObject] = mapped_column(default=dict)
    # what its conditions look at, as it was known when the invitation was made: {"account.segment": "smb"}
    facts: Mapped[JsonObject] = mapped_column(default=dict)
    # what suggests that a machine opened the link; core/bot_signals.py
    signs: Mapped[JsonObject] = mapped_column(default=dict)
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
    # channels that are left to try if this one fails
    other_channels: Mapped[list[str]] = mapped_column(Json, default=list)
    is_demo: Mapped[bool] = mapped_column(default=False)

    contact: Mapped[Contact] = relationship()
    account: Mapped[Account | None] = relationship()
    version: Mapped[QuestionnaireVersion] = relationship()
    enrolment: Mapped[Enrolment | None] = relationship()
