"""Databases that are not there, empty, or not of this release: one sentence, and nothing is created or changed."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from alembic import command

from feedback import __version__, migrations
from feedback.errors import SettingsInvalid
from feedback.store import schema
from feedback.store.database import FLOOR, Database
from tests.cli.calling import feedback

COMMANDS = (
    ("run",),
    ("report",),
    ("plan",),
    ("event", "ticket_closed", "C-1"),
    ("user", "add", "ada@example.com", "--role", "admin", "--password", "a long enough password"),
    ("db", "rebuild-rollups"),
)


@pytest.fixture
def ready(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FEEDBACK_PROVIDERS_ENABLED", "simulator_sms")
    return installed


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_no_command_creates_a_database_that_is_not_there(ready: Path, command: tuple[str, ...]) -> None:
    file = ready / "feedback.db"
    file.unlink()
    result = feedback(ready, *command)
    assert result.exit_code == 2
    assert str(file) in result.output
    assert "feedback db upgrade" in result.output
    assert result.output.count("\n") == 1
    assert not file.exists()


def test_doctor_names_a_database_that_is_not_there(ready: Path) -> None:
    (ready / "feedback.db").unlink()
    result = feedback(ready, "doctor")
    assert result.exit_code == 1
    assert f"F101 Mount the volume or restore a backup: the database {ready / 'feedback.db'}" in result.output
    assert not (ready / "feedback.db").exists()


def test_lint_works_without_the_database_and_creates_none(ready: Path) -> None:
    (ready / "feedback.db").unlink()
    feedback(ready, "lint")
    assert not (ready / "feedback.db").exists()


@pytest.mark.parametrize("command", [*COMMANDS, ("doctor",)], ids=lambda command: " ".join(command[:2]))
def test_an_empty_database_is_not_filled_by_the_way(ready: Path, command: tuple[str, ...]) -> None:
    file = ready / "feedback.db"
    file.unlink()
    file.touch()
    result = feedback(ready, *command)
    assert result.exit_code == (1 if command == ("doctor",) else 2)
    assert "this database has no tables" in result.output
    assert "feedback db upgrade" in result.output
    assert "Traceback" not in result.output


def test_db_upgrade_creates_the_database_for_its_owner_alone(ready: Path) -> None:
    file = ready / "feedback.db"
    file.unlink()
    assert f"Created the tables: the database is up to date, with revision {migrations.newest()}." in (
        feedback(ready, "db", "upgrade").output
    )
    assert file.stat().st_mode & 0o077 == 0
    assert (
        f"up to date: its tables have revision {migrations.newest()}."
        in feedback(ready, "db", "upgrade").output
    )


@pytest.mark.parametrize(
    "arguments", [*COMMANDS, ("doctor",), ("db", "upgrade")], ids=lambda given: " ".join(given[:2])
)
def test_tables_of_a_newer_release_are_one_sentence_with_both_revisions(
    ready: Path, arguments: tuple[str, ...]
) -> None:
    with sqlite3.connect(ready / "feedback.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    result = feedback(ready, *arguments)
    assert result.exit_code == (1 if arguments == ("doctor",) else 2)
    assert "revision 9999" in result.output
    assert f"release {__version__} knows revisions up to {migrations.newest()}" in result.output
    assert "Install the release" in result.output
    assert "Traceback" not in result.output
    assert "Run `feedback db upgrade`" not in result.output


def make_older(file: Path) -> None:
    """A database with the tables of the release before nonces and heartbeats, in place of the one that is there."""
    for each in file.parent.glob(f"{file.name}*"):
        each.unlink()
    file.touch(mode=0o600)
    database = Database(f"sqlite:///{file}")
    with database.connection() as connection:
        command.upgrade(schema._config(connection), "0005")
    database.close()


def test_tables_of_an_older_release_are_upgraded_and_that_is_logged(ready: Path) -> None:
    make_older(ready / "feedback.db")
    assert "F102" in feedback(ready, "doctor").output
    told = feedback(ready, "report").output
    assert "database.upgraded" in told
    assert re.search(r"before=\S*0005", told)
    database = Database(f"sqlite:///{ready / 'feedback.db'}")
    assert database.is_current()
    database.close()


def test_the_version_names_the_revision_of_the_tables(instance: Path) -> None:
    assert (
        feedback(instance, "--version").output
        == f"feedback, version {__version__}, tables {migrations.newest()}\n"
    )


@pytest.mark.parametrize("command", [("run",), ("report",), ("doctor",)], ids=lambda command: command[0])
def test_a_directory_that_does_not_exist_is_named(instance: Path, command: tuple[str, ...]) -> None:
    result = feedback(instance, *command)
    assert result.exit_code == 2
    assert f"the directory {instance} does not exist" in result.output
    assert result.output.count("\n") == 1


def test_a_full_disk_is_an_error_and_little_room_a_warning(ready: Path) -> None:
    database = Database(f"sqlite:///{ready / 'feedback.db'}")
    for free, level in ((FLOOR - 1, "error"), (FLOOR, "warning")):
        database.free_bytes = lambda _, free=free: free
        (problem,) = database.check()
        assert (problem.code, problem.level) == ("F105", level)
    database.free_bytes = lambda _: 10**12
    assert database.check() == []
    database.close()


def test_the_missing_driver_of_postgres_is_named_with_what_installs_it() -> None:
    """Without the driver no URL of PostgreSQL opens; here it is another driver that is missing."""
    with pytest.raises(SettingsInvalid, match=re.escape("pip install '.[postgres]'")):
        Database("postgresql+asyncpg://someone@127.0.0.1/feedback")
