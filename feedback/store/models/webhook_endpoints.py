"""The outbox of webhooks to other systems: what happened, who wants it, and the state of each delivery."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.core.lifecycle import WebhookState
from feedback.store.base import Base
from feedback.store.models.columns import BigId, JsonObject, Name, PrimaryKey, Word
from feedback.store.types import StateType

_SPREAD = text("spread_at IS NOT NULL")
"""Only the worker pays for these indexes: who answers stores an event that is in none of them yet."""


class WebhookEndpoint(Base):
    """An address of another system that is notified of events.

    `secret` signs every delivery, and so does `previous_secret` until `previous_until`. `failing_since` is the time of
    the first failure after the last success, `failures` their number; nothing is sent before `resting_until`. A
    disabled endpoint (`disabled_at`, with a code as the reason) keeps its deliveries until somebody enables it;
    `notice_due` says that the admins have not been notified yet. `revived_at` is set when it works again after a time
    of failures, until the deliveries that wait for a retry are due.
    """

    __tablename__ = "webhook_endpoint"

    id: Mapped[PrimaryKey]
    name: Mapped[Name]
    url: Mapped[str] = mapped_column(Text)
    filters: Mapped[JsonObject]
    secret: Mapped[Name]
    previous_secret: Mapped[str | None] = mapped_column(String(255))
    previous_until: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_for: Mapped[str | None] = mapped_column(String(64))
    notice_due: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    resting_until: Mapped[datetime | None]
    revived_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    edit: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    subscriptions: Mapped[list[WebhookSubscription]] = relationship(
        cascade="all, delete-orphan", order_by="WebhookSubscription.type"
    )


class WebhookSubscription(Base):
    """A type of event that an endpoint wants. This small table is asked before an event is stored."""

    __tablename__ = "webhook_subscription"
    __table_args__ = (Index("ix_webhook_subscription_endpoint_id", "endpoint_id"),)

    type: Mapped[str] = mapped_column(String(64), primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(
        ForeignKey("webhook_endpoint.id", ondelete="CASCADE"), primary_key=True
    )


class WebhookEvent(Base):
    """Something that happened, stored in the transaction in which it happened.

    `subject` and `subject_id` are the object whose events are delivered in order. The worker makes `body` and the
    deliveries, and sets `spread_at` and `uid`, the `webhook-id` of every delivery. `key` is of events that are found by
    looking and must be stored once. `contact_id` and `response_id` are how an erasure finds the body.
    """

    __tablename__ = "webhook_event"
    __table_args__ = (
        Index(
            "ix_webhook_event_unspread", "id",
            sqlite_where=text("spread_at IS NULL"), postgresql_where=text("spread_at IS NULL"),
        ),
        *(
            Index(f"ix_webhook_event_{column}", column, sqlite_where=_SPREAD, postgresql_where=_SPREAD)
            for column in ("at", "contact_id", "response_id")
        ),
        Index(
            "uq_webhook_event_key", "key", unique=True,
            sqlite_where=text("key IS NOT NULL"), postgresql_where=text("key IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[PrimaryKey]
    type: Mapped[Word]
    subject: Mapped[Word]
    subject_id: Mapped[int] = mapped_column(BigId)
    detail: Mapped[JsonObject]
    contact_id: Mapped[int | None] = mapped_column(BigId)
    response_id: Mapped[int | None] = mapped_column(BigId)
    key: Mapped[str | None] = mapped_column(String(128))
    at: Mapped[datetime]
    uid: Mapped[str | None] = mapped_column(String(64))
    body: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[JsonObject] = mapped_column(server_default="{}")
    spread_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """An event on its way to one endpoint. States: pending -> delivered | failed | dropped.

    `due_at` is also the lease: a worker moves it forward before it makes the call. `attempts` are those since the
    delivery was made or last asked for again.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index("ix_webhook_delivery_due", "endpoint_id", "state", "due_at"),
        Index("ix_webhook_delivery_event_id", "event_id"),
        Index(
            "ix_webhook_delivery_order", "endpoint_id", "subject", "subject_id", "event_id",
            sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'"),
        ),
    )  # fmt: skip

    id: Mapped[PrimaryKey]
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(ForeignKey("webhook_event.id", ondelete="CASCADE"))
    subject: Mapped[Word]
    subject_id: Mapped[int] = mapped_column(BigId)
    state: Mapped[WebhookState] = mapped_column(StateType(WebhookState))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempted_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    event: Mapped[WebhookEvent] = relationship()
    endpoint: Mapped[WebhookEndpoint] = relationship()
    log: Mapped[list[WebhookAttempt]] = relationship(order_by="WebhookAttempt.id")


class WebhookAttempt(Base):
    """One call to an endpoint, recorded after it. `code` is `http_200`, `timeout` ...; `answer` the beginning of the
    receiver's answer."""

    __tablename__ = "webhook_attempt"

    id: Mapped[PrimaryKey]
    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("webhook_delivery.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    code: Mapped[Word]
    milliseconds: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)
