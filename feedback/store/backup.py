"""Copies of the whole database in one file, made while it is in use, and put back into an empty place.

SQLite copies itself, page by page, from one consistent state. For PostgreSQL, its own programs `pg_dump` and
`pg_restore` do it, which have to be installed.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL

from feedback.errors import Conflict, StorageUnavailable
from feedback.store.database import Database

SQLITE = b"SQLite format 3\x00"
POSTGRES = b"PGDMP"
"""How a file of `pg_dump --format=custom` begins."""


def make(database: Database, file: Path) -> None:
    """Write a copy of the database to `file`, which its owner alone can read.

    The file appears once it is complete and checked. Raises Conflict if it exists, StorageUnavailable.
    """
    if file.exists():
        raise Conflict(f"Name another file: {file} already exists, and nothing was written.")
    with _in_place(file) as unfinished:
        if database.is_sqlite:
            _copy(Path(database.url.database or ""), unfinished)
        else:
            _run("pg_dump", database.url, "--format=custom", f"--file={unfinished}")


def put_back(file: Path, database: Database, prepare: Callable[[Database], None]) -> None:
    """Fill the empty place of `database` with the copy in `file`.

    `prepare` upgrades the copy and decides about what is queued in it. On SQLite that happens before the copy is where
    a worker could find it. Raises Conflict if there is a database already, StorageUnavailable for a file that is
    damaged, of the other kind, or of a newer release.
    """
    begins = _beginning(file)
    wanted, other = (SQLITE, "PostgreSQL") if database.is_sqlite else (POSTGRES, "SQLite")
    if not begins.startswith(wanted):
        raise StorageUnavailable(
            f"Name a backup that `feedback backup` made, or change database.url if it is of {other}: {file} is not "
            "a backup of this kind of database."
        )
    if database.is_sqlite:
        _put_back_sqlite(file, database, prepare)
    else:
        _put_back_postgres(file, database, prepare)


def _put_back_sqlite(file: Path, database: Database, prepare: Callable[[Database], None]) -> None:
    target = Path(database.url.database or "")
    if target.exists() and target.stat().st_size:
        raise Conflict(f"Move {target} away first: it exists, and nothing was changed.")
    with _in_place(target) as unfinished:
        _copy(file, unfinished)
        copy = Database(f"sqlite:///{unfinished}", zone=database.zone)
        try:
            prepare(copy)
        finally:
            copy.close()
        _make_one_file(unfinished)
        for suffix in ("-wal", "-shm"):  # of a database that was there before; they are no part of this one
            target.with_name(target.name + suffix).unlink(missing_ok=True)


def _put_back_postgres(file: Path, database: Database, prepare: Callable[[Database], None]) -> None:
    if database.revision() is not None:
        raise Conflict(
            "Name an empty database in database.url: this one has tables, and nothing was changed."
        )
    _run("pg_restore", database.url, "--no-owner", "--exit-on-error", "--single-transaction", str(file))
    prepare(database)


@contextmanager
def _in_place(file: Path) -> Iterator[Path]:
    """The path of a file beside `file`, which takes its name once the block has ended well."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageUnavailable(f"{file.parent}: no file can be written there ({error.strerror}).") from None
    try:
        yield unfinished
        _sync(unfinished)
        unfinished.replace(file)
        _sync(file.parent)
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy an SQLite database, also one that is in use, and check the copy."""
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
            problem = new.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise StorageUnavailable(f"{source} could not be copied: {error}.") from None
    if problem != "ok":
        raise StorageUnavailable(f"Use another backup: {source} is damaged ({problem}).")
    _make_one_file(target)


def _make_one_file(file: Path) -> None:
    """Move what is in the write-ahead log into the file itself."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _beginning(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(len(SQLITE))
    except OSError as error:
        raise StorageUnavailable(f"{file} cannot be read ({error.strerror}).") from None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _run(program: str, url: URL, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on this database. The password is not visible in the list of processes."""
    found = shutil.which(program)
    if found is None:
        raise StorageUnavailable(
            f"Install PostgreSQL's client programs, or run {program} where they are installed: {program} is not here."
        )
    with tempfile.NamedTemporaryFile("w") as secret:  # only its owner can read it
        secret.write("*:*:*:*:" + re.sub(r"([\\:])", r"\\\1", url.password or ""))
        secret.flush()
        named = url.set(drivername="postgresql", password=None).update_query_dict({"passfile": secret.name})
        target = f"--dbname={named.render_as_string(hide_password=False)}"
        command = [found, target, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise StorageUnavailable(f"{program} failed: {last}")
