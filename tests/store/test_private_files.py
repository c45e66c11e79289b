"""Other users of the machine cannot read what the installation stores."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from feedback.store import private_files
from feedback.store.database import Database


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def file(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


def test_a_new_database_and_the_files_beside_it_are_the_owners(file: Path, sqlite_url: str) -> None:
    file.unlink()
    database = Database(sqlite_url)
    database.upgrade()
    with database.reading() as session:
        session.execute(text("SELECT 1"))
        assert {each.name: oct(mode(each)) for each in private_files.database_files(file)} == {
            "feedback.db": "0o600",
            "feedback.db-wal": "0o600",
            "feedback.db-shm": "0o600",
        }
    database.close()


def test_an_upgrade_closes_the_files_of_an_older_installation(file: Path, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    database.upgrade()
    with database.reading() as session:
        session.execute(text("SELECT 1"))
        files = private_files.database_files(file)
        assert len(files) == 3
    for each in files:
        each.chmod(0o644)
    problems = [problem for problem in database.check() if problem.code == "F108"]
    assert problems
    assert "feedback.db-wal" in problems[0].message
    assert problems[0].level == "warning"
    database.upgrade()
    assert {mode(each) for each in private_files.database_files(file)} == {0o640}
    assert database.check() == []
    database.close()


def test_a_directory_that_is_everybodys_is_left_alone(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    assert not private_files.close_to_others(shared)
    assert mode(shared) == 0o1777


def test_a_group_keeps_its_access(tmp_path: Path) -> None:
    shared = tmp_path / "backup"
    shared.mkdir()
    shared.chmod(0o755)
    assert private_files.close_to_others(shared)
    assert mode(shared) == 0o750


def test_a_database_that_cannot_be_made_is_reported_as_before() -> None:
    (problem,) = Database("sqlite:////no/such/place/feedback.db").check()
    assert problem.code == "F101"
