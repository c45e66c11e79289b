"""The people who sign in: adding them, what they may do, ending their sessions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from feedback.core.recipient import EmailAddress
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.store.models import Role, User

SHORTEST_PASSWORD = 12
"""Characters. Length is what resists guessing; rules about digits and signs only make people predictable."""


class RoleName(StrEnum):
    ADMIN = "admin"
    LEAD = "lead"
    CSM = "csm"
    VIEWER = "viewer"


def add_user(
    session: Session,
    *,
    email: str,
    name: str,
    roles: Collection[str],
    now: datetime,
    password: str | None = None,
    salt: str = "",
    language: str | None = None,
    time_zone: str | None = None,
    is_demo: bool = False,
    by: int | None = None,
) -> User:
    """A new member of staff. Without a password they choose one by "Forgot your password?".

    `salt` is the setting web.password_salt. Raises Rejected for an unusable address, password or role, and
    Conflict for an address that somebody has already.
    """
    address = _address(email)
    if by_email(session, address) is not None:
        raise Conflict("Use another address: a user with this one exists.")
    user = User(
        email=address,
        name=name.strip() or address,
        language=language,
        time_zone=time_zone,
        created_at=now,
        is_demo=is_demo,
        active=True,
        fs_uniquifier=uuid.uuid4().hex,
        fs_webauthn_user_handle=uuid.uuid4().hex,
        confirmed_at=now,
        password=hash_password(password, salt) if password else None,
        roles=_roles(session, roles),
    )
    session.add(user)
    session.flush()
    audit.record(session, "added", "user", user.id, by=by, now=now)
    return user


def welcome_back(session: Session, now: datetime) -> int:
    """End the absences that are over, and with them what colleagues could see meanwhile; how many."""
    back = session.scalars(select(User).where(User.away_until <= now)).all()
    for user in back:
        user.away_until = None
    return len(back)


def by_email(session: Session, email: str) -> User | None:
    """The user with this address, however it is capitalised."""
    return session.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))


def find(session: Session, user_id: int) -> User:
    """Raises NotFound."""
    user = session.scalar(select(User).where(User.id == user_id).options(selectinload(User.roles)))
    if user is None:
        raise NotFound("User not found.")
    return user


def everybody(session: Session) -> Sequence[User]:
    """All users with their roles, by name."""
    return session.scalars(select(User).options(selectinload(User.roles)).order_by(User.name)).all()


def owners(session: Session) -> Sequence[User]:
    """Who can own a follow-up: active users other than mere viewers, by name."""
    wanted = select(User).where(User.active, User.roles.any(Role.name != RoleName.VIEWER))
    return session.scalars(wanted.order_by(User.name)).all()


def set_roles(session: Session, user: User, roles: Collection[str], *, by: int | None, now: datetime) -> None:
    """Give a user exactly these roles. Raises Rejected for an unknown one, Conflict for the last admin's."""
    chosen = _roles(session, roles)
    if RoleName.ADMIN not in roles:
        _keep_an_admin(session, user)
    user.roles = chosen
    audit.record(session, "roles", "user", user.id, by=by, now=now, roles=" ".join(sorted(roles)))


def set_active(session: Session, user: User, active: bool, *, by: int | None, now: datetime) -> None:
    """Let a user sign in, or shut them out at once. Raises Conflict for the last admin."""
    if not active:
        _keep_an_admin(session, user)
        revoke_sessions(session, user, by=by, now=now)
    user.active = active
    audit.record(session, "activated" if active else "deactivated", "user", user.id, by=by, now=now)


def revoke_sessions(session: Session, user: User, *, by: int | None, now: datetime) -> None:
    """Sign a user out everywhere: every cookie names the identity that changes here."""
    user.fs_uniquifier = uuid.uuid4().hex
    audit.record(session, "sessions revoked", "user", user.id, by=by, now=now)


def set_password(session: Session, user: User, password: str, salt: str, *, now: datetime) -> None:
    """A new password; whoever was signed in with the old one is signed out. Raises Rejected."""
    user.password = hash_password(password, salt)
    revoke_sessions(session, user, by=None, now=now)


def hash_password(password: str, salt: str) -> str:
    """As the web's sign-in verifies it: Argon2id over an HMAC with the installation's own salt.

    Raises Rejected for a password that is too short.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise Rejected(f"A password needs at least {SHORTEST_PASSWORD} characters.")
    normal = unicodedata.normalize("NFKD", password)
    digest = hmac.new(salt.encode(), normal.encode(), hashlib.sha512).digest()
    return PasswordHasher().hash(base64.b64encode(digest))


def _address(email: str) -> str:
    try:
        return EmailAddress.parse(email).key
    except ValueError as error:
        raise Rejected(str(error)) from None


def _roles(session: Session, names: Collection[str]) -> list[Role]:
    unknown = set(names) - set(RoleName)
    if unknown or not names:
        raise Rejected("Choose at least one role.")
    stored = {role.name: role for role in session.scalars(select(Role))}
    return [stored.get(name) or Role(name=name) for name in sorted(names)]


def _keep_an_admin(session: Session, user: User) -> None:
    """Without one nobody could let anybody in again."""
    others = select(User.id).where(
        User.active, User.id != user.id, User.roles.any(Role.name == RoleName.ADMIN)
    )
    is_admin = any(role.name == RoleName.ADMIN for role in user.roles)
    if is_admin and session.scalar(others.limit(1)) is None:
        raise Conflict("Make someone else an admin first: this is the last one.")
