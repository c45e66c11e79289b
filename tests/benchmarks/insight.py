"""How long the dashboard takes over many answers, beside a scan of the answers themselves.

    python -m tests.benchmarks.insight [--ten-million] [--database sqlite|postgres] [--json FILE]

Answers are inserted in bulk over three years, 50 owners, 4 segments, 6 stages, 3 languages and 2 channels;
the counts are then made by `rollups.rebuild`. "dashboard" are all queries behind the page of one series:
score, change, a year by months, response rates and five breakdowns. "scan" is what the score and one
breakdown would cost without counts. "write" is what the counts add to the transaction of one answer.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from feedback.core.time.period import Bucket, Period
from feedback.services import reports, rollups
from feedback.services.reports import Series
from feedback.services.rollups import DIMENSIONS
from feedback.store.database import Database
from feedback.store.models import Response, Score
from tests.factories_reports import LIBRARY
from tests.postgres import Postgres

SIZES = (10_000, 1_000_000)
BAR = 50.0  # milliseconds
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))
ODD = Period(date(2023, 4, 11), date(2026, 3, 23))  # all years, and ragged at both ends
YEAR = Period(date(2025, 4, 1), date(2026, 3, 31))

# n runs from 1; the multipliers are primes, so that the attributes do not march in step.
_NUMBERS = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}) ",
    "postgresql": "WITH numbers AS (SELECT generate_series({first}, {last}) AS n) ",
}
_MOMENT = {
    "sqlite": "datetime('2023-04-01', '+' || ((n * 7919) % 94608000) || ' seconds') || '.000000'",
    "postgresql": "timestamptz '2023-04-01 00:00Z' + ((n::bigint * 7919) % 94608000) * interval '1 second'",
}


AT_ONCE = 500_000


def fill(database: Database, rows: int) -> None:
    """That many answers without going through the services.

    In many transactions, as in life: SQLite is slow to find its way through a journal of gigabytes.
    """
    with database.writing() as session:
        version = LIBRARY.published(session, "survey", NOW).id
        people = range(1, 51)
        session.execute(
            text(
                'INSERT INTO "user" '
                "(id, email, name, fs_uniquifier, created_at, is_demo, active, login_count)"
                " VALUES (:id, :key, :key, :key, :now, :no, :yes, 0)"
            ),
            [
                {"id": n, "key": f"u{n}", "now": NOW.replace(tzinfo=None), "no": False, "yes": True}
                for n in people
            ],
        )
    for first in range(1, rows + 1, AT_ONCE):
        with database.writing() as session:
            last = min(rows, first + AT_ONCE - 1)
            session.execute(text(_responses(session, first, last, version)))
            session.execute(text(_scores(first)))
    with database.writing() as session:
        rollups.rebuild(session)
    with database.connection() as connection:
        connection.execute(text("ANALYZE"))
    database.close()  # a connection that was open before plans its queries as if there were nothing


def _responses(session: Session, first: int, last: int, version: int) -> str:
    dialect = session.get_bind().dialect.name
    moment = _MOMENT[dialect]
    number = "n::bigint" if dialect == "postgresql" else "n"
    pick = "(CASE ({number} * {prime}) % {count} {cases} END)"

    def one_of(prime: int, *words: str) -> str:
        cases = " ".join(f"WHEN {place} THEN '{word}'" for place, word in enumerate(words))
        return pick.format(number=number, prime=prime, count=len(words), cases=cases)

    columns = {
        "version_id": str(version),
        "questionnaire": "'survey'",
        "stage": one_of(101, "onboarding", "golive", "support", "renewal", "relationship", "leaving"),
        "segment": one_of(103, "vip", "core", "potential", "non-core"),
        "owner_id": f"1 + ({number} * 107) % 50",
        "source": "'link'",
        "channel": one_of(109, "sms", "email"),
        "language": one_of(113, "en", "tr", "fa"),
        "state": "'complete'",
        "provisional": "false",
        "evidence": "'{}'",
        "answered_at": moment,
        "updated_at": moment,
        "edits": "0",
        "is_demo": "false",
    }
    return (
        f"INSERT INTO response ({', '.join(columns)}) {_NUMBERS[dialect].format(first=first, last=last)}"
        f"SELECT {', '.join(columns.values())} FROM numbers"
    )


def _scores(first: int) -> str:
    return (
        "INSERT INTO score (response_id, question, metric, trend, value, band, at) "
        "SELECT id, 'recommend', 'nps', 'survey', (id * 127) % 11, 'any', answered_at FROM response"
        f" WHERE id >= {first}"
    )


def dashboard(session: Session, series: Series, period: Period) -> None:
    """All that the page of a series asks of the database."""
    reports.compare_periods(session, series, period, period.before())
    reports.over_time(session, series, YEAR, Bucket.MONTH)
    reports.response_rates(session, period, series.questionnaires)
    for dimension in DIMENSIONS:
        reports.breakdown(session, series, period, dimension)


def scan(session: Session, period: Period) -> None:
    """The score and one breakdown, from the answers."""
    first, after = period.moments(UTC)
    about = "FROM score JOIN response ON response.id = score.response_id WHERE score.trend = 'survey'"
    during = " AND score.metric = 'nps' AND score.at >= :first AND score.at < :after"
    days = {"first": first.replace(tzinfo=None), "after": after.replace(tzinfo=None)}
    if session.get_bind().dialect.name == "postgresql":
        days = {"first": first, "after": after}
    session.execute(text(f"SELECT value, count(*) {about}{during} GROUP BY 1"), days).all()
    session.execute(text(f"SELECT segment, value, count(*) {about}{during} GROUP BY 1, 2"), days).all()


def milliseconds(work: Callable[[], object], times: int) -> float:
    """The best of several runs, after one that warms up: whatever else the machine does only adds."""
    work()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return min(taken)


_RESPONSE: dict[str, Any] = {
    "version_id": 1, "questionnaire": "survey", "stage": "support", "segment": "core", "source": "link",
    "channel": "sms", "language": "en", "state": "complete", "answered_at": NOW, "updated_at": NOW,
    "provisional": False,
}  # fmt: skip
_SCORE: dict[str, Any] = {
    "question": "recommend", "metric": "nps", "trend": "survey", "value": 9, "band": "promoter", "at": NOW
}  # fmt: skip


def write_cost(database: Database) -> tuple[float, float]:
    """Milliseconds of a transaction that stores one score, without and with its counts."""

    def store(*, counted: bool) -> None:
        with database.writing() as session:
            response = Response(**_RESPONSE)
            session.add(response)
            session.flush()
            session.add(Score(response_id=response.id, **_SCORE))
            session.flush()
            if counted:
                score = ("survey", "recommend", "nps", 9)
                after = rollups.counted(response, [score], database.zone)
                rollups.settle(session.connection(), rollups.NOT_COUNTED, after, None)

    return milliseconds(lambda: store(counted=False), 200), milliseconds(lambda: store(counted=True), 200)


def measure(database: Database, rows: int) -> dict[str, Any]:
    """One line of the table."""
    started = time.perf_counter()
    database.upgrade()
    fill(database, rows)
    seconds = time.perf_counter() - started
    with database.reading() as session:
        (series,) = reports.all_series(session, LIBRARY)
        found = {
            "rows": rows,
            "cells": session.execute(text("SELECT count(*) FROM score_count")).scalar_one(),
            "quarter": milliseconds(lambda: dashboard(session, series, QUARTER), 15),
            "years": milliseconds(lambda: dashboard(session, series, ODD), 15),
            "scan quarter": milliseconds(lambda: scan(session, QUARTER), 1),
            "scan years": milliseconds(lambda: scan(session, ODD), 1),
        }
    bare, counted = write_cost(database)
    return {**found, "write bare": bare, "write counted": counted, "filled in s": seconds}


@contextlib.contextmanager
def databases(only: str | None, directory: Path) -> Iterator[dict[str, Callable[[str], str]]]:
    """Name of a database system -> how to make an empty database there."""
    made: dict[str, Callable[[str], str]] = {}
    if only in (None, "sqlite"):
        made["sqlite"] = lambda name: f"sqlite:///{directory / name}.db"
    if only in (None, "postgres"):
        made["postgres"] = Postgres(directory / "postgres").create
    yield made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--ten-million", action="store_true", help="also with ten million answers")
    parser.add_argument("--database", choices=("sqlite", "postgres"))
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    asked = parser.parse_args()
    sizes = (*SIZES, 10_000_000) if asked.ten_million else SIZES
    lines = []
    with tempfile.TemporaryDirectory() as place, databases(asked.database, Path(place)) as systems:
        for system, make in systems.items():
            for rows in sizes:
                database = Database(make(f"insight_{rows}"))
                lines.append({"database": system, **measure(database, rows)})
                database.close()
                show(lines[-1])
    if asked.json:
        asked.json.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")
    return 0


def show(line: dict[str, Any]) -> None:
    slowest = max(line["quarter"], line["years"])
    sys.stdout.write(
        f"{line['database']:<9}{line['rows']:>12,} answers {line['cells']:>9,} cells | dashboard:"
        f" a quarter {line['quarter']:7.1f} ms, three years {line['years']:7.1f} ms"
        f" ({'within' if slowest <= BAR else 'OVER'} {BAR:.0f} ms) | scan: {line['scan quarter']:9.1f} ms,"
        f" {line['scan years']:9.1f} ms | write {line['write bare']:.2f} -> {line['write counted']:.2f} ms\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
