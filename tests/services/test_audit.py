"""What was done stays done: the audit can be read and added to, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from feedback.services import audit
from feedback.services.audit import SYSTEM, AuditFilter
from feedback.services.staff import accounts
from feedback.store.database import Database
from feedback.store.models import AuditEntry
from tests.services.followups.desk import MONDAY, Desk

DAY = timedelta(days=1)


def entry(
    database: Database, action: str = "saw", by: int | None = 1, days: int = 0, what: str = "contact"
) -> int:
    with database.writing() as session:
        audit.record(session, action, what, 7, by=by, now=MONDAY + days * DAY)
        session.flush()
        return session.scalars(select(AuditEntry.id).order_by(AuditEntry.id.desc())).first() or 0


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET action = 'nothing'", "DELETE FROM audit_entry"]
)
def test_the_database_refuses_to_change_it(migrated: Database, statement: str) -> None:
    entry(migrated)
    with pytest.raises(DatabaseError, match="append-only"), migrated.writing() as session:
        session.execute(text(statement))
    with migrated.reading() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["saw"]


@pytest.mark.parametrize(
    "migrated, replace",
    [
        ("sqlite", "INSERT OR REPLACE INTO audit_entry ({columns}) SELECT {changed} FROM audit_entry"),
        ("sqlite", "REPLACE INTO audit_entry ({columns}) SELECT {changed} FROM audit_entry"),
        pytest.param(
            "postgres",
            "INSERT INTO audit_entry ({columns}) SELECT {changed} FROM audit_entry "
            "ON CONFLICT (id) DO UPDATE SET action = excluded.action",
            marks=pytest.mark.postgres,
        ),
    ],
    indirect=["migrated"],
)
def test_nor_can_it_be_replaced(migrated: Database, replace: str) -> None:
    entry(migrated)
    columns = "id, at, user_id, action, subject, subject_id, detail"
    statement = replace.format(columns=columns, changed=columns.replace("action", "'nothing'"))
    with pytest.raises(DatabaseError, match="append-only"), migrated.writing() as session:
        session.execute(text(statement))
    with migrated.reading() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["saw"]


@pytest.mark.postgres
def test_nor_can_it_be_truncated(postgres_url: str) -> None:
    database = Database(postgres_url)
    database.upgrade()
    with pytest.raises(DatabaseError, match="append-only"), database.writing() as session:
        session.execute(text("TRUNCATE audit_entry"))
    database.close()


def test_it_is_found_by_person_subject_and_period(migrated: Database) -> None:
    first = entry(migrated, by=1)
    second = entry(migrated, by=2, days=1, what="user")
    third = entry(migrated, by=None, days=2)

    def found(**wanted: object) -> list[int]:
        with migrated.reading() as session:
            rows = audit.search(session, AuditFilter(**wanted), 10)  # type: ignore[arg-type]
            return [each.id for each, _ in rows]

    assert found() == [third, second, first]
    assert found(by=2) == [second]
    assert found(by=SYSTEM) == [third]
    assert found(subject="contact") == [third, first]
    assert found(since=MONDAY + DAY, until=MONDAY + 2 * DAY) == [second]
    assert found(before=third) == [second, first]


def test_entries_name_what_has_a_name_and_no_persons(desk: Desk) -> None:
    desk.low()
    with desk.runtime.database.writing() as session:
        for subject, number in (("account", 1), ("account", 99), ("contact", 1)):
            audit.record(session, "saw", subject, number, by=None, now=MONDAY)
        rows = audit.search(session, AuditFilter(), 10)
        assert audit.names(session, [entry for entry, _ in rows]) == {("account", 1): "Account 0"}


def test_who_comes_back_ends_the_cover(desk: Desk) -> None:
    """While Cem is away Selin sees his follow-ups; when he is back she does not any more."""
    desk.low()
    with desk.runtime.database.writing() as session:
        cem = accounts.find(session, desk.people["cem"])
        cem.delegate_id, cem.away_until = desk.people["selin"], MONDAY + 5 * DAY
    assert len(desk.queue("selin")) == 1
    for now, back in ((MONDAY + DAY, 0), (MONDAY + 5 * DAY, 1)):
        with desk.runtime.database.writing() as session:
            assert accounts.welcome_back(session, now) == back
    assert desk.queue("selin") == []
