"""Which migrations this release has and a database has had, without Alembic, whose import is slow."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

VERSIONS = Path(__file__).parent.parent / "migrations" / "versions"


@cache
def newest() -> str:
    """The number of the last migration. Migrations form one line, and their files are named by their numbers."""
    return max(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*_*.py"))


def applied(connection: Connection) -> set[str]:
    """The last migrations that were applied to this database; empty if there are no tables."""
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.scalars(text("SELECT version_num FROM alembic_version")))
