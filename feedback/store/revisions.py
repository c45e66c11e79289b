"""Which migration a database has had, without Alembic, whose import is slow."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from feedback import __version__
from feedback.migrations import newest

NO_TABLES = (
    "Check database.url, or restore a backup: this database has no tables. To start with an empty one, run "
    "`feedback db upgrade`."
)


def applied(connection: Connection) -> str | None:
    """The last migration that was applied to this database; None if there are no tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT max(version_num) FROM alembic_version"))
    return found


def newer(found: str) -> str:
    """The sentence about tables of a newer release."""
    return (
        f"Install the release that this database was upgraded with, or restore the backup from before the upgrade: "
        f"its tables have revision {found}, and release {__version__} knows revisions up to {newest()}."
    )
