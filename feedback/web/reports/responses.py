"""The pages of single responses: the list, one response with all its answers, and the file with a row for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flask import Response as WebResponse
from flask import request, stream_with_context
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.answer import Answer
from feedback.errors import NotFound
from feedback.i18n import LANGUAGES
from feedback.services import audit, reports
from feedback.services.reports import ResponseColumn, ResponseSelection, Survey
from feedback.store.models import Response
from feedback.web.auth.permissions import viewer
from feedback.web.export.tables import CellValue, Column, streamed_csv
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.reports import filters
from feedback.web.reports.contexts import AnswerInWords, ListedResponse, ResponseContext, ResponsesContext
from feedback.web.wording import answer_wording

if TYPE_CHECKING:
    from feedback.web.reports.views import ReportViews

ABOUT = (
    "response",
    "survey",
    "answered_at",
    "completed_at",
    "language",
    "channel",
    "source",
    "stage",
    "segment",
    "account_id",
    "account",
    "contact_id",
    "contact",
)
"""The first columns of the file. Their names are part of its format, so they are not translated."""


class ResponseViews:
    def __init__(self, pages: ReportViews) -> None:
        self.pages = pages

    def responses(self, session: Session) -> ResponsesContext:
        asked = filters.asked(self.pages.today())
        known = reports.surveys(session, self.pages.library)
        survey = filters.survey_of(known)
        wanted = filters.wanted_responses(asked.period, survey, self.pages.database.zone)
        before = request.args.get("before", type=whole)
        found = reports.listed_responses(session, viewer(), wanted, before=before)
        names = self.pages.names(session)
        return ResponsesContext(
            asked=asked,
            wanted=wanted,
            survey=survey,
            known=known,
            languages=LANGUAGES["survey"],
            responses=[self._listed(each) for each in found],
            more=found[-1].id if len(found) == reports.RESPONSES_PAGE else None,
            tables={},
            names=names,
        )

    def response(self, session: Session, response_id: int) -> ResponseContext:
        found = reports.one_response(session, viewer(), response_id)
        return ResponseContext(
            response=found,
            title=self._title(found),
            answers=self._in_words(found),
            tables={},
            names=self.pages.names(session),
        )

    def file(self) -> WebResponse:
        """Every response to one survey that matches the filters, or the codebook of its columns. Raises NotFound."""
        with self.pages.database.reading() as session:
            known = reports.surveys(session, self.pages.library)
        survey = reports.find_survey(known, request.args.get("survey", ""))
        period = filters.asked(self.pages.today()).period
        wanted = filters.wanted_responses(period, survey, self.pages.database.zone)
        kind = request.args.get("file", "responses")
        if kind not in ("responses", "codebook"):
            raise NotFound("Table not found.")
        with self.pages.database.writing() as session:
            by, now = current_user.id, clock.now()
            audit.record(
                session,
                "exported",
                "responses",
                None,
                by=by,
                now=now,
                table=f"{survey.trend}-{kind}",
                file="csv",
            )
        table = _codebook(survey, say().language) if kind == "codebook" else self._rows(survey, wanted)
        name = f"{survey.trend}-{kind}-{self.pages.today()}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return WebResponse(stream_with_context(streamed_csv(*table)), mimetype="text/csv", headers=headers)

    def _rows(
        self, survey: Survey, wanted: ResponseSelection
    ) -> tuple[Sequence[Column], Iterator[Sequence[CellValue]]]:
        columns, who = reports.file_columns(survey), viewer()

        def rows() -> Iterator[Sequence[CellValue]]:
            with self.pages.database.reading() as session:
                for each in reports.every_response(session, who, wanted):
                    yield [*_about(each), *_values(each, columns)]

        heads = [Column(name) for name in (*ABOUT, *(column.name for column in columns))]
        return heads, rows()

    def _listed(self, response: Response) -> ListedResponse:
        return ListedResponse(response, self._title(response), self._in_words(response))

    def _title(self, response: Response) -> str:
        return self.pages.library.questionnaire_of(response.version).title.to(say().language)

    def _in_words(self, response: Response) -> list[AnswerInWords]:
        """The answers in the order of the questionnaire, with the question as it was asked."""
        asked = self.pages.library.questionnaire_of(response.version)
        language = asked.language_for(say().language)
        given = {row.question: Answer.from_stored(row.value, row.text) for row in response.answers}
        return [
            AnswerInWords(
                question.text.to(language),
                answer_wording.in_words(say(), asked, question.key, given[question.key]),
                own_words=given[question.key].value is None,
            )
            for question in asked.questions
            if question.key in given
        ]


def _about(response: Response) -> Sequence[CellValue]:
    account, contact = response.account, response.contact
    return (
        response.id,
        response.questionnaire,
        response.answered_at.isoformat(),
        response.completed_at.isoformat() if response.completed_at else None,
        response.language,
        response.channel,
        response.source,
        response.stage,
        response.segment,
        account.external_id if account else None,
        account.name if account else None,
        contact.external_id if contact else None,
        contact.name if contact else None,
    )


def _values(response: Response, columns: Sequence[ResponseColumn]) -> Iterator[CellValue]:
    given = {row.question: Answer.from_stored(row.value, row.text) for row in response.answers}
    return (column.value(given.get(column.asked.question.key)) for column in columns)


def _codebook(survey: Survey, language: str) -> tuple[Sequence[Column], Iterator[Sequence[CellValue]]]:
    heads = [Column(name) for name in ("column", "question", "type", "value", "label")]
    rows = (
        (
            each.column.name,
            each.column.asked.question.text.to(language),
            str(getattr(each.column.asked.question, "type", "")),
            each.value,
            each.label,
        )
        for each in reports.codebook(survey, language)
    )
    return heads, rows
