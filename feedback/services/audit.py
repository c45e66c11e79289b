"""The audit log: who saw, changed or exported what. The database only allows adding entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from feedback.store.models import Account, AuditEntry, Campaign, SavedSegment, User

SYSTEM = 0
"""The value of a filter by user that means the system; ids of users begin at 1."""

NAMED: Mapping[str, Any] = {"account": Account, "segment": SavedSegment, "campaign": Campaign}
"""Subject -> the table that has its name. The names of persons stay out of the log."""

SEEN_ONCE = timedelta(hours=1)
"""Repeated views by the same user within this time make one entry."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """The filters: `by` is a user's id or SYSTEM, `since` and `until` (excluded) are aware, `before` an entry's id."""

    by: int | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def record(
    session: Session,
    action: str,
    subject: str,
    subject_id: int | None,
    *,
    by: int | None,
    now: datetime,
    **detail: str | int | None,
) -> None:
    """Record that user `by` (None: the system) did `action` to `subject`.

    `detail` holds keys and numbers, never a customer's words or address.
    """
    session.add(
        AuditEntry(at=now, user_id=by, action=action, subject=subject, subject_id=subject_id, detail=detail)
    )


def saw_lately(session: Session, subject: str, subject_id: int | None, *, by: int, now: datetime) -> bool:
    """Whether a view of this by user `by` was recorded within `SEEN_ONCE`."""
    found = (
        select(AuditEntry.id)
        .where(
            AuditEntry.user_id == by,
            AuditEntry.at > now - SEEN_ONCE,
            AuditEntry.action == "saw",
            AuditEntry.subject == subject,
            AuditEntry.subject_id.is_not_distinct_from(subject_id),
        )
        .limit(1)
    )
    return session.scalar(found) is not None


def latest(
    session: Session, subject: str, subject_id: int, limit: int = 10
) -> Sequence[Row[AuditEntry, User]]:
    """(entry, user) for one subject, the latest first; the user is None for the system."""
    return session.execute(
        select(AuditEntry, User)
        .outerjoin(User, User.id == AuditEntry.user_id)
        .where(AuditEntry.subject == subject, AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    ).all()


def search(session: Session, wanted: AuditFilter, limit: int) -> Sequence[Row[AuditEntry, User]]:
    """(entry, user) that match the filters, the latest first; the user is None for the system."""
    query = select(AuditEntry, User).outerjoin(User, User.id == AuditEntry.user_id)
    if wanted.by is not None:
        query = query.where(AuditEntry.user_id.is_not_distinct_from(wanted.by or None))
    if wanted.subject:
        query = query.where(AuditEntry.subject == wanted.subject)
    if wanted.since:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until:
        query = query.where(AuditEntry.at < wanted.until)
    if wanted.before:
        query = query.where(AuditEntry.id < wanted.before)
    return session.execute(query.order_by(AuditEntry.id.desc()).limit(limit)).all()


def subjects(session: Session) -> Sequence[str]:
    """The kinds of subjects in the log, for the filter."""
    return session.scalars(select(AuditEntry.subject).distinct().order_by(AuditEntry.subject)).all()


def names(session: Session, entries: Iterable[AuditEntry]) -> Mapping[tuple[str, int], str]:
    """(subject, its id) -> the name that it has now, of those that have one and still exist."""
    wanted = {(each.subject, each.subject_id) for each in entries if each.subject_id is not None}
    found: dict[tuple[str, int], str] = {}
    for subject, table in NAMED.items():
        ids = [number for kind, number in wanted if kind == subject]
        rows = session.execute(select(table.id, table.name).where(table.id.in_(ids))) if ids else ()
        found |= {(subject, number): name for number, name in rows}
    return found
