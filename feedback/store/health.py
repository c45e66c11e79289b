"""Problems of the database, for `feedback doctor`."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

from feedback import migrations
from feedback.errors import StorageUnavailable
from feedback.settings import Problem
from feedback.store import private_files, revisions

ROOM = 200 * 1024 * 1024  # bytes; with less free space a busy day could fill the disk
OLDEST_SQLITE = (3, 35)  # RETURNING
OLDEST_POSTGRES = 14  # the oldest release that is still maintained

OUTDATED = Problem(
    "F102", "The tables do not match this release.", "Make a backup, then run `feedback db upgrade`."
)


def unreachable(reason: StorageUnavailable) -> Problem:
    """The problem of a database that cannot be used at all."""
    return Problem("F101", str(reason), "Then run `feedback doctor` again.")


def examine(connection: Connection) -> list[Problem]:
    """Problems of a database that can be reached."""
    return _examine_sqlite(connection) if connection.dialect.name == "sqlite" else _examine_server(connection)


def examine_room(free: int | None, floor: int) -> list[Problem]:
    """Whether the database has room to grow; below `floor` bytes it cannot work."""
    if free is None or free >= ROOM:
        return []
    little = f"Only {free // 2**20} MB are free for the database."
    return [Problem("F105", little, "Free some space.", "error" if free < floor else "warning")]


def examine_files(file: Path | None) -> list[Problem]:
    """Whether other users of the machine can read customers' data in the files of an SQLite database."""
    names = [
        each.name
        for each in (private_files.database_files(file) if file else ())
        if private_files.is_open_to_others(each)
    ]
    if not names:
        return []
    hint = "Run `feedback db upgrade` as the owner of the files, or `chmod o= FILE`."
    return [Problem("F108", f"Other users of this machine can read {', '.join(names)}.", hint, "warning")]


def examine_schema(connection: Connection) -> list[Problem]:
    """Whether the tables are those of this release."""
    found = revisions.applied(connection)
    if found is None:
        return [Problem("F117", "The database has no tables.", revisions.NO_TABLES)]
    if found not in migrations.known():
        return [Problem("F118", "A newer release has changed the tables.", revisions.newer(found))]
    return [] if found == migrations.newest() else [OUTDATED]


def _examine_sqlite(connection: Connection) -> list[Problem]:
    problems = []
    version = connection.dialect.server_version_info or ()
    if version < OLDEST_SQLITE:
        found = ".".join(map(str, version))
        problems.append(
            Problem(
                "F103", f"SQLite {found} is too old.", "Use a Python that is built with SQLite 3.35 or newer."
            )
        )
    damage = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if damage != "ok":
        problems.append(Problem("F104", "The database file is damaged.", "Restore it from a backup."))
    return problems


def _examine_server(connection: Connection) -> list[Problem]:
    problems = []
    version = int((connection.dialect.server_version_info or (0,))[0])
    if version < OLDEST_POSTGRES:
        problems.append(Problem("F106", f"PostgreSQL {version} is too old.", "Use release 14 or newer."))
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        problems.append(
            Problem(
                "F107",
                f"The database stores text as {encoding}.",
                "Create the database with the encoding UTF8.",
            )
        )
    return problems
