"""Reads responses as rows of an export, in blocks: what is in memory does not depend on how many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, tuple_
from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.core.text.localized import Text
from feedback.i18n import _
from feedback.library import Library
from feedback.services.access import Viewer
from feedback.services.exports.cells import Cell, cells
from feedback.services.exports.columns import ANSWERED, AskedVersion, ExportColumn, ExportLayout, layout
from feedback.services.reports import ResponseSelection, Survey
from feedback.services.reports.queries import responses
from feedback.store.models import Account, AnswerRow, Contact, QuestionnaireVersion, Response
from feedback.store.models.journeys import IN_FORCE
from feedback.store.portions import never

AT_A_TIME = 500
"""Responses that are read together."""


class ExportInterruptedError(Exception):
    """The process has to end; somebody else begins again."""


_BEFORE: tuple[ExportColumn, ...] = (
    ExportColumn("response", "number", _("Number of the response")),
    ExportColumn("survey", "text", _("Questionnaire")),
    ExportColumn("version", "number", _("Version of the questionnaire")),
    ExportColumn("answered_at", "moment", _("Answered at (UTC)")),
    ExportColumn("completed_at", "moment", _("Completed at (UTC)")),
    ExportColumn("language", "text", _("Language")),
    ExportColumn("channel", "text", _("Channel")),
    ExportColumn("source", "text", _("Source")),
    ExportColumn("stage", "text", _("Stage")),
    ExportColumn("segment", "text", _("Segment")),
    ExportColumn("account_id", "text", _("Account ID")),
    ExportColumn("account", "text", _("Account")),
    ExportColumn("contact_id", "text", _("Contact ID")),
    ExportColumn("contact", "text", _("Contact")),
)
"""The columns about a response; they begin every row."""
_OF_AN_ANSWER: tuple[ExportColumn, ...] = (
    ExportColumn("question", "text", _("Question")),
    ExportColumn("part", "text", _("Option or row")),
    ExportColumn("type", "text", _("Question type")),
    ExportColumn("column", "text", _("Column in the file with one row per response")),
    ExportColumn("value", "text", _("Answer")),
    ExportColumn("number", "number", _("Answer as a number"), decimals=2),
    ExportColumn("missing", "text", _("Instead of an answer")),
    ExportColumn("words", "text", _("Words")),
)
Cells = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class ExportTable:
    """The columns of a file and its rows, which can be read once."""

    title: Text
    columns: Sequence[ExportColumn]
    rows: Iterator[Cells]


def asked_versions(session: Session, library: Library, survey: Survey) -> list[AskedVersion]:
    """The versions of a survey's questionnaires that were ever asked, the oldest first; then those in force."""
    found: list[AskedVersion] = []
    numbers: dict[str, int] = defaultdict(int)
    stored = select(QuestionnaireVersion.id, QuestionnaireVersion.key, QuestionnaireVersion.unasked)
    stored = stored.where(
        QuestionnaireVersion.key.in_(survey.questionnaires), QuestionnaireVersion.key != IN_FORCE
    )
    for version_id, key, unasked in session.execute(stored.order_by(QuestionnaireVersion.id)):
        wanted = select(QuestionnaireVersion.content).where(QuestionnaireVersion.id == version_id)
        content = None if library.knows(version_id) else session.scalars(wanted).one()
        questionnaire = library.of_id(version_id, content)
        numbers[key] += 1
        if questionnaire.series == survey.trend and not unasked:
            found.append(AskedVersion(version_id, numbers[key], questionnaire))
    last = {each.questionnaire.key: each.questionnaire for each in found}
    for key in reversed(survey.questionnaires):  # the one that gives the survey its title comes last
        current = library.questionnaires.get(key)
        if current is not None and current.series == survey.trend and current != last.get(key):
            found.append(AskedVersion(None, numbers[key] + 1, current))
    return found


def layout_of(session: Session, library: Library, survey: Survey) -> ExportLayout:
    """The columns of a survey's questions."""
    return layout(asked_versions(session, library, survey), [each.name for each in _BEFORE])


def count(session: Session, viewer: Viewer, wanted: ResponseSelection) -> int:
    """How many responses an export will hold."""
    ids = responses(viewer, wanted).with_only_columns(func.count(Response.id))
    return int(session.scalar(ids) or 0)


def wide(found: ExportLayout, blocks: Iterator[Block]) -> ExportTable:
    """One row for each response."""
    columns = [*_BEFORE, *found.columns]

    def rows() -> Iterator[Cells]:
        for block in blocks:
            for about, given in block:
                yield _wide_row(found, about, given, len(columns))

    return ExportTable(found.title, columns, rows())


def long(found: ExportLayout, blocks: Iterator[Block]) -> ExportTable:
    """One row for each answer; for each chosen option, row and ranked option, where a question has several."""

    def rows() -> Iterator[Cells]:
        for block in blocks:
            for about, given in block:
                before = _about(found, about)
                yield from ((*before, *each) for each in _long_rows(found, about.version_id, given))

    return ExportTable(found.title, [*_BEFORE, *_OF_AN_ANSWER], rows())


def _wide_row(found: ExportLayout, about: Row[Any], given: dict[str, Answer], width: int) -> Cells:
    row: list[Cell] = [*_about(found, about)]
    row += [None] * (width - len(row))
    places = found.places.get(about.version_id, {})
    for key, answer in given.items():
        if key in places:
            question, of_parts = places[key]
            for part, cell in cells(question, answer, given):
                if part in of_parts:
                    row[len(_BEFORE) + of_parts[part]] = cell
    return row


def _long_rows(found: ExportLayout, version_id: int, given: dict[str, Answer]) -> Iterator[Cells]:
    for key, (question, of_parts) in found.places.get(version_id, {}).items():
        answer = given.get(key)
        if answer is None:
            continue
        if isinstance(answer.value, str) and answer.value in question.opt_outs:
            column = found.columns[next(iter(of_parts.values()))]
            yield (key, None, column.type, column.name, None, None, answer.value, answer.text)
            continue
        for part, cell in cells(question, answer, given):
            at = of_parts.get(part)
            if at is not None and _is_said(found.columns[at], cell):
                column = found.columns[at]
                yield (key, column.part, column.type, column.name, *_value(column, cell))


def _is_said(column: ExportColumn, cell: Cell) -> bool:
    """Not what follows from another row: that an option was not chosen, or that there are words."""
    if column.type == "multi" and column.kind == "number":
        return cell == 1
    return cell is not None and column.part != ANSWERED


def _value(column: ExportColumn, cell: Cell) -> Cells:
    """(value, number, missing, words) of an answer."""
    if column.kind == "text":
        return (None, None, None, cell)
    coded = column.values.get(str(cell))
    if coded is not None and coded.missing:
        return (None, None, coded.missing, None)
    number = cell if isinstance(cell, int | float) else None
    return (cell.isoformat() if isinstance(cell, date) else str(cell), number, None, None)


# --- From the database ---------------------------------------------------------------------------------

Block = list[tuple[Row[Any], dict[str, Answer]]]
"""Some responses, each with its answers by question."""


def read(
    session: Session, viewer: Viewer, wanted: ResponseSelection, stopped: Callable[[], bool] = never
) -> Iterator[Block]:
    """The responses that the viewer sees, the latest first. Raises ExportInterruptedError between two blocks."""
    last: tuple[datetime, int] | None = None
    while found := list(session.execute(_some(responses(viewer, wanted), last))):
        if stopped():
            raise ExportInterruptedError
        given = _answers(session, [each.id for each in found])
        yield [(each, given[each.id]) for each in found]
        last = (found[-1].answered_at, found[-1].id)


def _some(query: Select[Response], last: tuple[datetime, int] | None) -> Select[*tuple[Any, ...]]:
    columns = (
        Response.id,
        Response.version_id,
        Response.questionnaire,
        Response.answered_at,
        Response.completed_at,
        Response.language,
        Response.channel,
        Response.source,
        Response.stage,
        Response.segment,
        Account.external_id.label("account_id"),
        Account.name.label("account"),
        Contact.external_id.label("contact_id"),
        Contact.name.label("contact"),
    )
    some = query.with_only_columns(*columns)
    some = some.outerjoin(Account, Account.id == Response.account_id)
    some = some.outerjoin(Contact, Contact.id == Response.contact_id)
    some = some.order_by(Response.answered_at.desc(), Response.id.desc()).limit(AT_A_TIME)
    return some if last is None else some.where(tuple_(Response.answered_at, Response.id) < tuple_(*last))


def _answers(session: Session, ids: list[int]) -> dict[int, dict[str, Answer]]:
    found: dict[int, dict[str, Answer]] = {each: {} for each in ids}
    columns = (AnswerRow.response_id, AnswerRow.question, AnswerRow.value, AnswerRow.text)
    wanted = select(*columns).where(AnswerRow.response_id.in_(ids)).order_by(AnswerRow.id)
    for response_id, question, value, words in session.execute(wanted):
        found[response_id][question] = Answer.from_stored(value, words)
    return found


def _about(found: ExportLayout, row: Row[Any]) -> Cells:
    version = found.versions.get(row.version_id)
    return (row.id, row.questionnaire, version.number if version else None, *row[3:])
