"""Commands to back up and restore the database: backup, restore, db restored."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedback.cli.frame import main, the_settings
from feedback.cli.running import db

if TYPE_CHECKING:
    from feedback.store.database import Database


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the database to FILE while it is in use.

    FILE has everything that is stored. It does not have the instance directory: feedback.toml with its secrets,
    mappings, and questionnaires and templates of your own.
    """
    from feedback import bootstrap
    from feedback.store import backup as copies

    settings = the_settings()
    with closing(bootstrap.open_database(settings)) as database:
        copies.make(database, file)
    click.echo(f"Backed up the database to {file} ({file.stat().st_size / 1e6:.1f} MB).")
    click.echo(f"Back up {settings.instance}, too: it has the secrets.")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the backup FILE into the place of the database, which must be empty.

    Stop every process of the installation first. What was waiting to be sent when the backup was made is not sent
    unasked: text messages are looked up at their provider, and mails are held for your decision.
    """
    from feedback import bootstrap
    from feedback.store import backup as copies

    found: dict[str, int] = {}
    with closing(bootstrap.open_database(the_settings())) as database:
        copies.put_back(file, database, lambda copy: found.update(_doubt(copy)))
    click.echo(f"Restored {database!r} from {file}.")
    _tell(found)


@db.command("restored")
def db_restored() -> None:
    """Say that this database was restored by hand, before you start it: nothing queued is then sent unasked."""
    from feedback import bootstrap

    with closing(bootstrap.open_database(the_settings())) as database:
        found = _doubt(database)
    _tell(found)


def _doubt(database: Database) -> Mapping[str, int]:
    from feedback import clock
    from feedback.services.messaging import restoring

    database.upgrade(create=False)
    now = clock.now()
    with database.writing() as session:
        due = restoring.due(session, now)
        return {"due": due} | {str(state): n for state, n in restoring.doubt_everything(session, now).items()}


def _tell(found: Mapping[str, int]) -> None:
    click.echo(f"Text messages to look up at their provider: {found.get('unconfirmed', 0)}.")
    click.echo(f"Mails held for your decision: {found.get('held', 0)}. See `feedback held list`.")
    if due := found.get("due"):
        click.echo(
            f"Surveys that became due since: {due}. They may have been sent, and are sent when you start."
        )
    click.echo("Start with `feedback run`. Opt-outs by link or mail after the backup are not in it.")
