"""Responses one by one: as a list, one with all its answers, and as the rows of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, selectinload

from feedback.core.answer import Answer
from feedback.core.questions import ChoiceQuestion, MatrixQuestion, Question, RankingQuestion, ScaleQuestion
from feedback.errors import NotFound
from feedback.services.access import Viewer
from feedback.services.reports.queries import ResponseSelection, responses
from feedback.services.reports.results import AskedQuestion, Survey
from feedback.store.models import Response

RESPONSES_PAGE = 50
AT_A_TIME = 500

FileValue = str | int | float | None


@dataclass(frozen=True, slots=True)
class ResponseColumn:
    """One column of the file of a survey: of a question, of one of its options or rows, or of its words.

    `name` never changes while question and option keep their keys, whatever was answered.
    """

    asked: AskedQuestion
    part: str = ""
    is_text: bool = False

    @property
    def name(self) -> str:
        ends = (f".{self.part}" if self.part else "") + (".text" if self.is_text else "")
        return f"{self.asked.question.key}{ends}"

    def value(self, answer: Answer | None) -> FileValue:
        """The value in this column: a key or number, 1 or 0 for an option of several, a place, or words."""
        if answer is None or self.is_text:
            return answer.text if answer else None
        given = answer.value
        if isinstance(given, dict):
            return given.get(self.part)
        if not isinstance(
            given, tuple
        ):  # also "does not apply" and the like, in every column of the question
            return given
        if isinstance(self.asked.question, RankingQuestion):
            return given.index(self.part) + 1 if self.part in given else None
        return int(self.part in given)


@dataclass(frozen=True, slots=True)
class CodedValue:
    """One line of the codebook: a value that can stand in a column, with its wording in the questionnaire."""

    column: ResponseColumn
    value: FileValue
    label: str


def listed_responses(
    session: Session,
    viewer: Viewer,
    wanted: ResponseSelection,
    *,
    before: int | None = None,
    limit: int = RESPONSES_PAGE,
) -> list[Response]:
    """A page of responses with their answers, the latest first; `before` is the last id of the previous page.

    Those that look like a machine's are left out, as in every report.
    """
    newest_first = (Response.answered_at.desc(), Response.id.desc())
    query = responses(viewer, wanted).options(*_WHOLE).order_by(*newest_first).limit(limit)
    if before is not None:
        at = select(Response.answered_at).where(Response.id == before).scalar_subquery()
        query = query.where(tuple_(Response.answered_at, Response.id) < tuple_(at, before))
    return list(session.scalars(query))


def every_response(session: Session, viewer: Viewer, wanted: ResponseSelection) -> Iterator[Response]:
    """Like `listed_responses`, but all of them, read in blocks; a block is forgotten when the next one is read."""
    last: int | None = None
    while block := listed_responses(session, viewer, wanted, before=last, limit=AT_A_TIME):
        yield from block
        last = block[-1].id
        session.expunge_all()


def one_response(session: Session, viewer: Viewer, response_id: int) -> Response:
    """A response with its answers. Raises NotFound, also if the viewer does not see its account."""
    query = responses(viewer, ResponseSelection()).options(*_WHOLE).where(Response.id == response_id)
    found = session.scalar(query)
    if found is None:
        raise NotFound("Response not found.")
    return found


def file_columns(survey: Survey) -> list[ResponseColumn]:
    """The columns of a survey's questions, in the order of the survey; also those of earlier versions."""
    return [column for asked in survey.questions for column in _columns_of(asked)]


def codebook(survey: Survey, language: str) -> Iterator[CodedValue]:
    """What the values in the columns mean, in one language; a column without fixed values has one line."""
    for column in file_columns(survey):
        question = column.asked.question
        values = [] if column.is_text else list(_coded(column, question, language))
        yield from values or [CodedValue(column, None, "")]
        if not column.is_text:
            for way, wording in question.opt_outs.items():
                yield CodedValue(column, way, way if wording is True else wording.to(language))


def _coded(column: ResponseColumn, question: Question, language: str) -> Iterator[CodedValue]:
    options = column.asked.options
    if column.part in options:  # one of several, or ranked
        yield CodedValue(column, 1, options[column.part].to(language))
    elif isinstance(question, ChoiceQuestion):
        yield from (CodedValue(column, key, text.to(language)) for key, text in options.items())
    elif isinstance(question, ScaleQuestion | MatrixQuestion):
        yield from (CodedValue(column, each.value, each.label) for each in question.points(language))


def _columns_of(asked: AskedQuestion) -> Iterator[ResponseColumn]:
    question = asked.question
    if question.widget == "text":
        yield ResponseColumn(asked, is_text=True)
    elif isinstance(question, MatrixQuestion):
        yield from (ResponseColumn(asked, row.key) for row in question.rows)
    elif isinstance(question, ChoiceQuestion) and question.multiple:
        yield from (ResponseColumn(asked, key) for key in asked.options)
    else:
        yield ResponseColumn(asked)
    if isinstance(question, ChoiceQuestion) and any(each.other_text for each in question.options):
        yield ResponseColumn(asked, is_text=True)


_WHOLE = tuple(
    selectinload(each) for each in (Response.answers, Response.account, Response.contact, Response.version)
)
