"""Groups of staff that the provider's SCIM client tells, and the roles that follow from them at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, insert, or_, select
from sqlalchemy.orm import Session, selectinload

from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.services.staff import provider_accounts
from feedback.services.staff.directory_users import LONGEST_NAME
from feedback.settings.table import SingleSignOnSettings
from feedback.store.models import DirectoryGroup, User
from feedback.store.models.single_sign_on import directory_member


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """A group as the provider describes it; `members` are ids of users."""

    name: str
    external_id: str | None
    members: frozenset[int]


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """A group, and the ids of its members."""

    group: DirectoryGroup
    members: tuple[int, ...]


FILTERS: Mapping[str, ColumnElement[Any]] = {
    "displayname": func.lower(DirectoryGroup.name),
    "externalid": func.lower(DirectoryGroup.external_id),
    "id": cast(DirectoryGroup.id, String),
}
"""Attribute in lower case -> what it is compared with."""


def page(
    session: Session, condition: ColumnElement[bool] | None, start: int, count: int
) -> tuple[int, list[FoundGroup]]:
    """(number of all that match, those of them from `start`, counted from 0), by id."""
    wanted = select(DirectoryGroup)
    if condition is not None:
        wanted = wanted.where(condition)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    rows = (
        session.scalars(wanted.order_by(DirectoryGroup.id).offset(start).limit(count)).all() if count else []
    )
    return total, [_with_members(session, each) for each in rows]


def find(session: Session, group_id: int, *, locked: bool = False) -> FoundGroup:
    """Raises NotFound."""
    group = session.get(DirectoryGroup, group_id, with_for_update=locked)
    if group is None:
        raise NotFound("There is no such group.")
    return _with_members(session, group)


def create(session: Session, draft: GroupDraft, sso: SingleSignOnSettings, now: datetime) -> FoundGroup:
    """Raises Rejected for an empty name or unknown members, Conflict if there is a group with this name."""
    group = DirectoryGroup(name="", created_at=now, changed_at=now)
    return _store(session, group, frozenset(), draft, sso, now)


def replace(
    session: Session, found: FoundGroup, draft: GroupDraft, sso: SingleSignOnSettings, now: datetime
) -> FoundGroup:
    """Raises Rejected for an empty name or unknown members, Conflict for the name of another group."""
    return _store(session, found.group, frozenset(found.members), draft, sso, now)


def remove(session: Session, found: FoundGroup, sso: SingleSignOnSettings, now: datetime) -> None:
    """Delete a group; its members lose the roles that it gave."""
    counts = _counts(session, sso)
    audit.record(session, "deleted", "directory_group", found.group.id, by=None, now=now)
    session.delete(found.group)
    session.flush()
    if counts:
        _follow(session, found.members, sso, now)


def _store(
    session: Session,
    group: DirectoryGroup,
    before: frozenset[int],
    draft: GroupDraft,
    sso: SingleSignOnSettings,
    now: datetime,
) -> FoundGroup:
    _check(session, group, draft)
    counted = _counts(session, sso)
    renamed = (group.name, group.external_id) != (draft.name, draft.external_id)
    group.name, group.external_id, group.changed_at = draft.name, draft.external_id, now
    session.add(group)
    session.flush()
    left, joined = before - draft.members, draft.members - before
    if left:
        session.execute(
            directory_member.delete().where(
                directory_member.c.group_id == group.id, directory_member.c.user_id.in_(left)
            )
        )
    if joined:
        rows = [{"group_id": group.id, "user_id": user_id} for user_id in sorted(joined)]
        session.execute(insert(directory_member), rows)
    if left or joined or renamed:
        detail = {"joined": len(joined), "left": len(left)}
        audit.record(session, "changed", "directory_group", group.id, by=None, now=now, **detail)
    if counted or _counts(session, sso):
        _follow(session, (before | draft.members) if renamed else (left | joined), sso, now)
    return _with_members(session, group)


def _check(session: Session, group: DirectoryGroup, draft: GroupDraft) -> None:
    if not 0 < len(draft.name) <= LONGEST_NAME:
        raise Rejected(f"displayName needs 1 to {LONGEST_NAME} characters.")
    taken = select(DirectoryGroup.id).where(
        func.lower(DirectoryGroup.name) == draft.name.lower(), DirectoryGroup.id != (group.id or 0)
    )
    if session.scalar(taken.limit(1)) is not None:
        raise Conflict("Another group has this displayName.")
    known = set(session.scalars(select(User.id).where(User.id.in_(draft.members))))
    if unknown := sorted(draft.members - known):
        raise Rejected(f"There is no user {unknown[0]}.")


def _counts(session: Session, sso: SingleSignOnSettings) -> bool:
    """Whether roles depend on any group that SCIM has told; if not, the groups come with each sign-in."""
    mapped = list(sso.roles)
    known = select(DirectoryGroup.id).where(
        or_(DirectoryGroup.name.in_(mapped), DirectoryGroup.external_id.in_(mapped))
    )
    return bool(mapped) and session.scalar(known.limit(1)) is not None


def _follow(session: Session, users: Iterable[int], sso: SingleSignOnSettings, now: datetime) -> None:
    """Give these users the roles of their groups."""
    wanted = select(User).where(User.id.in_(_listed(users))).options(selectinload(User.roles))
    for user in session.scalars(wanted.order_by(User.id)):
        groups = provider_accounts.groups_by_scim(session, user.id)
        provider_accounts.follow_groups(session, user, groups, sso, now)


def _listed(users: Iterable[int]) -> Collection[int]:
    return sorted(set(users))


def _with_members(session: Session, group: DirectoryGroup) -> FoundGroup:
    rows = select(directory_member.c.user_id).where(directory_member.c.group_id == group.id)
    return FoundGroup(group, tuple(session.scalars(rows.order_by(directory_member.c.user_id))))
