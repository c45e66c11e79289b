from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import StatementError

from feedback.store.database import Database
from feedback.store.types import UtcDateTime

METADATA = MetaData()
MOMENTS = Table("moments", METADATA, Column("id", Integer, primary_key=True), Column("at", UtcDateTime))


def store(database: Database, *moments: datetime | None) -> list[datetime | None]:
    with database.connection() as connection:
        METADATA.create_all(connection)
        for moment in moments:
            connection.execute(insert(MOMENTS).values(at=moment))
    with database.reading() as session:
        return list(session.scalars(select(MOMENTS.c.at).order_by(MOMENTS.c.at, MOMENTS.c.id)))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=ZoneInfo("Asia/Tehran")),
        datetime(1969, 12, 31, 23, 59, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_as_the_same_moment_in_utc(database: Database, moment: datetime) -> None:
    (back,) = store(database, moment)
    assert back == moment.astimezone(UTC)
    assert back is not None
    assert back.tzinfo is UTC


def test_nothing_stays_nothing(database: Database) -> None:
    assert store(database, None) == [None]


def test_a_naive_datetime_is_refused_because_nobody_knows_which_moment_it_is(database: Database) -> None:
    with pytest.raises(StatementError, match="no time zone"):
        store(database, datetime(2026, 1, 1))  # noqa: DTZ001


def test_moments_sort_by_time_whatever_zone_they_came_in(database: Database) -> None:
    earlier = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    later = datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert store(database, later, earlier) == [earlier, later]
