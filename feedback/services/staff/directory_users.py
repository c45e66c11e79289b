"""Staff as the provider's SCIM client sees and changes them (RFC 7644).

Every account can be seen, except for the emergency account, which the provider must not be able to disable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, or_, select
from sqlalchemy.orm import Session, selectinload

from feedback.core.contact.recipient import EmailAddress
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.services.staff import accounts, provider_accounts
from feedback.services.staff.accounts import NewUser
from feedback.settings.table import SingleSignOnSettings
from feedback.store.models import DirectoryGroup, DirectoryUser, User
from feedback.store.models.single_sign_on import directory_member

LONGEST_NAME = 255
"""Characters of names and of the provider's ids."""


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """A user as the provider describes them; `resource` is what it wants to read again."""

    user_name: str
    email: str
    name: str
    external_id: str | None
    active: bool
    resource: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundUser:
    """An account, what SCIM has reported (None: nothing yet), and its groups: (id, name)."""

    user: User
    told: DirectoryUser | None
    groups: tuple[tuple[int, str], ...] = ()


FILTERS: Mapping[str, ColumnElement[Any]] = {
    "username": func.lower(func.coalesce(DirectoryUser.user_name, User.email)),
    "emails": func.lower(User.email),
    "externalid": func.lower(DirectoryUser.external_id),
    "displayname": func.lower(User.name),
    "id": cast(User.id, String),
}
"""Attribute in lower case -> what it is compared with."""


def page(
    session: Session, sso: SingleSignOnSettings, condition: ColumnElement[bool] | None, start: int, count: int
) -> tuple[int, list[FoundUser]]:
    """(number of all that match, those of them from `start`, counted from 0), by id."""
    wanted = _visible(sso)
    if condition is not None:
        wanted = wanted.where(condition)
    total = session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    rows = session.execute(wanted.order_by(User.id).offset(start).limit(count)).all() if count else []
    groups = _groups(session, [user.id for user, _ in rows])
    return total, [FoundUser(user, told, groups.get(user.id, ())) for user, told in rows]


def find(session: Session, user_id: int, sso: SingleSignOnSettings, *, locked: bool = False) -> FoundUser:
    """Raises NotFound."""
    if locked:
        session.execute(select(User.id).where(User.id == user_id).with_for_update())
    row = session.execute(_visible(sso).where(User.id == user_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such user.")
    return FoundUser(row[0], row[1], _groups(session, [user_id]).get(user_id, ()))


def create(session: Session, person: DirectoryPerson, sso: SingleSignOnSettings, now: datetime) -> FoundUser:
    """Add a user, or give one back that the provider has deleted before.

    Raises Rejected for an address that is none, Conflict if there is such a user.
    """
    user = _gone(session, person) or _added(session, person, sso, now)
    told = session.get(DirectoryUser, user.id)
    if told is None:
        told = DirectoryUser(user_id=user.id, user_name=person.user_name, created_at=now, changed_at=now)
        session.add(told)
    told.gone_at = None
    return _store(session, user, told, person, now)


def replace(session: Session, found: FoundUser, person: DirectoryPerson, now: datetime) -> FoundUser:
    """Change a user to what the provider says. Raises Rejected, or Conflict for the name or address of another user,
    and for disabling the last admin."""
    told = found.told
    if told is None:
        told = DirectoryUser(
            user_id=found.user.id,
            user_name=person.user_name,
            created_at=found.user.created_at,
            changed_at=now,
        )
        session.add(told)
    return _store(session, found.user, told, person, now)


def remove(session: Session, found: FoundUser, now: datetime) -> None:
    """Disable a user and hide the account from SCIM; what they did stays. Raises Conflict for the last admin."""
    if found.user.active:
        accounts.set_active(session, found.user, False, by=None, now=now)
    told = found.told
    if told is None:
        told = DirectoryUser(
            user_id=found.user.id,
            user_name=found.user.email,
            created_at=found.user.created_at,
            changed_at=now,
        )
        session.add(told)
    told.gone_at = now
    session.execute(directory_member.delete().where(directory_member.c.user_id == found.user.id))
    audit.record(session, "removed by provider", "user", found.user.id, by=None, now=now)


def _visible(sso: SingleSignOnSettings) -> Select[User, DirectoryUser | None]:
    rows = select(User, DirectoryUser).outerjoin(DirectoryUser, DirectoryUser.user_id == User.id)
    wanted = rows.where(or_(User.active, DirectoryUser.gone_at.is_(None))).options(selectinload(User.roles))
    if sso.emergency_account:
        wanted = wanted.where(func.lower(User.email) != sso.emergency_account.strip().lower())
    return wanted


def _gone(session: Session, person: DirectoryPerson) -> User | None:
    """The disabled account of somebody whom the provider had deleted."""
    wanted = select(User).join(DirectoryUser, DirectoryUser.user_id == User.id)
    by_name = or_(
        func.lower(DirectoryUser.user_name) == person.user_name.lower(),
        func.lower(User.email) == person.email.lower(),
    )
    rows = wanted.where(by_name, DirectoryUser.gone_at.is_not(None), User.active.is_(False))
    return session.scalars(rows.order_by(User.id).limit(1)).first()


def _added(session: Session, person: DirectoryPerson, sso: SingleSignOnSettings, now: datetime) -> User:
    _check_name(session, person.user_name, None)
    roles = provider_accounts.roles_of((), sso)
    new = NewUser(person.email, person.name, roles, may_lack_roles=True)
    return accounts.add_user(session, new, now)


def _store(
    session: Session, user: User, told: DirectoryUser, person: DirectoryPerson, now: datetime
) -> FoundUser:
    _check_name(session, person.user_name, user.id)
    _set_address(session, user, person.email, now)
    user.name = person.name[:LONGEST_NAME] or user.email
    told.user_name, told.external_id = person.user_name, person.external_id
    told.resource, told.changed_at = dict(person.resource), now
    if person.active != user.active:
        accounts.set_active(session, user, person.active, by=None, now=now)
    session.flush()
    return FoundUser(user, told, _groups(session, [user.id]).get(user.id, ()))


def _set_address(session: Session, user: User, email: str, now: datetime) -> None:
    try:
        address = EmailAddress.parse(email).key
    except ValueError as error:
        raise Rejected(str(error)) from None
    other = accounts.by_email(session, address)
    if other is not None and other.id != user.id:
        raise Conflict("Another user has this e-mail address.")
    accounts.follow_address(session, user, address, now=now)


def _check_name(session: Session, user_name: str, own: int | None) -> None:
    """Raises Conflict if another user that can be seen has this name."""
    wanted = select(User.id).outerjoin(DirectoryUser, DirectoryUser.user_id == User.id)
    taken = wanted.where(
        FILTERS["username"] == user_name.lower(), or_(User.active, DirectoryUser.gone_at.is_(None))
    )
    if own is not None:
        taken = taken.where(User.id != own)
    if session.scalar(taken.limit(1)) is not None:
        raise Conflict("Another user has this user name.")


def _groups(session: Session, users: list[int]) -> dict[int, tuple[tuple[int, str], ...]]:
    rows = session.execute(
        select(directory_member.c.user_id, DirectoryGroup.id, DirectoryGroup.name)
        .join(DirectoryGroup, DirectoryGroup.id == directory_member.c.group_id)
        .where(directory_member.c.user_id.in_(users))
        .order_by(DirectoryGroup.id)
    )
    found: dict[int, tuple[tuple[int, str], ...]] = {}
    for user_id, group_id, name in rows:
        found[user_id] = (*found.get(user_id, ()), (group_id, name))
    return found
