"""Column types that mean the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import DateTime, Dialect, String, TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database.

    `DateTime(timezone=True)` alone drops the offset on SQLite, so 02:30+02:00 comes back as 02:30. This type
    converts to UTC before storing and gives an aware UTC datetime back. A naive datetime is refused with
    ValueError, because nobody can say which moment it is.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value!r} has no time zone; only aware datetimes can be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite gives back what was stored, without a zone; PostgreSQL answers in the session's zone.
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class StateType(TypeDecorator[StrEnum]):
    """A state as its word. A word that is no state is refused with ValueError before it is stored.

    A word that a newer release has written comes back as plain text, so that pages can still show the row.
    """

    impl = String(64)
    cache_ok = True

    def __init__(self, states: type[StrEnum]) -> None:
        super().__init__()
        self.states = states
        self._by_word = {str(state): state for state in states}

    def process_bind_param(self, value: str | None, _: Dialect) -> str | None:
        return None if value is None else self.states(value).value

    def process_result_value(self, value: str | None, _: Dialect) -> StrEnum | None:
        return self._by_word.get(value, value) if value is not None else None  # type: ignore[arg-type]
