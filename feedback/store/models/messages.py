"""The outbox, providers' reports about its messages, and replies from customers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.core.lifecycle import MessageState
from feedback.core.token import draw
from feedback.store.base import Base
from feedback.store.models.columns import BigId, JsonObject, Name, PrimaryKey, Word
from feedback.store.models.journeys import Invitation
from feedback.store.types import StateType


class Message(Base):
    """One row of the outbox: a message that has to be sent.

    States: queued -> sending -> sent -> delivered | undelivered, or failed, unconfirmed, held, cancelled.
    `attempt` is the fencing token: an outcome is recorded together with the attempt that was claimed.
    `unconfirmed` means that it is not known whether the provider accepted the message; such a row is never
    claimed for sending, only looked up at the provider.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("invitation_id", "purpose", "occurrence"),
        UniqueConstraint("provider", "provider_id"),
        Index("ix_message_state_due_at", "state", "due_at"),
        Index("ix_message_recipient_created", "recipient", "created_at"),
        Index("ix_message_created_at", "created_at"),
    )

    id: Mapped[PrimaryKey]
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    # The follow-up in which somebody wrote it to the customer. No foreign key: SQLite would copy the table to add one.
    follow_up_id: Mapped[int | None] = mapped_column(BigId, index=True)
    # invitation | reminder | comment_prompt | question | reprompt | thanks | opt_out_confirmation | follow_up | alert
    # | digest | escalation | hold | test | sign_in (emptied as soon as it is sent) ...
    purpose: Mapped[Word]
    occurrence: Mapped[int] = mapped_column(default=0)
    provider: Mapped[Word]  # twilio_sms | smtp_email ...: a key of PROVIDERS
    channel: Mapped[Word]  # sms | email
    recipient: Mapped[str] = mapped_column(String(320))
    country: Mapped[str | None] = mapped_column(String(2))
    sender: Mapped[str | None] = mapped_column(String(320))
    reply_to: Mapped[str | None] = mapped_column(String(320))  # of an e-mail, if it is not the organisation's
    subject: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8))
    headers: Mapped[JsonObject] = mapped_column(default=dict)
    match: Mapped[str | None] = mapped_column(String(32))
    # In everything by which the outside world names this message, because ids start again where a backup ended.
    # None: made by a release that had none.
    nonce: Mapped[str | None] = mapped_column(String(32), default=draw)
    state: Mapped[MessageState] = mapped_column(StateType(MessageState))
    state_reason: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime]
    not_after: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    provider_id: Mapped[str | None] = mapped_column(String(255))
    segments: Mapped[int | None]
    looked_up_at: Mapped[datetime | None]
    look_ups: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    is_demo: Mapped[bool] = mapped_column(default=False)

    invitation: Mapped[Invitation | None] = relationship()


class Attempt(Base):
    """One call to a provider, recorded before it is made."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("message_id", "number"),)

    id: Mapped[PrimaryKey]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    number: Mapped[int]
    worker: Mapped[Name]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(64))
    code: Mapped[str | None] = mapped_column(String(64))


class Receipt(Base):
    """A provider's report about a message; each report is stored once, and reports can arrive in any order."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("provider", "provider_id", "status"),)

    id: Mapped[PrimaryKey]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    provider: Mapped[Word]
    provider_id: Mapped[Name]
    status: Mapped[Word]
    code: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[datetime]


class DuplicateSend(Base):
    """A second copy of one of our messages at the provider. It must not happen, and is counted if it does."""

    __tablename__ = "duplicate_send"
    __table_args__ = (UniqueConstraint("message_id", "provider_id"),)

    id: Mapped[PrimaryKey]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    provider_id: Mapped[Name]
    noticed_at: Mapped[datetime]


class Bounce(Base):
    """A bounced mail. `status` is the enhanced status code (5.1.1); the same report is stored once."""

    __tablename__ = "bounce"
    __table_args__ = (
        UniqueConstraint("message_id", "status"),
        Index("ix_bounce_address_received_at", "address", "received_at"),
    )

    id: Mapped[PrimaryKey]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(320))
    status: Mapped[str] = mapped_column(String(16))
    is_permanent: Mapped[bool]
    received_at: Mapped[datetime]


class InboundReply(Base):
    """A message from a customer to one of our numbers or addresses; all are kept, also those not understood.

    `meaning`: score, comment, stop, maybe_stop, start, help, late, unclear, unknown_sender, automatic,
    attachment, to_follow_up. A row with `needs_person` stays in the inbox until somebody has handled it; `handled_as`
    is their decision (opt_out, no_opt_out, handled), `handled_note` their note. `follow_up_id` is the follow-up in
    which somebody had written to the customer, `owner_told_at` when its owner was notified of the reply.
    """

    __tablename__ = "inbound_reply"
    __table_args__ = (
        UniqueConstraint("provider", "provider_id"),
        Index(
            "ix_inbound_reply_untold",
            "id",
            sqlite_where=text("follow_up_id IS NOT NULL AND owner_told_at IS NULL"),
            postgresql_where=text("follow_up_id IS NOT NULL AND owner_told_at IS NULL"),
        ),
    )

    id: Mapped[PrimaryKey]
    provider: Mapped[Word]
    provider_id: Mapped[Name]
    sender: Mapped[str] = mapped_column(String(320), index=True)
    recipient: Mapped[str] = mapped_column(String(320))
    body: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(index=True)
    meaning: Mapped[Word]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id", ondelete="SET NULL"))
    follow_up_id: Mapped[int | None] = mapped_column(BigId, index=True)  # no foreign key, as in `Message`
    owner_told_at: Mapped[datetime | None]
    needs_person: Mapped[bool] = mapped_column(default=False, index=True)
    handled_at: Mapped[datetime | None]
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    handled_as: Mapped[str | None] = mapped_column(String(64))
    handled_note: Mapped[str | None] = mapped_column(Text)


class ProviderHold(Base):
    """A channel, or one country of it, that sends nothing until somebody lifts the hold; country "" is all."""

    __tablename__ = "provider_hold"
    __table_args__ = (
        Index(
            "uq_provider_hold_in_force",
            "provider",
            "country",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[PrimaryKey]
    provider: Mapped[Word]
    country: Mapped[str] = mapped_column(String(2), default="")
    code: Mapped[Word]
    reason: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(BigId)


class RateLimitBucket(Base):
    """A sender's token bucket, stored so that all nodes share it. `tokens` are SMS segments or mails."""

    __tablename__ = "rate_limit_bucket"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    tokens: Mapped[float]
    refilled_at: Mapped[datetime]


class Bookmark(Base):
    """The progress of a recurring job, such as the last day for which surveys were planned."""

    __tablename__ = "bookmark"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))


class WorkerHeartbeat(Base):
    """A running worker, and which of its jobs fail: name -> cause, count and since. It deletes its row when it stops,
    so an old row is of a worker that was killed or hangs."""

    __tablename__ = "worker_heartbeat"

    worker: Mapped[str] = mapped_column(String(255), primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    failing: Mapped[JsonObject] = mapped_column(default=dict)


class SimulatedMessage(Base):
    """A message on the simulated phone or in the simulated inbox; `direction` is out (from us) or in."""

    __tablename__ = "simulated_message"

    id: Mapped[PrimaryKey]
    channel: Mapped[Word]
    direction: Mapped[Word]
    address: Mapped[str] = mapped_column(String(320), index=True)
    subject: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8), default="en")
    message_id: Mapped[int | None] = mapped_column(BigId, index=True)
    at: Mapped[datetime] = mapped_column(index=True)
