"""What all commands share: the group, its exit codes, and loading settings and the Runtime."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedback import __version__
from feedback.cli.installation import lint_settings
from feedback.errors import FeedbackError, SettingsInvalid

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime
    from feedback.settings import Settings

EXIT_CANNOT = 2
LASTING = ("run", "demo")
"""Commands that go on until they are stopped."""


class Sentences(click.Group):
    """Prints a FeedbackError as a message and exits with EXIT_CANNOT; any other exception is a bug and propagates."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FeedbackError as error:
            click.secho(str(error), fg="red", err=True)
            ctx.exit(EXIT_CANNOT)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the `lint` command only when it is called."""
        if name not in LASTING:
            gc.set_threshold(100_000)  # a short process; frequent collections would cost a tenth of it
        if name == "lint":
            from feedback.lint.command import lint

            return lint
        return super().get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "lint"])


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, wanted: _tell_version(context) if wanted else None,
    help="Show the version and the newest revision of the tables, and exit.",
)
@click.option(
    "--instance",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory with the settings and the database.  [default: $FEEDBACK_INSTANCE or ./instance]",
)
@click.pass_context
def main(context: click.Context, instance: Path | None) -> None:
    """Surveys and feedback for customer success."""
    if instance:
        os.environ["FEEDBACK_INSTANCE"] = str(instance)
    context.obj = lint_settings if _is_installed() else None


def _tell_version(context: click.Context) -> None:
    from feedback import migrations

    click.echo(f"feedback, version {__version__}, tables {migrations.newest()}")
    context.exit()


def _is_installed() -> bool:
    """Checks only the environment and a file, without imports, so that `feedback lint` starts fast."""
    named = {"FEEDBACK_DATABASE_URL", "FEEDBACK_DATABASE_URL_FILE"} & os.environ.keys()
    return bool(named) or Path(os.environ.get("FEEDBACK_INSTANCE", "instance"), "feedback.toml").exists()


def the_settings() -> Settings:
    """Load the installation's settings and configure logging."""
    from feedback import bootstrap, log

    directory = bootstrap.instance_from()
    if not (directory.is_dir() or _is_installed()):
        raise SettingsInvalid(
            f"Correct --instance or FEEDBACK_INSTANCE, or create an installation with `feedback init`: "
            f"the directory {directory} does not exist."
        )
    keep_private()
    settings = bootstrap.settings_from()
    log.configure(settings.log)
    return settings


def keep_private() -> None:
    """Until the command ends, write files that only this user may read: most of them are about customers."""
    from feedback.store.private_files import UMASK

    before = os.umask(UMASK)
    click.get_current_context().find_root().call_on_close(lambda: os.umask(before))


def the_runtime(*, sending: bool = False, library: bool = True) -> Runtime:
    """Start a Runtime; providers are opened only with `sending`.

    A command that needs no questionnaires passes `library=False`, which saves most of its time.
    """
    from feedback import bootstrap

    runtime = bootstrap.start(the_settings(), sending=sending)
    if library:
        _ = runtime.library  # read now, and not inside a transaction
    return runtime
