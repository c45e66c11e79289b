"""Staff accounts, API keys and the audit log."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from feedback.store.base import Base
from feedback.store.models.columns import BigId, Json, JsonObject, Name, PrimaryKey, Word

user_role = Table(
    "user_role",
    Base.metadata,
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)


class Role(Base):
    """admin, lead, csm or viewer; `feedback.web.auth.permissions` defines what each may do."""

    __tablename__ = "role"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    description: Mapped[str | None] = mapped_column(String(255))

    def get_permissions(self) -> frozenset[str]:
        """Required by the sign-in extension; empty, because `web.auth.permissions` grants by the role's name."""
        return frozenset()


class User(Base):
    """A member of staff. The sign-in extension reads and writes the columns from `active` on.

    `work_days` (Monday = 0), `work_from` and `work_to` (local times) and `holidays` (the name of a calendar in the
    settings) are empty if the installation's values apply. `morning_digest` says whether they want the e-mail of that
    name, `digested_on` the last day (theirs) for which it was decided. `calendar` is that of the dates they read, empty
    for the Gregorian one; `browser_notices` whether a page that is open notifies them.
    """

    __tablename__ = "user"

    id: Mapped[PrimaryKey]
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[Name]
    language: Mapped[str | None] = mapped_column(String(8))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    work_days: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    work_from: Mapped[time | None]
    work_to: Mapped[time | None]
    holidays: Mapped[str | None] = mapped_column(String(64))
    delegate_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    away_until: Mapped[datetime | None]
    morning_digest: Mapped[bool] = mapped_column(default=True, server_default=true())
    digested_on: Mapped[date | None]
    calendar: Mapped[str | None] = mapped_column(String(16))
    browser_notices: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    active: Mapped[bool] = mapped_column(default=True)
    password: Mapped[str | None] = mapped_column(String(255))
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64), unique=True)
    confirmed_at: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    current_login_at: Mapped[datetime | None]
    last_login_ip: Mapped[str | None] = mapped_column(String(64))
    current_login_ip: Mapped[str | None] = mapped_column(String(64))
    login_count: Mapped[int] = mapped_column(default=0)
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    tf_last_counter: Mapped[int | None] = mapped_column(BigId)
    """The time step of the last code that was accepted; this one and earlier ones are refused."""
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(Json)
    """The keyed digests of the unused codes (`services.staff.recovery_codes`)."""

    roles: Mapped[list[Role]] = relationship(secondary=user_role, order_by=Role.id)
    webauthn: Mapped[list[WebAuthnKey]] = relationship(cascade="all, delete-orphan")


class WebAuthnKey(Base):
    """A passkey of a member of staff."""

    __tablename__ = "webauthn_key"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[str] | None] = mapped_column(Json)
    extensions: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[Name]
    usage: Mapped[Word]
    backup_state: Mapped[bool] = mapped_column(default=False)
    device_type: Mapped[Word]
    lastuse_datetime: Mapped[datetime]
    create_datetime: Mapped[datetime]


class StaffSession(Base):
    """One signed-in device of a member of staff; a sign-in without a row here is over.

    `digest` is the SHA-256 of the secret in the cookie. `uniquifier` is the user's `fs_uniquifier` at the sign-in: a
    session is over when the user has got another one, so a changed password ends all sessions in its own transaction.
    `device` names browser and system (empty if unknown), `network` is an IPv4 address or an IPv6 /64. A session that
    began at the provider of the single sign-on ends with its row there; `has_second_factor` says that the provider has
    asked for one.
    """

    __tablename__ = "staff_session"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    uniquifier: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    remembered: Mapped[bool] = mapped_column(default=False)
    has_second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())
    provider_session_id: Mapped[int | None] = mapped_column(
        ForeignKey("provider_session.id", ondelete="CASCADE"), index=True
    )
    device: Mapped[Name]
    network: Mapped[Word]


class AttemptCount(Base):
    """The attempts of one kind by one account, network or device, until `ends_at`.

    `key` is a keyed digest, so the table contains no addresses (`services.staff.attempts`).
    """

    __tablename__ = "attempt_count"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    attempts: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class AccountNotice(Base):
    """An e-mail that the worker writes if an account has this address: a wish for a reset link, or a reached limit.

    `account` is the keyed digest of the address. Known and unknown addresses are stored alike, so that the answer
    takes the same time for both.
    """

    __tablename__ = "account_notice"
    __table_args__ = (UniqueConstraint("account", "kind"),)

    id: Mapped[PrimaryKey]
    account: Mapped[str] = mapped_column(String(64))
    kind: Mapped[Word]
    at: Mapped[datetime]


class SavedView(Base):
    """A saved filter of the queue; `query` is the query string of its address, without the `?`."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[Name]
    query: Mapped[str] = mapped_column(Text)


class ApiKey(Base):
    """An API key. Only its SHA-256 is stored; `prefix` lets people tell keys apart.

    `scopes` are what it may do (`services.staff.api_keys.Scope`), as far as its owner may. A key without an owner
    belongs to the installation and may do all of its scopes. It dies with its owner, because it must never do more.
    """

    __tablename__ = "api_key"

    id: Mapped[PrimaryKey]
    name: Mapped[Name]
    prefix: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[list[str]] = mapped_column(Json, default=list)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    owner: Mapped[User | None] = relationship()


class CallAnswer(Base):
    """The answer to a call of the API with an `Idempotency-Key`, stored with the call's effect and kept for a day.

    `call` is the SHA-256 of that key, `request` that of what was sent.
    """

    __tablename__ = "call_answer"

    key_id: Mapped[int] = mapped_column(ForeignKey("api_key.id", ondelete="CASCADE"), primary_key=True)
    call: Mapped[str] = mapped_column(String(64), primary_key=True)
    request: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    headers: Mapped[JsonObject] = mapped_column(default=dict)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(index=True)


class AuditEntry(Base):
    """Who saw, changed or exported what. Rows are only added, never changed or deleted."""

    __tablename__ = "audit_entry"

    id: Mapped[PrimaryKey]
    at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[int | None] = mapped_column(BigId, index=True)
    action: Mapped[Word]
    subject: Mapped[Word]
    subject_id: Mapped[int | None] = mapped_column(BigId)
    detail: Mapped[JsonObject] = mapped_column(default=dict)
