"""Who comes from the provider of the single sign-on: identities, sessions that began there, and what SCIM tells."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base
from feedback.store.models.columns import JsonObject, PrimaryKey


class StaffIdentity(Base):
    """A member of staff as the provider knows them: by issuer and subject, which never change (OpenID Connect Core 1.0,
    2). An e-mail address only finds the account before there is such a row."""

    __tablename__ = "staff_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), unique=True)
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime]


class ProviderSession(Base):
    """A sign-in at the provider, from its answer until the session here is over.

    It exists before the session does, while a second factor of ours is asked for, so that a sign-out at the provider
    in between ends the sign-in. `sid` is the provider's name of the session (empty if it names none), `id_token` its
    answer, by which it recognises the session when we ask it to end it. `has_second_factor` says whether it has asked
    for one.
    """

    __tablename__ = "provider_session"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(500))
    sid: Mapped[str] = mapped_column(String(255), index=True)
    id_token: Mapped[str] = mapped_column(Text)
    has_second_factor: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(index=True)


directory_member = Table(
    "directory_member",
    Base.metadata,
    Column("group_id", ForeignKey("directory_group.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class DirectoryUser(Base):
    """What the provider tells about a member of staff by SCIM (RFC 7643, 4.1).

    `user_name` is its name for the account. `resource` are the attributes that it has sent and wants to read again.
    `gone_at` is when it deleted the user: since then the account is disabled and cannot be seen by SCIM, until it
    creates the user again or an admin enables the account.
    """

    __tablename__ = "directory_user"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    user_name: Mapped[str] = mapped_column(String(320), index=True)
    external_id: Mapped[str | None] = mapped_column(String(255), index=True)
    resource: Mapped[JsonObject] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]


class DirectoryGroup(Base):
    """A group that the provider tells by SCIM (RFC 7643, 4.2); `sso.roles` says which roles its members have."""

    __tablename__ = "directory_group"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(255), unique=True)
    external_id: Mapped[str | None] = mapped_column(String(255), index=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
