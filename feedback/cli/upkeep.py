"""Commands around a release: upgrade, support-bundle."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedback.cli.frame import main, the_settings
from feedback.cli.running import db_upgrade

if TYPE_CHECKING:
    from feedback.services.setup.upgrade_check import UpgradeReport


@main.command()
@click.option(
    "--check", is_flag=True, help="Change nothing; say what an upgrade would do, and whether it may."
)
@click.option(
    "--backup",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The backup that you have made.  [default: the newest in backup.directory]",
)
@click.pass_context
def upgrade(context: click.Context, check: bool, backup: Path | None) -> None:
    """Migrate the tables to this release, as the first start does; with --check, only look."""
    if not check:
        context.invoke(db_upgrade)
        return
    from feedback import bootstrap, clock
    from feedback.services.setup import diagnosis, upgrade_check

    settings = the_settings()
    with closing(bootstrap.open_database(settings)) as database:
        found = upgrade_check.report(settings, database, backup, clock.now())
    _tell(found)
    if diagnosis.has_errors(list(found.problems)):
        sys.exit(1)
    click.secho("Ready to upgrade." if found.pending else "Nothing to upgrade.", fg="green")


def _tell(found: UpgradeReport) -> None:
    from feedback import __version__

    click.echo(f"Release     {__version__}, tables {found.after}")
    click.echo(f"Tables now  {found.before or 'none'}")
    for revision, title in found.pending:
        click.echo(f"  {revision}      {title}")
    click.echo(f"Backup      {found.backup or 'none known'}")
    if found.free is not None:
        need = f", needed {(found.needed or 0) / 1e6:.0f} MB" if found.needed else ""
        click.echo(f"Disk        free {found.free / 1e6:.0f} MB{need}")
    for problem in found.problems:
        click.secho(str(problem), fg="red" if problem.level == "error" else "yellow")


@main.command("support-bundle")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def write_support_bundle(file: Path) -> None:
    """Write FILE (zip) for somebody who helps you: versions, settings, states and numbers.

    It has nothing about a person, no text that anybody has typed, no address and no key. Read it before you send it.
    """
    import zipfile

    from feedback import bootstrap, clock
    from feedback.errors import Conflict
    from feedback.services.organisation import stored_settings
    from feedback.services.setup import diagnosis, support_bundle

    if file.exists():
        raise Conflict(f"Name another file: {file} already exists, and nothing was written.")
    settings = the_settings()
    with closing(bootstrap.open_database(settings)) as database:
        with database.reading() as session:
            settings = stored_settings.in_force(session, settings)
        problems = diagnosis.of_installation(settings, database)
        with database.reading() as session:
            problems += diagnosis.of_data(session, settings, clock.now())
            content = support_bundle.files(session, database, settings, problems, clock.now())
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, part in content.items():
            bundle.writestr(name, part)
    click.echo(f"Wrote {file}: {', '.join(content)}. Read it before you send it.")
