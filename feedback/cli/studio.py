"""Commands that move texts between the studio and files: questionnaires list, diff, pull, push."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedback.cli.frame import the_runtime
from feedback.cli.questionnaires import questionnaires

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime
    from feedback.services.studio.exchange import Exchanged

FOLDER = click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Directory of the files. In questionnaires/ of the instance, a restart puts files into force.",
)
FORCE = click.option("--force", is_flag=True, help="Overwrite what was changed on the other side.")
KEYS = click.argument("keys", nargs=-1)

STATES = {"never": "never published", "changed": "draft differs", "published": "in force"}


@questionnaires.command("list")
def list_texts() -> None:
    """List every text with its layer (studio, instance, shipped) and state."""
    from feedback.services.studio import drafts

    runtime = the_runtime(library=False)
    with runtime.database.reading() as session:
        found = drafts.all_texts(session, _directories(runtime))
    for each in found:
        below = f", in force: {each.in_force_layer}" if each.in_force_layer not in (None, each.layer) else ""
        archived = ", archived" if each.archived_at else ""
        click.echo(f"{each.key:32} {each.layer:9} {STATES[each.state]}{below}{archived}")


@questionnaires.command("diff")
@KEYS
@FOLDER
def diff(keys: tuple[str, ...], directory: Path) -> None:
    """Show how the drafts of the studio (+) differ from the files (-). Exits with 1 if they do."""
    from feedback.services.studio import exchange

    runtime = the_runtime(library=False)
    with runtime.database.reading() as session:
        found = list(exchange.differing(session, _directories(runtime), directory, keys))
    for draft, path, text in found:
        lines = difflib.unified_diff(
            text.splitlines(), draft.text.splitlines(), str(path), f"studio:{draft.key}", lineterm=""
        )
        click.echo("\n".join(lines) or f"{path}: only line ends differ")
    sys.exit(1 if found else 0)


@questionnaires.command("pull")
@KEYS
@FOLDER
@FORCE
def pull(keys: tuple[str, ...], directory: Path, force: bool) -> None:
    """Write the drafts of the studio into files; all, or those with these KEYS."""
    from feedback.services.studio import exchange

    runtime = the_runtime(library=False)
    with runtime.database.reading() as session:
        done = exchange.pull(session, _directories(runtime), directory, keys, force=force)
    _tell(done, "written", "it was changed since the last pull or push")


@questionnaires.command("push")
@KEYS
@FOLDER
@FORCE
@click.option("--by", required=True, help="E-mail address of the lead or admin who saves the drafts.")
def push(keys: tuple[str, ...], directory: Path, force: bool, by: str) -> None:
    """Save files as drafts in the studio; all, or those with these KEYS. It publishes nothing."""
    from feedback import clock
    from feedback.services.questionnaires import publishing
    from feedback.services.studio import exchange

    runtime = the_runtime(library=False)
    directories = _directories(runtime)
    with runtime.database.writing() as session:
        who = publishing.design_lead(session, by)
        done = exchange.push(session, directories, directory, keys, by=who.id, now=clock.now(), force=force)
    with runtime.database.reading() as session:
        exchange.remember(session, directories, directory, done)
    _tell(done, "saved as draft", "the draft in the studio is newer")


def _directories(runtime: Runtime) -> list[Path]:
    from feedback import resources

    return resources.directories("questionnaires", runtime.settings.instance)


def _tell(done: Sequence[Exchanged], moved: str, why: str) -> None:
    """One line per text; exits with 1 if one was refused."""
    from feedback.services.studio.exchange import Move

    for each in done:
        if each.outcome == Move.REFUSED:
            click.secho(f"{each.key}: refused, because {why}. --force overwrites it.", fg="red", err=True)
        else:
            click.echo(f"{each.key}: {moved if each.outcome == Move.MOVED else 'unchanged'}")
    if any(each.outcome == Move.REFUSED for each in done):
        sys.exit(1)
