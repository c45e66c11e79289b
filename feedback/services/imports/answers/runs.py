"""Imports of past answers, in the browser and in a terminal: both leave an `ImportRun`, so that both can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import update

from feedback.errors import NotFound
from feedback.services.context import Context
from feedback.services.imports import menus, runs
from feedback.services.imports.answers import history, importer, looking
from feedback.services.imports.answers.looking import FileLook
from feedback.services.imports.importer import ImportReport, Options
from feedback.services.imports.mapping import ColumnMap
from feedback.services.imports.menus import Chosen
from feedback.store.database import Database
from feedback.store.models import ImportRun


def upload(
    database: Database, name: str, file: IO[bytes], context: Context, *, by: int, now: datetime
) -> int:
    """Store a file and what its columns suggest. Returns the id of the import. Raises ImportRefused."""
    import_id = runs.upload(database, "answers", name, file, context.settings, by=by, now=now)
    with database.reading() as session:
        chosen = menus.from_json(runs.find(session, import_id).chosen)
    _propose(database, import_id, replace(chosen, targets={}, ids={}, dates=""), None, context)
    return import_id


def choose(database: Database, import_id: int, chosen: Chosen, context: Context) -> None:
    """Read the file in another way, or as answers to another survey; the menus are proposed again.

    `chosen` has the layout, the vendor, the survey and the zone. Raises ImportRefused, and Conflict once it has begun.
    """
    with database.reading() as session:
        runs.check_open(runs.find(session, import_id))
    _propose(database, import_id, chosen, chosen.survey, context)


def look(database: Database, run_: ImportRun, context: Context) -> FileLook:
    """The file with its columns, as it is read with the choices. Raises ImportRefused or NotFound."""
    with runs.the_file(database, run_) as path:
        return looking.look(path, menus.from_json(run_.chosen), context.settings)


def check(database: Database, import_id: int, chosen: Chosen, context: Context) -> None:
    """Keep the choices and ask for a dry run. Raises ImportRefused with one line for each mistake in them."""
    with database.reading() as session:
        run_ = runs.find(session, import_id)
        runs.check_open(run_)
        session.expunge(run_)
    old = menus.from_json(run_.chosen)
    chosen = replace(
        chosen, encoding=old.encoding, delimiter=old.delimiter, above=old.above, vendor=old.vendor, survey=old.survey,
        zone=old.zone,
    )  # fmt: skip
    with database.writing() as session:  # what was chosen stays, also if it is refused
        runs.find(session, import_id).chosen = menus.as_json(chosen)
    with runs.the_file(database, run_) as path:
        found = looking.look(path, chosen, context.settings)
        made = looking.mapping(found, chosen, context.library, run_.name)
        asked = importer.questions(path, found.shape, found.heading, made, chosen.vendor)
        about = (made.asked_in, run_.name, context.settings.organisation.name)
        with database.reading() as session:
            history.history(session, context.library, made.survey, asked, about)
    with database.writing() as session:
        run_ = runs.find(session, import_id)
        runs.check_open(run_)
        run_.state, run_.done, run_.report = "checking", 0, {}


def _propose(
    database: Database, import_id: int, chosen: Chosen, survey: str | None, context: Context
) -> None:
    with database.reading() as session:
        run_ = runs.find(session, import_id)
        session.expunge(run_)
    with runs.the_file(database, run_) as path:
        found = looking.look(path, chosen, context.settings)
        company = context.settings.organisation.name
        made = looking.proposed(found, chosen, survey, context.library, company)
    with database.writing() as session:
        run_ = runs.find(session, import_id)
        runs.check_open(run_)
        run_.chosen, run_.state = menus.as_json(made), "uploaded"


def from_terminal(
    database: Database,
    path: Path,
    mapping: ColumnMap,
    context: Context,
    now: datetime,
    on_progress: Callable[[int, int], None],
    vendor: str = "",
) -> tuple[int, ImportReport]:
    """Import a file that stays where it is: the id of the import, and its report."""
    with database.writing() as session:
        row = ImportRun(
            kind="answers", name=path.name[:255], state="running", created_at=now, began_at=now, chosen={}, lines=0
        )  # fmt: skip
        session.add(row)
        session.flush()
        import_id = row.id
    options = Options(
        on_progress=on_progress,
        on_written=lambda session, journal: runs.note_changes(session, import_id, journal),
    )
    report = importer.run(
        database, path, mapping, context, now, options, importer.FileClaim(vendor, import_id)
    )
    with database.writing() as session:
        session.execute(
            update(ImportRun)
            .where(ImportRun.id == import_id)
            .values(
                state="done",
                report=dict(runs.told(report)),
                ended_at=now,
                done=report.read,
                lines=report.read,
            )
        )
    return import_id, report


def undo_now(database: Database, import_id: int, context: Context, now: Callable[[], datetime]) -> None:
    """Undo an import of answers in this process. Raises NotFound for another kind, and Conflict if it was undone."""
    with database.writing() as session:
        if runs.find(session, import_id).kind != "answers":
            raise NotFound("There is no import of answers with this number.")
        runs.undo(session, import_id)
    while runs.work(database, context, now):
        pass
