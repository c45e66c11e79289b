"""Reports changes to other systems: stores an event in the transaction of the change, if an endpoint wants its type.

Most installations have no endpoint. So that a change then costs next to nothing, one statement asks a small table for
the wanted types, and nothing else happens. Bodies and deliveries are made later, by the worker
(`services.webhooks.spreading`), from the rows as they are then: the event itself only names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from feedback.store.models import WebhookEvent, WebhookSubscription
from feedback.store.prepared import PreparedStatement


@dataclass(frozen=True, slots=True)
class ReportedChange:
    """Something that happened, by the names of `core.webhook_events.EVENT_TYPES`.

    Events of one object (`subject`, `subject_id`) are delivered in the order in which they were reported. `detail`
    holds keys and numbers, no words of a customer. `contact_id` and `response_id` say whom and what it is about.
    """

    type: str
    subject: str
    subject_id: int
    contact_id: int | None = None
    response_id: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    """Of a change that is found by looking: a change with a stored key is not stored again."""


_EVENT: Any = WebhookEvent.__table__
_WANTED = PreparedStatement(select(WebhookSubscription.type).distinct())
_STORE = PreparedStatement(_EVENT.insert())


def report(rows: Session | Connection, changes: Iterable[ReportedChange], now: datetime) -> None:
    """Store those of the changes that an endpoint wants, in the transaction of `rows`.

    If no endpoint wants anything, `changes` are not even looked at.
    """
    connection = rows.connection() if isinstance(rows, Session) else rows
    wanted = _wanted(connection)
    if not wanted:
        return
    for change in changes:
        if change.type in wanted:
            _STORE.run(connection, _columns(change, now))


def report_once(session: Session, changes: Sequence[ReportedChange], now: datetime) -> int:
    """Store those of the changes whose key is not stored yet; an endpoint must want their type. Returns their
    number."""
    if not changes:
        return 0
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = [_columns(change, now) for change in changes]
    done = session.execute(
        insert(_EVENT)
        .on_conflict_do_nothing(index_elements=["key"], index_where=_EVENT.c.key.is_not(None))
        .returning(_EVENT.c.id),
        rows,
    )
    return len(done.all())


def is_wanted(rows: Session | Connection, type_: str) -> bool:
    """Whether an endpoint wants this type; for changes that have to be looked for."""
    connection = rows.connection() if isinstance(rows, Session) else rows
    return type_ in _wanted(connection)


def _wanted(connection: Connection) -> set[str]:
    return {row.type for row in _WANTED.rows(connection, {})}


def _columns(change: ReportedChange, now: datetime) -> dict[str, Any]:
    return {
        "type": change.type,
        "subject": change.subject,
        "subject_id": change.subject_id,
        "detail": dict(change.detail),
        "contact_id": change.contact_id,
        "response_id": change.response_id,
        "key": change.key,
        "at": now,
    }
