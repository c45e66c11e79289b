"""Copies of the whole database in one file, made while it is in use, and put back into an empty place.

SQLite copies itself, page by page, from one consistent state. For PostgreSQL, its own programs `pg_dump` and
`pg_restore` do it, which have to be installed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, text

from feedback.errors import Conflict, Rejected, StorageUnavailable
from feedback.store.backups import encryption, evidence, programs
from feedback.store.backups.encryption import Readable
from feedback.store.backups.evidence import BackupEvidence
from feedback.store.backups.programs import Stopped
from feedback.store.backups.scratch import scratch
from feedback.store.database import Database

SQLITE = b"SQLite format 3\x00"
POSTGRES = b"PGDMP"
"""How a file of `pg_dump --format=custom` begins."""
PAGES = 2_000
"""Pages of SQLite that are copied between two looks at whether to stop."""


def never() -> bool:
    return False


def make(database: Database, file: Path, *, passphrase: str = "", stopped: Stopped = never) -> BackupEvidence:
    """Write a copy of the database to `file`, which its owner alone can read, and its manifest beside it.

    With a passphrase, both are encrypted (`encryption`). The file appears once it is complete and checked. Returns
    what is in it. Raises Conflict if it exists, StorageUnavailable also if `stopped` says True meanwhile.
    """
    if file.exists():
        raise Conflict(f"Name another file: {file} already exists, and nothing was written.")
    with in_place(file) as unfinished:
        write = _write_sqlite if database.is_sqlite else _write_postgres
        found = write(database, unfinished, passphrase, stopped)
    evidence.write_manifest(file, found, passphrase)
    return found


def _write_sqlite(database: Database, unfinished: Path, passphrase: str, stopped: Stopped) -> BackupEvidence:
    """What will be encrypted lies beside the database for a moment, where the database lies in clear as well, and not
    in the directory of the backups, which may be another machine's."""
    source = Path(database.url.database or "")
    if not passphrase:
        return _snapshot(database, source, unfinished, stopped)
    with scratch(source.parent) as place:
        clear = place / "copy"
        found = _snapshot(database, source, clear, stopped)
        with clear.open("rb") as copied:
            _seal(copied, unfinished, passphrase, stopped)
    return found


def _snapshot(database: Database, source: Path, target: Path, stopped: Stopped) -> BackupEvidence:
    """Copy the state that this moment's readers see, and take its evidence from the database itself."""
    if not source.is_file():
        raise StorageUnavailable(f"{source} could not be copied: there is no such file.")
    with database.rows() as connection:
        found = evidence.take(connection)  # its first query fixes the state that the copy is made of
        _copy_pages(_driver(connection), source, target, stopped)
    return found


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError("not a connection of SQLite")
    return driver


def _write_postgres(
    database: Database, unfinished: Path, passphrase: str, stopped: Stopped
) -> BackupEvidence:
    programs.find("pg_dump")
    with database.rows() as connection:
        # It waits for pg_dump, and the snapshot must last until that has taken it over.
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        found = evidence.take(connection)
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        wanted = ("--format=custom", f"--snapshot={snapshot}")
        if passphrase:
            with programs.output("pg_dump", database.url, *wanted, stopped=stopped) as dump:
                _seal(dump, unfinished, passphrase, stopped)
        else:
            programs.run("pg_dump", database.url, *wanted, f"--file={unfinished}", stopped=stopped)
    return found


def _seal(source: Readable, target: Path, passphrase: str, stopped: Stopped) -> None:
    with target.open("wb") as written:
        encryption.seal(_Stopping(source, stopped), written, passphrase)


class _Stopping:
    def __init__(self, source: Readable, stopped: Stopped) -> None:
        self._source, self._stopped = source, stopped

    def read(self, size: int) -> bytes:
        _end_if(self._stopped)
        return self._source.read(size)


def _end_if(stopped: Stopped) -> None:
    if stopped():
        raise StorageUnavailable("The backup was stopped before it was ready; nothing was written.")


def put_back(
    file: Path, database: Database, prepare: Callable[[Database], None], *, passphrase: str = ""
) -> None:
    """Fill the empty place of `database` with the copy in `file`.

    `prepare` upgrades the copy and decides about what is queued in it. On SQLite that happens before the copy is where
    a worker could find it. Raises Conflict if there is a database already, Rejected for a wrong or missing passphrase,
    StorageUnavailable for a file that is damaged, of the other kind, or of a newer release.
    """
    with opened(file, database, passphrase) as clear:
        if database.is_sqlite:
            _put_back_sqlite(clear, database, prepare)
        else:
            _put_back_postgres(clear, database, prepare)


@contextmanager
def opened(file: Path, database: Database, passphrase: str) -> Iterator[Path]:
    """A backup of this kind of database, decrypted if necessary. Raises like `put_back`."""
    beginning = _beginning(file)
    if not encryption.is_encrypted(beginning):
        _refuse_other_kind(file, beginning, database)
        yield file
        return
    if not passphrase:
        raise Rejected(
            f"Name the file with its passphrase (--passphrase-file), or set backup.passphrase: {file} is encrypted."
        )
    with scratch(database.file.parent if database.file else None) as place:
        clear = place / "decrypted"
        with file.open("rb") as sealed, clear.open("wb") as target:
            encryption.unseal(sealed, target, passphrase)
        _refuse_other_kind(file, _beginning(clear), database)
        yield clear


def _refuse_other_kind(file: Path, beginning: bytes, database: Database) -> None:
    wanted, other = (SQLITE, "PostgreSQL") if database.is_sqlite else (POSTGRES, "SQLite")
    if not beginning.startswith(wanted):
        raise StorageUnavailable(
            f"Name a backup that `feedback backup` made, or change database.url if it is of {other}: {file} is not "
            "a backup of this kind of database."
        )


def _put_back_sqlite(file: Path, database: Database, prepare: Callable[[Database], None]) -> None:
    target = Path(database.url.database or "")
    if target.exists() and target.stat().st_size:
        raise Conflict(f"Move {target} away first: it exists, and nothing was changed.")
    with in_place(target) as unfinished:
        copy_file(file, unfinished)
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
    load_postgres(file, database)
    prepare(database)


def load_postgres(file: Path, database: Database, stopped: Stopped = never) -> None:
    """Fill an empty PostgreSQL database with what `pg_dump` has written. Raises StorageUnavailable."""
    wanted = ("--no-owner", "--exit-on-error", "--single-transaction", str(file))
    programs.run("pg_restore", database.url, *wanted, stopped=stopped)


@contextmanager
def in_place(file: Path) -> Iterator[Path]:
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
    except OSError as error:  # a full disk, a directory that is gone
        raise StorageUnavailable(f"{file} could not be written ({error.strerror}).") from None
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)


def copy_file(source: Path, target: Path, stopped: Stopped = never) -> None:
    """Copy an SQLite database, also one that is in use, and check the copy. Raises StorageUnavailable."""
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as old:
            _copy_pages(old, source, target, stopped)
    except sqlite3.Error as error:
        raise StorageUnavailable(f"{source} could not be copied: {error}.") from None


def _copy_pages(old: sqlite3.Connection, source: Path, target: Path, stopped: Stopped) -> None:
    try:
        with closing(sqlite3.connect(target)) as new:
            old.backup(new, pages=PAGES, progress=lambda *_: _end_if(stopped), sleep=0)
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


def is_backup(file: Path) -> bool:
    """Whether a file begins like a backup, encrypted or not. Raises StorageUnavailable if it cannot be read."""
    beginning = _beginning(file)
    return encryption.is_encrypted(beginning) or beginning.startswith((SQLITE, POSTGRES))


def _beginning(file: Path) -> bytes:
    try:
        with file.open("rb") as found:
            return found.read(len(encryption.VERSION))
    except OSError as error:
        raise StorageUnavailable(f"{file} cannot be read ({error.strerror}).") from None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
