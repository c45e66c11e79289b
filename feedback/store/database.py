"""Access to the database: `reading()` and `writing()`.

The same code works with SQLite and PostgreSQL. This module handles the differences:

- On SQLite we start transactions explicitly: `BEGIN` for readers, and `BEGIN IMMEDIATE` for writers, which
    could otherwise fail when they upgrade a read lock. Writers of this process queue on a lock, because
    SQLite's own waiting polls and is unfair. Writers share one connection and its page cache. Readers use
    other connections, which are read-only from the start, because switching `query_only` makes SQLite discard
    its prepared statements.
- On PostgreSQL none of that is needed; readers get read-only transactions there, too.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from feedback import clock, migrations
from feedback.errors import SettingsInvalid, StorageUnavailable
from feedback.settings import Problem
from feedback.store import failures, private_files, revisions, search

_READ_SERVER = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
PATIENCE = 10.0  # seconds to wait for a lock or a free connection before raising StorageUnavailable
FLOOR = 16 * 1024 * 1024  # bytes; with less free space, SQLite may fail at any write
FROZEN = 6  # PostgreSQL ends a transaction that has been idle for FROZEN * patience seconds

_OURS = "feedback_database"
_SINGLE = "feedback_single_statements"


def zone_of(rows: Session | Connection) -> tzinfo:
    """The organisation's time zone, from any session or connection of a Database."""
    bound = rows if isinstance(rows, Connection) else rows.get_bind()
    database: Database = bound.get_execution_options()[_OURS]
    return database.zone


def add_once(session: Session, row: object) -> bool:
    """Insert a row now. False, with the transaction still usable, where a unique key says that it is there already.

    For what may be told twice, or by two nodes at the same moment. A row that breaks another constraint is
    refused in the same way: the caller looks up the row that it expects to find.
    """
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


class Database:
    """Engines and transactions; make one Database per process.

    `url` is an SQLAlchemy URL (`sqlite:///path`, `postgresql://user:password@host/name`), `pool` the number
    of connections kept; on PostgreSQL it is also the maximum, so use at least one per thread. `zone` is the
    organisation's time zone, which decides what counts as a day (`zone_of`).
    Raises SettingsInvalid for an unusable URL.
    Every context manager here raises StorageUnavailable for failures that an operator can fix.
    """

    def __init__(self, url: str, *, pool: int = 16, patience: float = PATIENCE, zone: tzinfo = UTC) -> None:
        self.url = _parse(url)
        self.zone = zone
        self.patience = patience
        self.free_bytes = _free_bytes
        """Asks for the free space of a directory; a test puts another disk here."""
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._writers_turn: AbstractContextManager[object] = (
            _Turn(patience) if self.is_sqlite else nullcontext()
        )
        self._writers, self._readers = self._engines(pool)
        self._glances = (
            self._readers.execution_options(**{_SINGLE: True})
            if self.is_sqlite
            else self._writers.execution_options(isolation_level="AUTOCOMMIT")
        )
        for engine in (self._writers, self._readers, self._glances):
            engine.update_execution_options(**{_OURS: self})

    @property
    def file(self) -> Path | None:
        """SQLite's file; None on a server."""
        return Path(self.url.database).resolve() if self.is_sqlite and self.url.database else None

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)!r})"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A read-only session that sees one consistent state; both databases refuse writes in it."""
        with failures.explained(self.url), Session(self._readers, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that is committed when the block ends, and rolled back if it raises."""
        with (
            failures.explained(self.url),
            self._writers_turn,
            Session(self._writers, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def rows(self) -> Iterator[Connection]:
        """Like `reading()`, but a plain connection without the cost of ORM objects."""
        with failures.explained(self.url), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """Like `rows()`, for single statements: each sees the state of its own moment, without a transaction around it.

        On PostgreSQL nothing refuses writes here.
        """
        with failures.explained(self.url), self._glances.connect() as connection:
            yield connection

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Like `writing()`, but a plain connection, for bulk work."""
        with failures.explained(self.url), self._writers_turn, self._writers.begin() as connection:
            yield connection

    def upgrade(self, *, create: bool = True) -> tuple[str | None, str]:
        """Migrate the tables to this release's schema, if they are not; safe if several nodes start at once.

        Returns the revisions before (None: there were no tables) and after. Without `create`, raises StorageUnavailable
        if there is no database: an unmounted volume must not look like a new installation.
        """
        if self.file:
            if create:
                private_files.create(self.file)
            private_files.close_database(self.file)
        if (present := self.revision()) == migrations.newest():
            return present, present
        from feedback.store import schema  # noqa: PLC0415  (Alembic costs 0.3 s; only an upgrade pays it)

        with failures.explained(self.url), self._writers_turn:
            return schema.upgrade(self._writers, create=create)

    def revision(self) -> str | None:
        """The revision of the tables; None if there are none."""
        with failures.explained(self.url), self._readers.connect() as connection:
            return revisions.applied(connection)

    def is_current(self) -> bool:
        """Whether the tables have this release's schema."""
        return self.revision() == migrations.newest()

    def check(self) -> list[Problem]:
        """Problems of this database for `feedback doctor`; empty if there are none."""
        from feedback.store import health  # noqa: PLC0415

        try:
            with failures.explained(self.url), self._readers.connect() as connection:
                problems = health.examine(connection)
                problems += health.examine_schema(connection)
        except StorageUnavailable as unavailable:
            return [health.unreachable(unavailable)]
        return [*problems, *health.examine_room(self.room(), FLOOR), *health.examine_files(self.file)]

    def room(self) -> int | None:
        """Bytes that are free where the database writes; None if that is another machine's."""
        if not self.is_sqlite:
            return None
        with suppress(OSError):
            return self.free_bytes(Path(self.url.database or ".").resolve().parent)
        return None

    def prove_writable(self) -> None:
        """Write one small row. Raises StorageUnavailable if that fails, or if the disk has no room for more."""
        room = self.room()
        if room is not None and room < FLOOR:
            raise StorageUnavailable(failures.DISK_FULL)
        with self.connection() as connection:
            moment = self.now().isoformat()
            done = connection.execute(
                text("UPDATE bookmark SET value = :now WHERE name = 'probe'"), {"now": moment}
            )
            if not done.rowcount:
                connection.execute(
                    text("INSERT INTO bookmark (name, value) VALUES ('probe', :now) ON CONFLICT DO NOTHING"),
                    {"now": moment},
                )

    def empty_log(self, wait: float = 1.0) -> bool:
        """Empty SQLite's write-ahead log, which keeps what was erased until it is overwritten.

        False if a reader still needs the log after `wait` seconds, in which nobody can write. On PostgreSQL there is
        nothing to do here: its log is the server's.
        """
        if not self.is_sqlite:
            return True
        with failures.explained(self.url), self._writers_turn:
            raw = self._writers.raw_connection()
            try:
                cursor = raw.cursor()
                cursor.execute(f"PRAGMA busy_timeout = {int(1000 * wait)}")
                busy, _pages, _done = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                cursor.execute(f"PRAGMA busy_timeout = {int(1000 * self.patience)}")
            finally:
                raw.close()
        return not busy

    def now(self) -> datetime:
        """The time on the clock that all nodes share: the server's on PostgreSQL, this machine's on SQLite."""
        if self.is_sqlite:
            return clock.now()
        with failures.explained(self.url), self._readers.connect() as connection:
            moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return moment.astimezone(UTC)

    def close(self) -> None:
        """Close all connections; the object can be used again afterwards."""
        self._writers.dispose()
        self._readers.dispose()

    def _engines(self, pool: int) -> tuple[Engine, Engine]:
        """The engines for (writers, readers)."""
        try:
            if self.is_sqlite:
                return self._sqlite_engine(1, _begin_writing), self._sqlite_engine(pool, _begin_reading)
            server = self._server_engine(pool)
            return server, server.execution_options(**_READ_SERVER)
        except ModuleNotFoundError as missing:
            raise SettingsInvalid(
                f"Run `pip install '.[postgres]'` in the source tree: the database driver {missing.name!r} is not "
                "installed."
            ) from None
        except (ArgumentError, SQLAlchemyError):
            raise SettingsInvalid(_UNKNOWN_URL) from None

    def _sqlite_engine(self, pool: int, begin: Callable[[Connection], None]) -> Engine:
        arguments: dict[str, Any] = {"timeout": self.patience, "isolation_level": None}
        if sys.version_info >= (3, 12):
            # The newer autocommit modes either begin without IMMEDIATE or never commit an explicit BEGIN.
            arguments["autocommit"] = sqlite3.LEGACY_TRANSACTION_CONTROL
        # A connection is only an open file: `pool` of them are kept, and more are opened if needed.
        engine = create_engine(
            self.url, connect_args=arguments, pool_size=pool, max_overflow=-1, hide_parameters=True
        )
        event.listen(engine, "do_connect", partial(_refuse_to_create, Path(self.url.database or "")))
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", begin)
        if begin is _begin_reading:
            event.listen(engine, "connect", _refuse_to_write)
        return engine

    def _server_engine(self, pool: int) -> Engine:
        engine = create_engine(
            self.url,
            pool_size=pool,
            max_overflow=0,
            pool_timeout=self.patience,
            hide_parameters=True,  # customers' words must not get into a log with an error
            pool_pre_ping=True,  # reconnects after a server restart instead of failing a request
            connect_args={
                "connect_timeout": max(2, int(self.patience)),
                # A frozen process must not keep its locks: the server ends its transaction.
                "options": f"-c idle_in_transaction_session_timeout={int(FROZEN * self.patience)}s",
            },
        )
        event.listen(engine, "handle_error", failures.without_values)
        return engine


class _Turn:
    """The lock of this process's SQLite writers. Raises RuntimeError if one thread takes it twice."""

    def __init__(self, patience: float) -> None:
        self._lock = threading.Lock()
        self._patience = patience
        self._holder: int | None = None

    def __enter__(self) -> None:
        if self._holder == threading.get_ident():
            raise RuntimeError("writing() inside writing(): pass the session on instead")
        if not self._lock.acquire(timeout=self._patience):
            raise StorageUnavailable(failures.BUSY)
        self._holder = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._holder = None
        self._lock.release()


_UNKNOWN_URL = (
    "Write database.url as sqlite:///path/to/file.db or postgresql://user:password@host/name; "
    "its value is not a database URL."
)


def _parse(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise SettingsInvalid(_UNKNOWN_URL) from None
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise SettingsInvalid(_UNKNOWN_URL)
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise SettingsInvalid(
            "Name a file in database.url: a database in memory is lost when the program ends."
        )
    return url


def _free_bytes(directory: Path) -> int:
    return shutil.disk_usage(directory).free


def _refuse_to_create(file: Path, *_: object) -> None:
    """SQLite would create a missing file, and an unmounted volume would look like a new installation."""
    if file.parent.is_dir() and not file.exists():
        raise StorageUnavailable(failures.missing(file))


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # FULL, not NORMAL: in WAL mode NORMAL can lose committed answers in a power failure.
    # secure_delete overwrites what is deleted. Not every SQLite is built with it, and erasure promises it.
    # recursive_triggers: otherwise INSERT OR REPLACE deletes rows of the audit log without asking its triggers.
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "recursive_triggers = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    search.register(connection)


def _refuse_to_write(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _begin_reading(connection: Connection) -> None:
    if connection.get_execution_options().get(_SINGLE):
        return
    connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
