from __future__ import annotations

from sqlalchemy import text

from feedback.store import schema
from feedback.store.database import Database


def test_an_upgraded_database_is_current_and_matches_the_models(migrated: Database) -> None:
    assert migrated.is_current()
    with migrated.connection() as connection:
        assert schema.differences(connection) == []


def test_upgrading_twice_changes_nothing(migrated: Database) -> None:
    migrated.upgrade()
    assert migrated.is_current()


def test_foreign_keys_hold_again_after_an_upgrade(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    database.upgrade()
    with database.reading() as session:
        assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    database.close()


def test_a_healthy_database_has_no_problems(migrated: Database) -> None:
    assert migrated.check() == []


def test_a_missing_directory_is_a_coded_problem_with_a_hint() -> None:
    (problem,) = Database("sqlite:////no/such/place/feedback.db").check()
    assert (problem.code, problem.level) == ("F101", "error")
    assert "does not exist" in problem.message
