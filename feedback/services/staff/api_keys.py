"""API keys: shown once, stored as a digest, revoked permanently; each with scopes, an owner and perhaps an expiry."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session, selectinload

from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.store.models import ApiKey, Role, User
from feedback.store.models.staff import user_role
from feedback.store.prepared import PreparedStatement

START = "fbk_"
"""The prefix of every key, by which people and secret scanners recognise it."""
_SHOWN = len(START) + 6
_USE_IS_NOTED_EVERY = timedelta(hours=1)


class Scope(StrEnum):
    """What a key may do. `web.api.scopes` says which permission its owner needs for each."""

    CUSTOMERS_READ = "customers.read"
    CUSTOMERS_WRITE = "customers.write"
    CUSTOMERS_ERASE = "customers.erase"
    EVENTS_WRITE = "events.write"
    SUPPRESSIONS_READ = "suppressions.read"
    SUPPRESSIONS_WRITE = "suppressions.write"
    RESPONSES_READ = "responses.read"
    RESPONSES_WRITE = "responses.write"
    SCORES_READ = "scores.read"
    EXPORTS_READ = "exports.read"
    EXPORTS_WRITE = "exports.write"
    INVITATIONS_READ = "invitations.read"
    INVITATIONS_WRITE = "invitations.write"
    FOLLOW_UPS_READ = "follow-ups.read"
    FOLLOW_UPS_WORK = "follow-ups.work"
    FOLLOW_UPS_SEND = "follow-ups.send"
    QUESTIONNAIRES_READ = "questionnaires.read"
    CAMPAIGNS_READ = "campaigns.read"
    CAMPAIGNS_WRITE = "campaigns.write"
    WEBHOOKS_READ = "webhooks.read"
    WEBHOOKS_WRITE = "webhooks.write"
    DOORS_READ = "doors.read"
    DOORS_WRITE = "doors.write"
    SCIM = "scim"


AS_BEFORE = (Scope.CUSTOMERS_WRITE, Scope.EVENTS_WRITE)
"""What every key could do before keys had scopes."""
IN_PERSON = frozenset({Scope.FOLLOW_UPS_WORK, Scope.FOLLOW_UPS_SEND})
"""Scopes that need an owner, in whose name the key acts."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key gets. Without an owner it belongs to the installation; without `expires_at` it does not expire."""

    scopes: Collection[str] = AS_BEFORE
    owner_id: int | None = None
    expires_at: datetime | None = None


_BY_DIGEST = PreparedStatement(
    select(
        ApiKey.id,
        ApiKey.last_used_at,
        ApiKey.owner_id,
        ApiKey.scopes,
        ApiKey.expires_at,
        User.active,
        Role.name.label("role"),
    )
    .outerjoin(User, User.id == ApiKey.owner_id)
    .outerjoin(user_role, user_role.c.user_id == User.id)
    .outerjoin(Role, Role.id == user_role.c.role_id)
    .where(ApiKey.digest == bindparam("digest"), ApiKey.revoked_at.is_(None))
)


def create(
    session: Session, name: str, *, by: int | None, now: datetime, grant: Grant | None = None
) -> tuple[ApiKey, str]:
    """Create a key. Returns it with its text, which is not stored.

    Plain SHA-256 is enough, because a key has 256 random bits and cannot be guessed. Raises Rejected for an empty or
    too long name, for no or unknown scopes, an owner who is not active, or an expiry that is over.
    """
    grant = grant or Grant()
    if not 0 < len(name.strip()) <= 255:
        raise Rejected("Give the key the name of the program that uses it, with at most 255 characters.")
    scopes = _checked(session, grant, now)
    token = START + secrets.token_urlsafe(32)
    row = ApiKey(
        name=name.strip(),
        prefix=token[:_SHOWN],
        digest=_digest(token),
        owner_id=grant.owner_id,
        scopes=scopes,
        expires_at=grant.expires_at,
        created_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(
        session, "created", "api_key", row.id, by=by, now=now, scopes=" ".join(scopes), owner=grant.owner_id
    )
    return row, token


def _checked(session: Session, grant: Grant, now: datetime) -> list[str]:
    """The scopes in their usual order. Raises Rejected."""
    if not grant.scopes:
        raise Rejected("Choose at least one thing that the key may do.")
    if unknown := sorted(set(grant.scopes) - set(Scope)):
        raise Rejected(f"There is no scope {unknown[0]!r}; use {', '.join(Scope)}.")
    if grant.expires_at is not None and grant.expires_at <= now:
        raise Rejected("Choose an expiry date in the future.")
    owner = session.get(User, grant.owner_id) if grant.owner_id is not None else None
    if grant.owner_id is not None and (owner is None or not owner.active):
        raise Rejected("Choose an active user as the owner of the key.")
    if owner is None and IN_PERSON & set(grant.scopes):
        raise Rejected("Choose an owner: follow-ups are worked on in somebody's name.")
    return [scope.value for scope in Scope if scope in set(grant.scopes)]


def revoke(session: Session, key_id: int, *, by: int | None, now: datetime) -> ApiKey:
    """Revoke a key immediately. Raises NotFound, or Conflict if it is revoked already."""
    row = session.get(ApiKey, key_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such key.")
    if row.revoked_at is not None:
        raise Conflict("This key is already revoked.")
    row.revoked_at = now
    audit.record(session, "revoked", "api_key", row.id, by=by, now=now)
    return row


def everything(session: Session) -> Sequence[ApiKey]:
    """All keys with their owners, including revoked ones, the newest first."""
    wanted = select(ApiKey).options(selectinload(ApiKey.owner)).order_by(ApiKey.id.desc())
    return session.scalars(wanted).all()


@dataclass(frozen=True, slots=True)
class ValidKey:
    """What a call needs to know of its key; `roles` are the owner's, None for a key of the installation."""

    id: int
    last_used_at: datetime | None
    owner_id: int | None = None
    scopes: frozenset[str] = frozenset(AS_BEFORE)
    roles: frozenset[str] | None = None


def find(connection: Connection, token: str, now: datetime) -> ValidKey | None:
    """The valid key with this text; None for an unknown, revoked or expired one, and for one of a deactivated user."""
    rows = _BY_DIGEST.rows(connection, {"digest": _digest(token)})
    if not rows:
        return None
    first = rows[0]
    if first.expires_at is not None and first.expires_at <= now:
        return None
    if first.owner_id is None:
        return ValidKey(first.id, first.last_used_at, None, frozenset(first.scopes))
    if not first.active:
        return None
    roles = frozenset(row.role for row in rows if row.role)
    return ValidKey(first.id, first.last_used_at, first.owner_id, frozenset(first.scopes), roles)


def is_use_worth_noting(key: ValidKey, now: datetime) -> bool:
    """Whether to record the use: once per hour, because each record costs a commit."""
    return key.last_used_at is None or now - key.last_used_at >= _USE_IS_NOTED_EVERY


def note_use(session: Session, key_id: int, now: datetime) -> None:
    """Record the time of the last use, which shows whether a key is still needed."""
    row = session.get_one(ApiKey, key_id)
    row.last_used_at = now


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
