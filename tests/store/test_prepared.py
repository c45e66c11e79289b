from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest
from sqlalchemy import JSON, Connection, String, bindparam, func, insert, select, union, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from feedback.errors import StorageUnavailable
from feedback.store.database import Database
from feedback.store.prepared import LONGEST, PreparedStatement
from feedback.store.types import UtcDateTime

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Base(DeclarativeBase):
    pass


class Visit(Base):
    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(primary_key=True)
    guest: Mapped[str] = mapped_column(String(20), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime())
    notes: Mapped[Any] = mapped_column(JSON)
    nights: Mapped[int | None]


class Room(Base):
    __tablename__ = "room"

    id: Mapped[int] = mapped_column(primary_key=True)
    beds: Mapped[int] = mapped_column(default=2)
    floor: Mapped[int | None]


V: Any = Visit.__table__.c
INSERT = PreparedStatement(insert(Visit.__table__).returning(V.id))  # type: ignore[arg-type]
MOVE = PreparedStatement(
    update(Visit.__table__).where(V.guest == bindparam("who")).values(at=bindparam("moment"))
)  # type: ignore[arg-type]
AMONG = select(V.guest, V.at, V.notes, V.nights).where(
    V.guest.in_(bindparam("guests", expanding=True)), V.at >= bindparam("since")
)
SELECTS = (
    AMONG.order_by(V.id),
    AMONG.where(V.nights.not_in((1, 2))).order_by(V.id),
    union(
        select(V.id, V.guest).where(V.guest.in_(bindparam("guests", expanding=True))),
        select(V.id, V.guest).where(V.at >= bindparam("since")),
    ),
    select(func.count().label("visits")).where(V.guest.in_(bindparam("guests", expanding=True))),
)


@pytest.fixture
def visits(database: Database) -> Database:
    with database.connection() as connection:
        Base.metadata.create_all(connection)
        for n, guest in enumerate("abcd"):
            INSERT.rows(connection, stay(guest, nights=n or None))
    return database


def stay(guest: str, nights: int | None = None, at: datetime = NOON) -> Mapping[str, Any]:
    return {"guest": guest, "at": at, "notes": {"likes": [guest, None]}, "nights": nights}


def plain(connection: Connection, statement: Any, values: Mapping[str, Any]) -> list[Any]:
    return [tuple(row) for row in connection.execute(statement, dict(values))]


GUESTS = ([], ["b"], ["d", "a", "c"], ["b"], [*map(str, range(LONGEST)), "b"])
SINCE = (NOON, NOON.astimezone(timezone(timedelta(hours=3))), NOON + timedelta(days=1))


def test_it_finds_what_sqlalchemy_finds(visits: Database) -> None:
    lengths = set()
    with visits.rows() as connection:
        for statement in SELECTS:
            prepared = PreparedStatement(statement)
            for guests, since in product(GUESTS, SINCE):
                values = {"guests": guests, "since": since}
                found = [tuple(row) for row in prepared.rows(connection, values)]
                assert found == plain(connection, statement, values)
                lengths.add(len(found))
    assert lengths >= {0, 1, 3, 4}


def test_rows_have_names_and_values_their_types(visits: Database) -> None:
    with visits.glance() as connection:
        row = PreparedStatement(SELECTS[0]).one_or_none(connection, {"guests": ["b"], "since": NOON})
    assert (row.guest, row.at, row.notes, row.nights) == ("b", NOON, {"likes": ["b", None]}, 1)
    assert row.at.tzinfo is UTC


def test_what_is_changed_is_stored(visits: Database) -> None:
    later = datetime(2026, 5, 2, 1, tzinfo=timezone(timedelta(hours=3)))
    with visits.writing() as session:
        MOVE.run(session.connection(), {"who": "a", "moment": later})
        ((new,),) = INSERT.rows(session.connection(), {"guest": "e", "at": NOON, "notes": None})
    with visits.reading() as session:
        assert session.get_one(Visit, new).guest == "e"
        assert session.scalar(select(Visit.at).where(Visit.guest == "a")) == later


def test_a_broken_rule_is_an_integrity_error_and_the_savepoint_survives_it(visits: Database) -> None:
    with visits.writing() as session:
        with pytest.raises(IntegrityError) as raised, session.begin_nested():
            INSERT.rows(session.connection(), stay("a") | {"notes": "of a private kind"})
        INSERT.rows(session.connection(), stay("e"))
    assert "private" not in str(raised.value)
    with visits.reading() as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 5


def test_a_read_only_connection_refuses_to_write(visits: Database) -> None:
    with pytest.raises((DBAPIError, StorageUnavailable)), visits.rows() as connection:
        MOVE.run(connection, {"who": "a", "moment": NOON})


def test_a_lost_connection_is_explained(visits: Database) -> None:
    with pytest.raises((StorageUnavailable, DBAPIError)), visits.connection() as connection:
        connection.connection.driver_connection.close()  # type: ignore[union-attr]
        INSERT.rows(connection, stay("e"))
    with visits.connection() as connection:
        INSERT.rows(connection, stay("f"))


def test_a_column_that_would_get_a_default_must_be_given(visits: Database) -> None:
    statement = PreparedStatement(insert(Room.__table__))  # type: ignore[arg-type]
    with visits.connection() as connection:
        with pytest.raises(ValueError, match="beds"):
            statement.run(connection, {"floor": 1})
        statement.run(connection, {"floor": 1, "beds": 1})
        assert plain(connection, select(Room.beds, Room.floor), {}) == [(1, 1)]


def test_a_naive_time_is_refused(visits: Database) -> None:
    with pytest.raises(ValueError, match="no time zone"), visits.connection() as connection:
        MOVE.run(connection, {"who": "a", "moment": datetime(2026, 5, 1)})  # noqa: DTZ001
