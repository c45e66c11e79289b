"""Lists that are read page by page, by the place of the last row instead of a number of rows to skip.

A row keeps its place while others are added, so a program that reads all pages sees each row once. A list by time of
change is an exception that its reader wants: a row that changes meanwhile moves to the end, and is seen again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, text, tuple_
from sqlalchemy.orm import Session

T = TypeVar("T")

UNSETTLED = timedelta(seconds=1)
"""How long before the oldest running write a row must have been written, so that none can still appear before it."""


class PageEnd(NamedTuple):
    """Where a page ended: the values of the last row."""

    at: datetime | None
    id: int


@dataclass(frozen=True, slots=True)
class Order:
    """Columns: by `id`, or by `at` and then `id`. `written` is when a row was added, which never changes."""

    id: Any
    at: Any = None
    written: Any = None
    descending: bool = False


def page(
    session: Session, query: Select[T], order: Order, limit: int, after: PageEnd | None = None
) -> tuple[list[T], PageEnd | None]:
    """(at most `limit` rows, the place after which the next page begins, None at the end of the list).

    PostgreSQL gives out ids before it stores a row, so a row can appear behind one that was read already. A list by id
    therefore ends before what was written while the oldest transaction that still writes was running: a later reading
    continues there. `query` selects one ORM class.
    """
    keys = (order.id,) if order.at is None else (order.at, order.id)
    query = query.order_by(*(each.desc() if order.descending else each for each in keys)).limit(limit + 1)
    if after is not None:
        place: Any = tuple_(*keys)
        last: Any = tuple_(*((after.id,) if order.at is None else (after.at, after.id)))
        query = query.where(place < last if order.descending else place > last)
    end = None if order.written is None or order.descending else _settled_until(session)
    rows = list(session.scalars(query))
    kept = rows if end is None else list(_before(rows, order, end))
    if len(kept) > limit:
        last_row = kept[limit - 1]
        return kept[:limit], _place_of(last_row, order)
    return kept, None


def _place_of(row: Any, order: Order) -> PageEnd:
    return PageEnd(None if order.at is None else getattr(row, order.at.key), getattr(row, order.id.key))


def _before(rows: Iterable[T], order: Order, end: datetime) -> Iterable[T]:
    for row in rows:
        if order.written is not None and getattr(row, order.written.key) >= end:
            return
        yield row


def _settled_until(session: Session) -> datetime | None:
    """The time before which nothing is still being written; None if nothing is. SQLite has one writer at a time."""
    if session.get_bind().dialect.name != "postgresql":
        return None
    oldest: datetime | None = session.scalar(_OLDEST)
    return None if oldest is None else oldest - UNSETTLED


_OLDEST = text(
    "SELECT min(xact_start) FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
)
