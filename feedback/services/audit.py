"""Who saw, changed or exported what. Entries are only ever added; nothing here can change one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from feedback.store.models import AuditEntry


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
