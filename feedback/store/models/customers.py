"""Accounts, contacts, consent, and the suppression list."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.core.contact.policy import place_on_ring
from feedback.store.base import Base
from feedback.store.models.columns import BigId, JsonObject, Name, PrimaryKey, Word
from feedback.store.models.staff import User


class Account(Base):
    """A customer company. `recurring_revenue` is per month, in `currency`."""

    __tablename__ = "account"

    id: Mapped[PrimaryKey]
    external_id: Mapped[Name] = mapped_column(unique=True)
    name: Mapped[Name]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    segment: Mapped[str | None] = mapped_column(String(64))
    recurring_revenue: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    currency: Mapped[str | None] = mapped_column(String(3))
    contract_started_on: Mapped[date | None] = mapped_column(index=True)
    renewal_on: Mapped[date | None] = mapped_column(index=True)
    properties: Mapped[JsonObject] = mapped_column(default=dict)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    owner: Mapped[User | None] = relationship()


class UsagePoint(Base):
    """One usage figure of an account at one time, stored once per `key`, the sender's idempotency key."""

    __tablename__ = "usage_point"
    __table_args__ = (
        UniqueConstraint("account_id", "key"),
        Index("ix_usage_point_account_name_at", "account_id", "name", "at"),
        Index("ix_usage_point_at", "at"),  # lets retention find old rows without a full scan
    )

    id: Mapped[PrimaryKey]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    key: Mapped[Name]
    name: Mapped[Word]
    value: Mapped[float]
    at: Mapped[datetime]
    received_at: Mapped[datetime]


def _turn(context: DefaultExecutionContext) -> int:
    row: dict[str, str] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return place_on_ring(row["external_id"])


class Contact(Base):
    """A person. `phone` is E.164, `email` normalised, `time_zone` an IANA name, `language` two letters."""

    __tablename__ = "contact"

    id: Mapped[PrimaryKey]
    external_id: Mapped[Name] = mapped_column(unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    name: Mapped[str | None] = mapped_column(String(255))
    phone: Mapped[str | None] = mapped_column(String(16), index=True)
    email: Mapped[str | None] = mapped_column(String(320), index=True)
    language: Mapped[str | None] = mapped_column(String(8))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    country: Mapped[str | None] = mapped_column(String(2))
    properties: Mapped[JsonObject] = mapped_column(default=dict)
    # the place on the ring of recurring surveys (core/contact/policy.py), made from the external id
    turn: Mapped[int] = mapped_column(default=_turn, server_default="0", index=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)  # retention looks for old rows

    account: Mapped[Account | None] = relationship()

    @property
    def addresses(self) -> dict[str, str]:
        """Where the contact can be reached, by channel: `sms` the phone number, `email` the mail address."""
        known = {"sms": self.phone, "email": self.email}
        return {channel: address for channel, address in known.items() if address}


class Consent(Base):
    """Consent to messages at one address: its legal basis, source, time, and the version of the text agreed to."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_contact_kind", "contact_id", "kind"),)

    id: Mapped[PrimaryKey]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    kind: Mapped[Word]  # sms | email
    address: Mapped[str] = mapped_column(String(320))
    basis: Mapped[Word]  # consent | contract | legitimate_interest
    source: Mapped[Name]
    text_version: Mapped[str | None] = mapped_column(String(64))
    # e.g. the number in a national consent registry
    reference: Mapped[str | None] = mapped_column(String(64))
    granted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Suppression(Base):
    """The suppression list of all channels: while `lifted_at` is empty, nothing is sent to the address."""

    __tablename__ = "suppression"
    __table_args__ = (
        UniqueConstraint("kind", "address"),
        Index("ix_suppression_reason_created", "reason", "created_at"),
    )

    id: Mapped[PrimaryKey]
    kind: Mapped[Word]  # sms | email
    address: Mapped[str] = mapped_column(String(320))
    # opt_out | maybe_opt_out | complaint | hard_bounce | soft_bounces | bad_number | erased | manual
    reason: Mapped[Word]
    source: Mapped[Name]
    contact_id: Mapped[int | None] = mapped_column(BigId, index=True)
    created_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
