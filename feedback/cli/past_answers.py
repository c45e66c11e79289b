"""Past answers from other survey tools: import and undo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from feedback.cli.frame import main, the_runtime

if TYPE_CHECKING:
    from feedback.services.imports import ImportReport
    from feedback.services.imports.answers.looking import FileLook
    from feedback.services.imports.mapping import ColumnMap
    from feedback.services.imports.menus import Chosen

OWN = "own"


class PastAnswersOptions(TypedDict):
    """The options of `feedback import` that are about past answers."""

    vendor: str | None
    survey: str | None
    wording: str
    zone: str
    add_people: bool


def import_answers(file: Path, name: str | None, dry_run: bool, asked: PastAnswersOptions) -> None:
    """Import past answers, and print what each column and each row became."""
    from feedback import clock
    from feedback.cli.customers import tell
    from feedback.errors import ImportRefused
    from feedback.services.imports import load
    from feedback.services.imports.answers import importer, looking, runs, vendors
    from feedback.services.imports.importer import Options
    from feedback.services.imports.menus import Chosen

    vendor = asked["vendor"]
    if vendor is not None and vendor not in vendors.VENDORS:
        raise ImportRefused(f"There is no shape {vendor!r}; use one of {', '.join(vendors.VENDORS)}.")
    runtime = the_runtime()
    chosen = Chosen(
        vendor=vendor or "", wording=asked["wording"], zone=asked["zone"], add_people=asked["add_people"]
    )
    if name:
        mapping = load(runtime.settings.instance, name)
    else:
        wanted = "" if asked["survey"] == OWN else asked["survey"]
        found = looking.look(file, chosen, runtime.settings)
        company = runtime.settings.organisation.name
        chosen = looking.proposed(found, chosen, wanted, runtime.library, company)
        mapping = looking.mapping(found, chosen, runtime.library, file.name)
        _tell_columns(found, chosen)
    with click.progressbar(length=1, label=file.name, file=sys.stderr) as bar:

        def on_progress(done: int, lines: int) -> None:
            bar.length = max(1, lines)
            bar.update(done - bar.pos)

        if dry_run:
            options = Options(dry_run=True, on_progress=on_progress)
            claim = importer.FileClaim(chosen.vendor)
            import_id, report = 0, importer.run(
                runtime.database, file, mapping, runtime, clock.now(), options, claim
            )  # fmt: skip
        else:
            import_id, report = runs.from_terminal(
                runtime.database, file, mapping, runtime, clock.now(), on_progress, chosen.vendor
            )
    _tell_series(report, mapping)
    tell(report, dry_run)
    if import_id:
        click.echo(f"To undo this import: feedback undo-import {import_id}")
    if report.refused or report.left_out:
        sys.exit(1)


@main.command("undo-import")
@click.argument("number", type=int)
@click.confirmation_option(prompt="Take the answers of this import out again?")
def undo_import(number: int) -> None:
    """Undo the import of answers NUMBER: its answers, scores and counts, and people that it added and nobody used."""
    from feedback import clock
    from feedback.services.imports import runs as imports
    from feedback.services.imports.answers import runs

    runtime = the_runtime()
    runs.undo_now(runtime.database, number, runtime, clock.now)
    with runtime.database.reading() as session:
        undone = imports.find(session, number).report.get("undone", {})
    click.echo(
        f"Removed: {undone.get('removed', 0)}; kept, because they are in use: {undone.get('kept', 0)}."
    )


def _tell_columns(found: FileLook, chosen: Chosen) -> None:
    whose = f"It looks like an export of {found.heading.vendor}. " if found.heading.vendor else ""
    goal = f"answers to {chosen.survey}" if chosen.survey else "a survey of its own"
    click.echo(f"{whose}The file is read as {goal}; times without a zone are in {chosen.zone or 'your own'}.")
    for column in found.columns:
        target = chosen.targets.get(column.number, "not imported")
        click.echo(f"  {column.name or 'column without a name'}: {target}")


def _tell_series(report: ImportReport, mapping: ColumnMap) -> None:
    told = report.answers
    if told["joins"]:
        click.echo(f"The scores continue the series {told['series']}.")
    else:
        click.echo(f"The scores are a series of their own: {told['series']}.")
        for each in told["reasons"]:
            click.secho(f"  {each['question']}: {each['reason']}", fg="yellow")
    click.echo(
        f"{told['known']} answers of known contacts, {told['unknown']} without a contact, {told['added']} new contacts."
    )
    if told["empty"]:
        click.echo(f"{told['empty']} rows have no answer.")
    if told["trials"]:
        click.echo(f"{told['trials']} rows are trials or spam.")
    if told["unknown"] and not mapping.add_people:
        click.echo("With --add-people, people who are not known become contacts.")
