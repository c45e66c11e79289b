"""What commands that work without an installation are told by one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from feedback.lint.engine.settings import Settings
    from feedback.store.database import Database


def told() -> Settings | None:
    """What the linter is told by the installation; None before it has a database, and, with a sentence, where that
    cannot be asked."""
    from feedback import bootstrap, clock
    from feedback.errors import FeedbackError
    from feedback.services import publishing

    try:
        settings = bootstrap.settings_from()
        database = bootstrap.open_database(settings)
        if not _has_tables(database):
            return None
        with database.reading() as session:
            return publishing.Rules(settings).of(session, clock.now())
    except FeedbackError as error:
        click.secho(f"Not held against what is published: {error}", fg="yellow", err=True)
        return None


def _has_tables(database: Database) -> bool:
    """Asked before connecting to SQLite, which would make a file where there is none."""
    file = database.url.database
    if database.is_sqlite and not (file and Path(file).exists()):
        return False
    return database.is_current()
