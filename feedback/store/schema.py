"""Runs the migrations from code, without Alembic's configuration file and command."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, text

import feedback.store.models  # noqa: F401  (fills Base.metadata)
from feedback import migrations
from feedback.errors import StorageUnavailable
from feedback.store import revisions
from feedback.store.base import Base

_MIGRATING = (
    7236_0001  # an arbitrary key: nodes that start together take this PostgreSQL advisory lock in turn
)

OF_ONE_DATABASE = frozenset(
    {
        "ix_contact_found",
        "ix_account_search_words",
        "ix_contact_search_words",
        "ix_contact_properties",
        "ix_account_properties",
    }
)
"""Indexes that only one of the two databases has. They are in migrations only: a model is the same everywhere."""


def upgrade(engine: Engine, *, create: bool = True) -> tuple[str | None, str]:
    """Run all missing migrations: on SQLite in one transaction, on PostgreSQL in one up to each migration that
    computes rows again, which commits after every portion. Returns the revisions before and after.

    Raises StorageUnavailable if a newer release has changed the tables, or, without `create`, if there are none.
    """
    with engine.connect() as connection:
        # It must not return to the pool: foreign keys will be off on it, and the lock ends when it is closed.
        connection.detach()
        _enter(connection)
        before = revisions.applied(connection)
        if before is None and not create:
            raise StorageUnavailable(revisions.NO_TABLES)
        if before is not None and before not in migrations.known():
            raise StorageUnavailable(revisions.newer(before))
        command.upgrade(_config(connection), "head")
        _refuse_orphans(connection)
        connection.commit()
    return before, migrations.newest()


def differences(connection: Connection) -> list[Any]:
    """The differences between models and tables, as Alembic's directives; empty if they agree."""
    opts = {"compare_type": True, "render_as_batch": True, "include_object": _is_compared}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, Base.metadata))


def _is_compared(_item: Any, name: str | None, *_: Any) -> bool:
    return name not in OF_ONE_DATABASE


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
    """Begin to migrate without another node's migration beside it. On SQLite, switch foreign keys off: a batch
    migration rebuilds tables, and cascades would delete rows."""
    if connection.dialect.name == "sqlite":
        # SQLite ignores the pragma inside a transaction, so it goes to the driver before the first statement.
        connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
        connection.begin()
    else:
        # Held until the connection is closed, because a migration may commit in between.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATING})


def _refuse_orphans(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if orphan is not None:
        raise StorageUnavailable(
            f"The migration would leave a row of {orphan[0]} without its row of {orphan[2]}; nothing was changed."
        )
