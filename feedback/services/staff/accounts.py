"""Staff accounts: adding users, roles, passwords, and ending sessions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import unicodedata
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from feedback.core.contact.recipient import EmailAddress
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.services.staff import passwords, sessions
from feedback.services.staff.passwords import Weakness
from feedback.store.models import Role, User

SHORTEST_PASSWORD = 12
"""Minimum number of characters. There are no rules about digits and signs, because only length resists guessing."""

LONGEST_PASSWORD = 1_000
"""Maximum number of characters, because a longer text takes the Unicode normalisation too long."""


class RoleName(StrEnum):
    ADMIN = "admin"
    LEAD = "lead"
    CSM = "csm"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class NewUser:
    """A member of staff to be. Without a password they choose one by "Forgot your password?"."""

    email: str
    name: str
    roles: Collection[str]
    password: str | None = None
    language: str | None = None
    time_zone: str | None = None
    is_demo: bool = False
    may_lack_roles: bool = False
    """Whether the account may be without a role, so that nothing can be seen with it."""


def add_user(session: Session, new: NewUser, now: datetime, *, salt: str = "", by: int | None = None) -> User:
    """Add a member of staff. Without a password, they set one with "Forgot your password?".

    `salt` is the setting web.password_salt. Raises Rejected for an invalid address, name, password or role, and
    Conflict if there is a user with this address.
    """
    address = _address(new.email)
    name = new.name.strip() or address
    if len(name) > 255:
        raise Rejected("Shorten this name to 255 characters or fewer.")
    if by_email(session, address) is not None:
        raise Conflict("Use another address: a user with this one exists.")
    user = User(
        email=address,
        name=name,
        language=new.language,
        time_zone=new.time_zone,
        created_at=now,
        is_demo=new.is_demo,
        active=True,
        fs_uniquifier=uuid.uuid4().hex,
        fs_webauthn_user_handle=uuid.uuid4().hex,
        confirmed_at=now,
        password=_first_password(new, address, salt),
        roles=_roles(session, new.roles) if new.roles or not new.may_lack_roles else [],
    )
    session.add(user)
    session.flush()
    audit.record(session, "added", "user", user.id, by=by, now=now)
    return user


def welcome_back(session: Session, now: datetime, limit: int = 1_000) -> int:
    """End at most `limit` absences that are over, and the delegates' access with them. Returns their number."""
    back = session.scalars(select(User).where(User.away_until <= now).limit(limit)).all()
    for user in back:
        user.away_until = None
    return len(back)


def by_email(session: Session, email: str) -> User | None:
    """The user with this address (case-insensitive)."""
    return session.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))


def find(session: Session, user_id: int) -> User:
    """The user with this id. Raises NotFound."""
    user = session.scalar(select(User).where(User.id == user_id).options(selectinload(User.roles)))
    if user is None:
        raise NotFound("User not found.")
    return user


def everybody(session: Session) -> Sequence[User]:
    """All users with their roles, by name."""
    return session.scalars(select(User).options(selectinload(User.roles)).order_by(User.name)).all()


def owners(session: Session) -> Sequence[User]:
    """The users who can own a follow-up, by name: active ones with a role other than viewer."""
    wanted = select(User).where(User.active, User.roles.any(Role.name != RoleName.VIEWER))
    return session.scalars(wanted.order_by(User.name)).all()


def can_own(user: User) -> bool:
    """Whether they are one of `owners`."""
    return user.active and any(role.name != RoleName.VIEWER for role in user.roles)


def set_roles(session: Session, user: User, roles: Collection[str], *, by: int | None, now: datetime) -> None:
    """Set a user's roles. Raises Rejected for an unknown role, Conflict if no active admin would be left."""
    chosen = _roles(session, roles)
    if RoleName.ADMIN not in roles:
        _keep_an_admin(session, user)
    user.roles = chosen
    audit.record(session, "roles", "user", user.id, by=by, now=now, roles=" ".join(sorted(roles)))


def set_roles_by_provider(session: Session, user: User, roles: Collection[str], *, now: datetime) -> None:
    """Set the roles that follow from a user's groups, which can be none; then they are also signed out.

    The last active admin stays one, so that an empty group at the provider locks nobody out.
    """
    wanted = set(roles)
    if RoleName.ADMIN not in wanted and _is_last_admin(session, user):
        wanted.add(RoleName.ADMIN)
    user.roles = _roles(session, wanted) if wanted else []
    if not wanted:
        revoke_sessions(session, user, by=None, now=now)
    detail = {"roles": " ".join(sorted(wanted)), "via": "provider"}
    audit.record(session, "roles", "user", user.id, by=None, now=now, **detail)


def follow_address(session: Session, user: User, email: str, *, now: datetime) -> bool:
    """Take over a user's new address from the provider; not if it is unreadable or somebody else's."""
    try:
        address = _address(email)
    except Rejected:
        return False
    if address == user.email or by_email(session, address) is not None:
        return False
    user.email = address
    audit.record(session, "address changed", "user", user.id, by=None, now=now, via="provider")
    return True


def set_active(session: Session, user: User, active: bool, *, by: int | None, now: datetime) -> None:
    """Enable or disable a user, with immediate effect. Raises Conflict for the last admin."""
    if not active:
        _keep_an_admin(session, user)
        revoke_sessions(session, user, by=by, now=now)
    user.active = active
    audit.record(session, "activated" if active else "deactivated", "user", user.id, by=by, now=now)


def revoke_sessions(session: Session, user: User, *, by: int | None, now: datetime) -> None:
    """Sign a user out everywhere. The new identity also ends reset links and sign-ins that wait for a code."""
    user.fs_uniquifier = uuid.uuid4().hex
    sessions.end_all(session, user)
    audit.record(session, "sessions revoked", "user", user.id, by=by, now=now)


def hash_password(password: str, salt: str) -> str:
    """The hash that the web sign-in verifies: Argon2id over an HMAC with the installation's salt.

    Raises Rejected for a password that is too short or too long.
    """
    if len(password) > LONGEST_PASSWORD:
        raise Rejected(f"A password has at most {LONGEST_PASSWORD} characters.")
    if len(password) < SHORTEST_PASSWORD:
        raise Rejected(f"A password needs at least {SHORTEST_PASSWORD} characters.")
    normal = unicodedata.normalize("NFKD", password)
    digest = hmac.new(salt.encode(), normal.encode(), hashlib.sha512).digest()
    return PasswordHasher().hash(base64.b64encode(digest))


def _first_password(new: NewUser, address: str, salt: str) -> str | None:
    """The hash of a new user's password. Raises Rejected for one that is easily guessed; the demo's is known anyway."""
    if not new.password:
        return None
    weak = None if new.is_demo else passwords.weakness(new.password, (new.name, address))
    if weak:
        raise Rejected(_WEAK[weak])
    return hash_password(new.password, salt)


_WEAK = {
    Weakness.COMMON: "Choose another password: this one is common or a simple pattern, so it is easily guessed.",
    Weakness.OWN_WORDS: "Choose another password: this one is easily guessed from a name or address.",
}


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
    """Raise Conflict for the last active admin, without whom nobody could manage users."""
    if _is_last_admin(session, user):
        raise Conflict("Make someone else an admin first: this is the last one.")


def _is_last_admin(session: Session, user: User) -> bool:
    others = select(User.id).where(
        User.active, User.id != user.id, User.roles.any(Role.name == RoleName.ADMIN)
    )
    is_admin = any(role.name == RoleName.ADMIN for role in user.roles)
    return is_admin and session.scalar(others.limit(1)) is None
