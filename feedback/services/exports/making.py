"""Makes the file of an export."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from feedback.i18n import translator
from feedback.library import Library
from feedback.services import audit, reports
from feedback.services.access import Viewer
from feedback.services.exports import codebook, reading
from feedback.services.exports.columns import ExportLayout
from feedback.services.exports.formats import WRITERS, csv_file
from feedback.services.exports.formats.base import LabelLanguage
from feedback.services.exports.reading import ExportTable
from feedback.services.exports.selection import ExportRequest
from feedback.services.reports import Survey
from feedback.store.portions import never


def make(
    session: Session,
    library: Library,
    viewer: Viewer,
    request: ExportRequest,
    path: Path,
    stopped: Callable[[], bool] = never,
) -> int:
    """Write the file of an export to `path`. Returns its number of rows.

    `session` reads, and sees one state from the first row to the last. Raises NotFound for a survey that there is not,
    Rejected if the format has no room for it, and ExportInterruptedError.
    """
    found, table = _table(session, library, viewer, request, stopped)
    if request.format == "codebook":
        return codebook.write(path, table.columns, found.languages)
    wording = LabelLanguage(translator("desk", request.language), language_of(found, request.language))
    return WRITERS[request.format](path, table, wording)


def streamed(session: Session, library: Library, viewer: Viewer, request: ExportRequest) -> Iterator[bytes]:
    """A CSV file or a codebook piece by piece, without a file in between. Raises NotFound at once."""
    found, table = _table(session, library, viewer, request, never)
    if request.format == "codebook":
        return csv_file.pieces(
            codebook.heads(found.languages), codebook.lines(table.columns, found.languages)
        )
    return csv_file.pieces([column.name for column in table.columns], table.rows)


def _table(
    session: Session, library: Library, viewer: Viewer, request: ExportRequest, stopped: Callable[[], bool]
) -> tuple[ExportLayout, ExportTable]:
    """The layout of the survey and the rows. A codebook is always about the columns with one row per response."""
    survey = find_survey(session, library, request)
    found = reading.layout_of(session, library, survey)
    blocks = reading.read(session, viewer, request.selection(survey), stopped)
    is_wide = request.rows == "responses" or request.format == "codebook"
    return found, reading.wide(found, blocks) if is_wide else reading.long(found, blocks)


def language_of(found: ExportLayout, wanted: str) -> str:
    """The language of the labels: the one that is wanted, or the first of the survey if it is not in it."""
    return wanted if wanted in found.languages else found.languages[0]


def file_name(request: ExportRequest, day: str) -> str:
    """The name of a file that was made on this day."""
    return f"{request.survey}-{request.kind}-{day}.{request.ending}"


def find_survey(session: Session, library: Library, request: ExportRequest) -> Survey:
    """The survey of an export, by its trend or by the key of a questionnaire. Raises NotFound."""
    known = reports.surveys(session, library)
    trends = {each.trend for each in known}
    by_key = {key: each.trend for each in reversed(known) for key in each.questionnaires}
    wanted = request.survey
    return reports.find_survey(known, wanted if wanted in trends else by_key.get(wanted, wanted))


def responses_of(session: Session, library: Library, viewer: Viewer, request: ExportRequest) -> int:
    """How many responses the file will hold. Raises NotFound for a survey that there is not."""
    return reading.count(session, viewer, request.selection(find_survey(session, library, request)))


def note(session: Session, request: ExportRequest, *, by: int | None, now: datetime) -> None:
    """Record in the audit log that somebody takes this file."""
    table = f"{request.survey}-{request.kind}"
    audit.record(session, "exported", "responses", None, by=by, now=now, table=table, file=request.ending)
