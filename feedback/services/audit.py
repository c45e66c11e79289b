"""Who saw, changed or exported what. Entries are only ever added; nothing here can change one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from feedback.store.models import AuditEntry, User


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
    """Write down that user `by` (None: the system) did `action` to `subject`.

    `detail` holds keys and numbers, never a customer's words or address.
    """
    session.add(
        AuditEntry(at=now, user_id=by, action=action, subject=subject, subject_id=subject_id, detail=detail)
    )


def latest(
    session: Session, subject: str, subject_id: int, limit: int = 10
) -> Sequence[Row[AuditEntry, User]]:
    """Who did what to one thing, the latest first; the user is None for the system."""
    return session.execute(
        select(AuditEntry, User)
        .outerjoin(User, User.id == AuditEntry.user_id)
        .where(AuditEntry.subject == subject, AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    ).all()
