"""The installation's settings for commands that also work without an installation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from feedback.lint.engine.context import LintContext
    from feedback.store.database import Database


def lint_settings() -> LintContext | None:
    """The linter's settings from the installation; None if it has no current database. If the database cannot be
    read, print why and return None."""
    from feedback import bootstrap, clock
    from feedback.errors import FeedbackError
    from feedback.services.questionnaires import publishing

    try:
        settings = bootstrap.settings_from()
        database = bootstrap.open_database(settings)
        if not _has_tables(database):
            return None
        with database.reading() as session:
            return publishing.Rules(settings).for_session(session, clock.now())
    except FeedbackError as error:
        click.secho(f"Not compared with the published questionnaires: {error}", fg="yellow", err=True)
        return None


def _has_tables(database: Database) -> bool:
    """Checks that the file exists before connecting, because SQLite would create it."""
    file = database.url.database
    if database.is_sqlite and not (file and Path(file).exists()):
        return False
    return database.is_current()
