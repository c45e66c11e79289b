"""Commands that take data out: export person, export responses."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedback.cli.frame import main, the_runtime

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime
    from feedback.services.exports import ExportRequest

DAY = click.DateTime(["%Y-%m-%d"])


class ExportCommands(click.Group):
    """Takes what is no subcommand for the id of a contact: `feedback export c-17`."""

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["person", *args]
        return super().resolve_command(context, args)


@main.group(cls=ExportCommands)
def export() -> None:
    """Export what is stored about a person, or the responses to a survey.

    `feedback export CONTACT` is short for `feedback export person CONTACT`.
    """


@export.command()
@click.argument("contact")
def person(contact: str) -> None:
    """Print everything that is stored about CONTACT (an external id), as JSON."""
    from feedback import clock
    from feedback.services.privacy import erasure

    runtime = the_runtime(library=False)
    with runtime.database.writing() as session:  # the export itself is recorded in the audit log
        known = erasure.export(session, erasure.find(session, contact), by=None, now=clock.now())
    click.echo(json.dumps(known, indent=2, ensure_ascii=False))


@export.command()
@click.option("--survey", required=True, help="Its key, or its trend if it has one.")
@click.option("--format", "kind", default="csv", show_default=True, help="csv, xlsx, sav, dta or parquet.")
@click.option(
    "--rows", default="responses", show_default=True, help="One row for each: responses or answers."
)
@click.option("--from", "since", type=DAY, help="First day of the answers.  [default: from the first answer]")
@click.option("--to", "until", type=DAY, help="Last day.  [default: until now]")
@click.option("--language", default="en", show_default=True, help="Language of the labels.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option(
    "--codebook", type=click.Path(dir_okay=False, path_type=Path), help="Also write the codebook (CSV)."
)
def responses(
    survey: str,
    kind: str,
    rows: str,
    since: datetime | None,
    until: datetime | None,
    **options: Path | str | None,
) -> None:
    """Write the responses to a survey as a file for analysis."""
    from feedback import clock
    from feedback.core.time.local_days import day_of
    from feedback.services import exports

    runtime = the_runtime()
    first, after = _moments(runtime, since, until)
    request = exports.ExportRequest(
        survey,
        exports.known_format(kind),
        exports.known_rows(rows),
        str(options["language"]),
        first,
        after,
    )
    today = day_of(clock.now(), runtime.database.zone)
    output = Path(options["output"] or exports.file_name(request, str(today)))
    count = _write(runtime, request, output)
    click.echo(f"{output}: {count} rows.")
    if options["codebook"]:
        _write(runtime, request.codebook(), Path(options["codebook"]))
        click.echo(f"{options['codebook']}: the codebook.")


def _moments(
    runtime: Runtime, since: datetime | None, until: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """The period from the first day to the end of the last one, in the organisation's time zone."""
    from feedback.core.time.period import FIRST_DAY, LAST_DAY, Period

    first: date = since.date() if since else FIRST_DAY
    last: date = until.date() if until else LAST_DAY
    if not FIRST_DAY <= first <= last <= LAST_DAY:
        raise click.BadParameter(
            "Choose a first day that is not after the last day.", param_hint="--from, --to"
        )
    moments = Period(first, last).moments(runtime.database.zone)
    return (moments[0] if since else None, moments[1] if until else None)


def _write(runtime: Runtime, request: ExportRequest, output: Path) -> int:
    """Write the file under another name until it is whole. Returns its number of rows."""
    from feedback import clock
    from feedback.services import exports
    from feedback.services.access import Viewer

    unfinished = output.with_name(f"{output.name}.unfinished")
    try:
        with runtime.database.reading() as session:
            rows = exports.make(session, runtime.library, Viewer(0, sees_all=True), request, unfinished)
        with runtime.database.writing() as session:
            exports.note(session, request, by=None, now=clock.now())
        unfinished.replace(output)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}.") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return rows
