"""Turns database failures that an operator can fix into sentences instead of tracebacks.

Only the failures named here are converted. Everything else is raised unchanged: services handle violated
constraints, and a faulty statement is a bug that programmers must see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, TimeoutError

from feedback.errors import StorageUnavailable

LOCKED = "The database was locked for too long. Close other programs that use it, or try again in a moment."
DISK_FULL = "Free some disk space and try again: the disk of the database is full, and nothing was stored."
_POOL_EMPTY = "Raise database.pool above web.threads: all database connections are busy."
BUSY = "The database is busy with other work of this program. Try again in a moment."


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Convert a known failure inside the block to StorageUnavailable."""
    try:
        yield
    except DBAPIError as error:
        translate = _sqlite if url.get_backend_name() == "sqlite" else _postgres
        sentence = next(filter(None, (translate(each, url) for each in _with_causes(error))), None)
        if sentence is None:
            raise
        raise StorageUnavailable(sentence) from error
    except TimeoutError as error:
        raise StorageUnavailable(_POOL_EMPTY) from error


def _with_causes(error: DBAPIError) -> Iterator[DBAPIError]:
    """The error and the errors that led to it: after a full disk, releasing a lost savepoint fails as well."""
    cause: BaseException | None = error
    while isinstance(cause, DBAPIError):
        yield cause
        driver = cause.orig
        cause = (
            driver.__context__ if driver is not None and cause.__context__ is driver else cause.__context__
        )


def without_values(context: ExceptionContext) -> None:
    """Remove PostgreSQL's DETAIL from an error: it quotes the row, which can hold customers' words."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args and isinstance(error.args[0], str):
            error.args = (re.sub(r"\nDETAIL:.*", "", error.args[0], flags=re.DOTALL), *error.args[1:])


def _sqlite(error: DBAPIError, url: URL) -> str | None:  # noqa: PLR0911  (a table of codes)
    name = getattr(error.orig, "sqlite_errorname", "")
    file = Path(url.database or "")
    if name.startswith("SQLITE_CANTOPEN"):
        return _cannot_open(file)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return LOCKED
    if name == "SQLITE_FULL":
        return DISK_FULL
    if name.startswith("SQLITE_READONLY") and not _is_write_in_reading(name):
        return f"Give this user write permission for the database {file} and its directory: it is read-only."
    if name.startswith("SQLITE_IOERR"):
        return f"Check the disk and its free space: the database {file} had an I/O error."
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return f"Restore {file} from a backup: it is damaged or not an SQLite database."
    return None


def missing(file: Path) -> str:
    """The sentence about a database file that does not exist."""
    return (
        f"Mount the volume or restore a backup: the database {file} does not exist. To start with an empty one, run "
        "`feedback db upgrade`."
    )


def _cannot_open(file: Path) -> str:
    if not file.parent.is_dir():
        return f"Create the directory {file.parent} or change database.url: the directory does not exist."
    return f"Give this user read and write permission for the database {file}: it cannot be opened."


def _is_write_in_reading(name: str) -> bool:
    # `PRAGMA query_only` fails with the plain code: that is a bug in this program, not a wrong file permission.
    return name == "SQLITE_READONLY"


# libpq reports failed connections as text without a code. The first match is used, so the order matters.
_CONNECTING = (
    (
        "password authentication failed",
        "Correct the password in database.url: PostgreSQL at {where} refused it for {user!r}.",
    ),
    (
        "no password supplied",
        "Add a password to database.url: PostgreSQL at {where} requires one for {user!r}.",
    ),
    (
        "no pg_hba.conf entry",
        "Allow {user!r} to connect from this machine in pg_hba.conf of PostgreSQL at {where}.",
    ),
    (
        "sorry, too many clients",
        "Lower database.pool on the nodes: PostgreSQL at {where} has no free connection.",
    ),
    ("role ", "Create the role {user!r} or correct database.url: PostgreSQL at {where} does not have it."),
    (
        "database ",
        "Create the database {database!r} or correct database.url: PostgreSQL at {where} does not have it.",
    ),
)
_UNREACHABLE = "Check that PostgreSQL at {where} runs and that database.url is right: it cannot be reached."


def _postgres(error: DBAPIError, url: URL) -> str | None:
    state = getattr(error.orig, "sqlstate", None)
    if state == "53100":
        return DISK_FULL
    if state in ("55P03", "40P01"):
        return LOCKED
    if not (error.connection_invalidated or _is_connection_failure(error, state)):
        return None
    text = str(error.orig)
    known = (sentence for mark, sentence in _CONNECTING if f"FATAL:  {mark}" in text)
    where = f"{url.host or 'the local socket'}:{url.port or 5432}"
    return next(known, _UNREACHABLE).format(where=where, user=url.username, database=url.database)


def _is_connection_failure(error: DBAPIError, state: str | None) -> bool:
    """Whether SQLSTATE `state` is of class 08 (connection), 28 (authorisation) or 57P (shutdown), is 53300 (too many
    connections) or 3D000 (no such database), or is missing because there was no connection."""
    if state is None:
        return type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout")
    return state.startswith(("08", "28", "57P")) or state in ("53300", "3D000")
