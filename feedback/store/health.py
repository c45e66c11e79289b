"""Problems of the database, for `feedback doctor`."""

from __future__ import annotations

import stat
from pathlib import Path

from sqlalchemy import Connection, text

from feedback.errors import StorageUnavailable
from feedback.settings import Problem

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


def examine_file(file: Path | None) -> list[Problem]:
    """Whether other users of the machine can read customers' data in the database file."""
    if file is None or not file.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        return []
    hint = f"Run `chmod o= {file}*`. `feedback init` creates it for its owner alone."
    return [Problem("F124", f"{file.name} can be read by every user.", hint, "warning")]


def examine_schema(connection: Connection) -> list[Problem]:
    """Whether the tables are those of this release."""
    from feedback.store import schema  # noqa: PLC0415  (Alembic costs 0.2 s)

    found = schema.revision(connection)
    if found is None:
        return [Problem("F109", "The database has no tables.", schema.NO_TABLES)]
    if not schema.is_known(found):
        return [Problem("F108", "A newer release has changed the tables.", schema.newer(found))]
    return [] if schema.is_current(connection) else [OUTDATED]


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
