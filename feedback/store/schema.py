"""Runs the migrations from code, without Alembic's configuration file and command."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

import feedback.store.models  # noqa: F401  (fills Base.metadata)
from feedback import __version__
from feedback.errors import StorageUnavailable
from feedback.store.base import Base

_MIGRATING = (
    7236_0001  # an arbitrary key: nodes that start together take this PostgreSQL advisory lock in turn
)


def upgrade(engine: Engine, *, create: bool = True) -> tuple[str | None, str]:
    """Run all missing migrations in one transaction. Returns the revisions before and after.

    Raises StorageUnavailable if a newer release has changed the tables, or, without `create`, if there are none.
    """
    with engine.connect() as connection:
        connection.detach()  # foreign keys will be off on it, so it must not return to the pool
        _enter(connection)
        before = revision(connection)
        if before is None and not create:
            raise StorageUnavailable(NO_TABLES)
        if not is_known(before):
            raise StorageUnavailable(newer(str(before)))
        command.upgrade(_config(connection), "head")
        _refuse_orphans(connection)
        connection.commit()
    return before, newest()


NO_TABLES = (
    "Check database.url, or restore a backup: this database has no tables. To start with an empty one, run "
    "`feedback db upgrade`."
)


def newer(found: str) -> str:
    """The sentence about tables of a newer release."""
    return (
        f"Install the release that this database was upgraded with, or restore the backup from before the upgrade: "
        f"its tables have revision {found}, and release {__version__} knows revisions up to {newest()}."
    )


def revision(connection: Connection) -> str | None:
    """The revision of the tables; None if there are no tables."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The newest revision that this release knows."""
    return ScriptDirectory.from_config(_config()).get_heads()[0]


def is_known(found: str | None) -> bool:
    """Whether this release has the migration; False for tables that a newer release has changed."""
    return found is None or found in {
        each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()
    }


def is_current(connection: Connection) -> bool:
    """Whether exactly the newest migrations have been applied."""
    return revision(connection) == newest()


def differences(connection: Connection) -> list[Any]:
    """The differences between models and tables, as Alembic's directives; empty if they agree."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
    return list(compare_metadata(context, Base.metadata))


def draft(connection: Connection, message: str, revision: str) -> None:
    """Write `feedback/migrations/versions/<revision>_<message>.py` from `differences`; review it before use."""
    command.revision(_config(connection), message, autogenerate=True, rev_id=revision)


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "feedback:migrations")
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _enter(connection: Connection) -> None:
    """Begin a transaction that no other node's migration runs beside. On SQLite, switch foreign keys off: a batch
    migration rebuilds tables, and cascades would delete rows."""
    if connection.dialect.name == "sqlite":
        # SQLite ignores the pragma inside a transaction, so it goes to the driver before the first statement.
        connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
        connection.begin()
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})


def _refuse_orphans(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if orphan is not None:
        raise StorageUnavailable(
            f"The migration would leave a row of {orphan[0]} without its row of {orphan[2]}; nothing was changed."
        )
