"""Undoes an import, as far as nothing else has changed since.

A row that the import made is deleted if nobody has changed it, asked the person, or got anything from them. A row that
it changed gets its former values back if nobody has changed it since. Everything else stays as it is and is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Date, DateTime, Numeric, delete, func, select, update
from sqlalchemy.orm import Session

from feedback.store.database import Database
from feedback.store.models import (
    Account,
    Consent,
    Contact,
    FollowUp,
    ImportChange,
    InboundReply,
    Invitation,
    JourneyEvent,
    Message,
    Response,
    Suppression,
    UsagePoint,
)
from feedback.store.portions import SHORT_REST, Portions

AT_ONCE = 500
_OF_CONTACT: Sequence[Any] = (
    JourneyEvent,
    Invitation,
    Message,
    InboundReply,
    Response,
    FollowUp,
    Suppression,
)
_OF_ACCOUNT: Sequence[Any] = (Contact, Invitation, Response, FollowUp, UsagePoint)
"""Tables whose rows say that somebody else has used a contact or an account."""


@dataclass(slots=True)
class Undone:
    """`kept` rows have changed since, or are in use."""

    removed: int = 0
    restored: int = 0
    kept: int = 0


def undo(
    database: Database,
    import_id: int,
    began_at: datetime,
    now: datetime,
    on_progress: Callable[[int, int], None],
) -> Undone:
    """Undo all changes of an import: those of contacts first, so that accounts without any can go."""
    undone, portions = Undone(), Portions(database, resting=SHORT_REST)
    with database.reading() as session:
        total = session.scalar(
            select(func.count()).select_from(ImportChange).where(ImportChange.import_id == import_id)
        )
    for subject in ("contact", "account"):
        while rows := _next(database, import_id, subject):
            work = partial(_undo_some, import_id, subject, began_at, now, undone)
            portions.each(rows, work)
            on_progress(undone.removed + undone.restored + undone.kept, total or 0)
    return undone


def _next(database: Database, import_id: int, subject: str) -> Sequence[int]:
    wanted = select(ImportChange.row_id).where(
        ImportChange.import_id == import_id, ImportChange.subject == subject
    )
    with database.reading() as session:
        return session.scalars(wanted.order_by(ImportChange.row_id).limit(AT_ONCE)).all()


def _undo_some(
    import_id: int, subject: str, began_at: datetime, now: datetime, undone: Undone,
    session: Session, ids: Sequence[int],
) -> None:  # fmt: skip
    """One portion; the changes that it has dealt with are forgotten in the same transaction."""
    table: Any = Contact if subject == "contact" else Account
    which = (
        ImportChange.import_id == import_id,
        ImportChange.subject == subject,
        ImportChange.row_id.in_(ids),
    )
    changes = {each.row_id: each.before for each in session.scalars(select(ImportChange).where(*which))}
    rows = {
        row.id: row
        for row in session.scalars(select(table).where(table.id.in_(list(changes))).with_for_update())
    }
    untouched = {key for key, row in rows.items() if row.updated_at == began_at}
    if subject == "contact":
        _undo_consents(session, untouched, began_at)
    made = {key for key in untouched if changes[key] is None}
    gone = made - _in_use(session, subject, made)
    if gone:
        session.execute(delete(table).where(table.id.in_(gone)))
    for key in untouched - made:
        _restore(rows[key], changes[key] or {}, now)
    session.flush()
    undone.removed += len(gone)
    undone.restored += len(untouched - made)
    undone.kept += len(changes) - len(gone) - len(untouched - made)
    session.execute(delete(ImportChange).where(*which))


def _undo_consents(session: Session, contacts: set[int], began_at: datetime) -> None:
    """Remove permissions that the import recorded, unless they were withdrawn since, and give back those that it
    withdrew."""
    own = Consent.contact_id.in_(contacts)
    open_ = Consent.withdrawn_at.is_(None) | (Consent.withdrawn_at == began_at)
    session.execute(delete(Consent).where(own, Consent.granted_at == began_at, open_))
    session.execute(
        update(Consent).where(own, Consent.withdrawn_at == began_at, Consent.granted_at < began_at)
        .values(withdrawn_at=None)
    )  # fmt: skip


def _in_use(session: Session, subject: str, ids: set[int]) -> set[int]:
    used: set[int] = set()
    for table in _OF_CONTACT if subject == "contact" else _OF_ACCOUNT:
        column = table.contact_id if subject == "contact" else table.account_id
        used.update(session.scalars(select(column).where(column.in_(ids)).distinct()))
    return used


def _restore(row: Any, before: Mapping[str, Any], now: datetime) -> None:
    for name, value in before.items():
        setattr(row, name, _value(row.__table__.c[name].type, value))
    row.updated_at = now


def _value(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, Date) and not isinstance(kind, DateTime):
        return date.fromisoformat(value)
    return Decimal(value) if isinstance(kind, Numeric) else value
