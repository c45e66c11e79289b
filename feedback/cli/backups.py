"""Commands to back up and restore the database: backup, restore, db restored."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedback.cli.frame import main, the_settings
from feedback.cli.running import db

if TYPE_CHECKING:
    from feedback.settings import Settings
    from feedback.store.database import Database


_KEY_FILE = click.option(
    "--passphrase-file",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the passphrase of the backup.  [default: the setting backup.passphrase]",
)


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_KEY_FILE
def backup(file: Path, key_file: Path | None) -> None:
    """Copy the database to FILE while it is in use, encrypted if there is a passphrase.

    FILE has everything that is stored. It does not have the instance directory: feedback.toml with its secrets,
    mappings, and questionnaires and templates of your own. FILE.json beside it says what is in FILE, for a drill.
    """
    from feedback import bootstrap
    from feedback.store.backups import copies

    settings = the_settings()
    passphrase = _passphrase(key_file, settings)
    with closing(bootstrap.open_database(settings)) as database:
        found = copies.make(database, file, passphrase=passphrase)
    kind = "encrypted" if passphrase else "not encrypted"
    size = file.stat().st_size / 1e6
    click.echo(f"Backed up the database to {file}: {found.rows} rows, {size:.1f} MB, {kind}.")
    click.echo(f"Back up {settings.instance}, too: it has the secrets.")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_KEY_FILE
@click.option(
    "--drill", is_flag=True, help="Restore it into a place of its own, check it, and delete it again."
)
def restore(file: Path, key_file: Path | None, drill: bool) -> None:
    """Put the backup FILE into the place of the database, which must be empty.

    Stop every process of the installation first. What was waiting to be sent when the backup was made is not sent
    unasked: text messages are looked up at their provider, and mails are held for your decision. With --drill, nothing
    is stopped and nothing is changed.
    """
    from feedback import bootstrap
    from feedback.store.backups import copies

    settings = the_settings()
    passphrase = _passphrase(key_file, settings)
    found: dict[str, int] = {}
    with closing(bootstrap.open_database(settings)) as database:
        if drill:
            _rehearse(file, database, passphrase)
            return
        copies.put_back(file, database, lambda copy: found.update(_doubt(copy)), passphrase=passphrase)
    click.echo(f"Restored {database!r} from {file}.")
    _tell(found)


def _passphrase(key_file: Path | None, settings: Settings) -> str:
    from feedback.errors import Rejected

    if key_file is None:
        return settings.backup.passphrase.reveal()
    try:
        found = key_file.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise Rejected(f"Name a file with one line of text: {key_file} cannot be read as one.") from None
    if not found:
        raise Rejected(f"Write the passphrase into {key_file}: it is empty.")
    return found


def _rehearse(file: Path, database: Database, passphrase: str) -> None:
    """Print the tables and what is wrong; exit with 1 if something is."""
    from feedback.store.backups import drill

    report = drill.rehearse(file, database, passphrase=passphrase)
    now = report.now.tables if report.now else {}
    click.echo(f"{'table':<24} {'in the backup':>14} {'now':>14}")
    for name, each in sorted(report.restored.tables.items()):
        running = f"{now[name].rows:>14}" if name in now else f"{'-':>14}"
        click.echo(f"{name:<24} {each.rows:>14} {running}")
    for problem in report.problems:
        click.secho(problem, fg="red")
    if report.problems:
        sys.exit(1)
    told = f"{report.restored.rows} rows restored"
    if report.has_manifest:
        told += f", as the manifest says; content of {report.restored.sampled} rows compared"
    else:
        told += f" and counted, but not compared: there is no manifest {file.name}.json"
    click.secho(f"The backup is good: {told}.", fg="green")
    click.echo("The drill has changed nothing and left nothing behind.")


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
