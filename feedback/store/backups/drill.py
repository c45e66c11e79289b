"""Restores a backup into a place of its own and proves what is in it; afterwards the place is gone.

On SQLite the place is a directory beside the database. On PostgreSQL it is a database on the same server, for which the
role needs the right CREATEDB.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from feedback import migrations
from feedback.errors import StorageUnavailable
from feedback.store import revisions
from feedback.store.backups import copies, evidence
from feedback.store.backups.evidence import BackupEvidence
from feedback.store.backups.programs import Stopped
from feedback.store.backups.scratch import FORGOTTEN, scratch
from feedback.store.database import Database

NAME = "feedback_drill_"


@dataclass(frozen=True, slots=True)
class DrillReport:
    """What a drill has found. `problems` is empty if the backup is good.

    `now` are the rows of each table of the running database, None if it cannot be read. Without a manifest the rows of
    the backup were counted, but could not be compared with anything.
    """

    restored: BackupEvidence
    now: BackupEvidence | None
    has_manifest: bool
    problems: tuple[str, ...]


def rehearse(
    file: Path, database: Database, *, passphrase: str = "", stopped: Stopped = copies.never
) -> DrillReport:
    """Restore `file` as if `database` were lost, compare it with its manifest, and bring it to this release.

    `database` is only read. Raises Rejected for a wrong passphrase, StorageUnavailable for a file that cannot be
    restored.
    """
    manifest = evidence.read_manifest(file)
    if manifest and manifest.sha256 != evidence.sha256_of(file):
        raise StorageUnavailable(f"Use another backup: {file} was changed or damaged after it was made.")
    with copies.opened(file, database, passphrase) as clear, _restored(clear, database, stopped) as copy:
        with copy.rows() as connection:
            found = evidence.take(connection)
        problems = evidence.differences(manifest.evidence(passphrase), found) if manifest else []
        problems += _brought_to_this_release(copy, found.revision)
    return DrillReport(found, _now(database), manifest is not None, tuple(problems))


def _brought_to_this_release(copy: Database, revision: str) -> list[str]:
    """Upgrade the restored tables as a start of this release would. Problems are those of the tables afterwards."""
    if revision not in migrations.known():
        raise StorageUnavailable(revisions.newer(revision))
    copy.upgrade(create=False)
    from feedback.store import schema  # noqa: PLC0415  (Alembic costs 0.3 s; only a drill and an upgrade pay it)

    with copy.glance() as connection:
        return [
            f"The restored tables differ from this release's: {each}"
            for each in schema.differences(connection)
        ]


def _now(database: Database) -> BackupEvidence | None:
    with suppress(StorageUnavailable), database.rows() as connection:
        return evidence.take(connection)
    return None


@contextmanager
def _restored(clear: Path, database: Database, stopped: Stopped) -> Iterator[Database]:
    """A database with the content of the copy, for the duration of the block."""
    if database.file:
        with scratch(database.file.parent) as place:
            copies.copy_file(clear, place / "drill.db", stopped)
            copy = Database(f"sqlite:///{place / 'drill.db'}", zone=database.zone)
            try:
                yield copy
            finally:
                copy.close()
        return
    with _empty_server_database(database) as copy:
        copies.load_postgres(clear, copy, stopped)
        yield copy


@contextmanager
def _empty_server_database(database: Database) -> Iterator[Database]:
    name = f"{NAME}{int(time.time())}_{secrets.token_hex(4)}"
    _on_server(database, f'CREATE DATABASE "{name}" TEMPLATE template0')
    copy = Database(
        database.url.set(database=name).render_as_string(hide_password=False), pool=4, zone=database.zone
    )
    try:
        yield copy
    finally:
        copy.close()
        _on_server(database, f'DROP DATABASE "{name}" WITH (FORCE)')


def _on_server(database: Database, statement: str) -> None:
    """Run a statement that cannot be in a transaction, after removing the databases of drills that were killed."""
    engine = create_engine(database.url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            _drop_forgotten(connection)
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise StorageUnavailable(
            f"Give the role the right CREATEDB, so that a drill can use a database of its own: {reason}"
        ) from None
    finally:
        engine.dispose()


def _drop_forgotten(connection: Connection) -> None:
    found = text("SELECT datname FROM pg_database WHERE datname LIKE :name")
    for old in connection.scalars(found, {"name": f"{NAME}%"}).all():
        made = old.removeprefix(NAME).partition("_")[0]
        if made.isdigit() and time.time() - int(made) > FORGOTTEN:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
