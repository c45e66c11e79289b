"""Accounts, contacts, consent, and the suppression list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, String, Text, UniqueConstraint, event
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.core.contact.policy import place_on_ring
from feedback.core.contact.recipient import dialling_digits
from feedback.store.base import Base
from feedback.store.models.columns import BigId, JsonObject, Name, PrimaryKey, Word
from feedback.store.models.staff import User
from feedback.store.search import ADDRESS, search_key, words_of

LONGEST_SORT_KEY = 64


def found_by(row: Mapping[str, Any]) -> dict[str, str]:
    """`search_words` and `sort_name` of an account or a contact with these values.

    Every statement that writes one of the values has to write these two as well; ORM objects do it by themselves.
    """
    name, email, phone, external_id = (row.get(each) for each in ("name", "email", "phone", "external_id"))
    shown = next((each for each in (name, email, phone, external_id) if each), "")
    of_addresses = [*words_of([email]), *(dialling_digits(phone) if phone else ())]
    words = [*words_of([name, external_id]), *(ADDRESS + each for each in of_addresses)]
    return {
        "search_words": " ".join(dict.fromkeys(words)),
        "sort_name": (search_key(shown) or "").strip()[:LONGEST_SORT_KEY],
    }


def _search_words(context: DefaultExecutionContext) -> str:
    return found_by(context.get_current_parameters())["search_words"]  # type: ignore[no-untyped-call]


def _sort_name(context: DefaultExecutionContext) -> str:
    return found_by(context.get_current_parameters())["sort_name"]  # type: ignore[no-untyped-call]


class Account(Base):
    """A customer company. `recurring_revenue` is per month, in `currency`.

    `search_words` and `sort_name` are made from the other columns (`found_by`).
    """

    __tablename__ = "account"
    __table_args__ = (Index("ix_account_sort_name", "sort_name", "id"),)

    id: Mapped[PrimaryKey]
    external_id: Mapped[Name] = mapped_column(unique=True)
    name: Mapped[Name]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    segment: Mapped[str | None] = mapped_column(String(64), index=True)
    recurring_revenue: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    currency: Mapped[str | None] = mapped_column(String(3))
    contract_started_on: Mapped[date | None] = mapped_column(index=True)
    renewal_on: Mapped[date | None] = mapped_column(index=True)
    properties: Mapped[JsonObject] = mapped_column(default=dict)
    is_demo: Mapped[bool] = mapped_column(default=False)
    search_words: Mapped[str] = mapped_column(Text, default=_search_words, server_default="")
    sort_name: Mapped[str] = mapped_column(String(LONGEST_SORT_KEY), default=_sort_name, server_default="")
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
    """A person. `phone` is E.164, `email` normalised, `time_zone` an IANA name, `language` two letters.

    `search_words` and `sort_name` are made from the other columns (`found_by`).
    """

    __tablename__ = "contact"
    __table_args__ = (
        Index("ix_contact_sort_name", "sort_name", "id"),
        Index("ix_contact_country_sort_name", "country", "sort_name", "id"),
        Index("ix_contact_language_sort_name", "language", "sort_name", "id"),
    )

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
    search_words: Mapped[str] = mapped_column(Text, default=_search_words, server_default="")
    sort_name: Mapped[str] = mapped_column(String(LONGEST_SORT_KEY), default=_sort_name, server_default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)  # retention looks for old rows

    account: Mapped[Account | None] = relationship()

    @property
    def addresses(self) -> dict[str, str]:
        """Where the contact can be reached, by channel: `sms` the phone number, `email` the mail address."""
        known = {"sms": self.phone, "email": self.email}
        return {channel: address for channel, address in known.items() if address}


class ContactAlias(Base):
    """The external id of a contact that was merged into another one."""

    __tablename__ = "contact_alias"

    id: Mapped[PrimaryKey]
    external_id: Mapped[Name] = mapped_column(unique=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]


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


@event.listens_for(Account, "before_update")
@event.listens_for(Contact, "before_update")
def _find_again(_mapper: Any, _connection: Any, row: Account | Contact) -> None:
    """Keep what searches find in step with a changed row; what is left of an erased person is not found."""
    found = found_by({name: getattr(row, name, None) for name in ("name", "email", "phone", "external_id")})
    if getattr(row, "erased_at", None) is not None:
        found = dict.fromkeys(found, "")
    for name, value in found.items():
        setattr(row, name, value)
