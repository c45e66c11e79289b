"""Database failures that an operator can mend, as sentences instead of tracebacks.

Only the failures named here are translated. Everything else (a broken constraint, a mistake in a statement)
is raised as it came, because services decide about the one and programmers must see the other.
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

LOCKED = "The database is locked by another program for too long; close it, or try again in a moment."
_DISK_FULL = "The disk of the database is full; nothing was stored. Free some space and try again."
_POOL_EMPTY = "All database connections are busy; raise database.pool above the number of threads."


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Raise StorageUnavailable for a known failure inside the block."""
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
    """The error, and those that led to it: a full disk takes savepoints away, and leaving one then fails, too."""
    cause: BaseException | None = error
    while isinstance(cause, DBAPIError):
        yield cause
        driver = cause.orig
        cause = (
            driver.__context__ if driver is not None and cause.__context__ is driver else cause.__context__
        )


def without_values(context: ExceptionContext) -> None:
    """Take PostgreSQL's DETAIL out of an error: it quotes the row, and the row holds what customers wrote."""
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
        return _DISK_FULL
    if name.startswith("SQLITE_READONLY") and not _is_write_in_reading(name):
        return f"The database {file} is read-only for this user; correct the rights of file and directory."
    if name.startswith("SQLITE_IOERR"):
        return f"The disk reports an error for the database {file}; check the disk and the free space."
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return f"{file} is not an intact SQLite database; restore it from a backup."
    return None


def _cannot_open(file: Path) -> str:
    if not file.parent.is_dir():
        return (
            f"The directory {file.parent} for the database does not exist; create it or change database.url."
        )
    return f"The database {file} cannot be opened; check that this user may read and write it."


def _is_write_in_reading(name: str) -> bool:
    # `PRAGMA query_only` refuses with the plain code: a mistake of ours, not of the installation.
    return name == "SQLITE_READONLY"


# libpq gives no codes for a failed connection, only text. The order matters: the first match wins.
_CONNECTING = (
    (
        "password authentication failed",
        "PostgreSQL at {where} refused the password of {user!r}; correct database.url.",
    ),
    (
        "no password supplied",
        "PostgreSQL at {where} asks {user!r} for a password; put one into database.url.",
    ),
    (
        "no pg_hba.conf entry",
        "PostgreSQL at {where} does not admit {user!r} from this machine (pg_hba.conf).",
    ),
    (
        "sorry, too many clients",
        "PostgreSQL at {where} has no connection left; lower database.pool on the nodes.",
    ),
    ("role ", "PostgreSQL at {where} knows no role {user!r}; create it or correct database.url."),
    ("database ", "PostgreSQL at {where} has no database {database!r}; create it or correct database.url."),
)
_UNREACHABLE = "PostgreSQL at {where} cannot be reached; check that it runs and that database.url is right."


def _postgres(error: DBAPIError, url: URL) -> str | None:
    state = getattr(error.orig, "sqlstate", None)
    if state == "53100":
        return _DISK_FULL
    if state in ("55P03", "40P01"):
        return LOCKED
    if not (error.connection_invalidated or _is_connection_failure(error, state)):
        return None
    text = str(error.orig)
    known = (sentence for mark, sentence in _CONNECTING if f"FATAL:  {mark}" in text)
    where = f"{url.host or 'the local socket'}:{url.port or 5432}"
    return next(known, _UNREACHABLE).format(where=where, user=url.username, database=url.database)


def _is_connection_failure(error: DBAPIError, state: str | None) -> bool:
    """Class 08 (connection), 28 (authorisation), 57P (shutdown), 53300 (too many), or none yet."""
    if state is None:
        return type(error.orig).__name__ in ("OperationalError", "ConnectionTimeout")
    return state.startswith(("08", "28", "57P")) or state in ("53300", "3D000")
