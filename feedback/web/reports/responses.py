"""The pages of single responses: the list, one response with all its answers, and the file with a row for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Response as WebResponse
from flask import request, stream_with_context
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.answer import Answer
from feedback.core.metrics import METRICS
from feedback.errors import NotFound
from feedback.i18n import LANGUAGES
from feedback.services import exports, reports
from feedback.services.exports import ExportRequest
from feedback.store.models import Response, Score
from feedback.web.auth.permissions import viewer
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.reports import filters
from feedback.web.reports.contexts import AnswerInWords, ListedResponse, ResponseContext, ResponsesContext
from feedback.web.wording import answer_wording

if TYPE_CHECKING:
    from feedback.web.reports.views import ReportViews


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
        kind = request.args.get("file", "responses")
        if kind not in ("responses", "codebook"):
            raise NotFound("Table not found.")
        wanted = replace(self._request(), format="codebook" if kind == "codebook" else "csv")
        with self.pages.database.reading() as session:
            exports.find_survey(session, self.pages.library, wanted)
        with self.pages.database.writing() as session:
            exports.note(session, wanted, by=current_user.id, now=clock.now())
        name = exports.file_name(wanted, str(self.pages.today()))
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        who = viewer()

        def pieces() -> Iterator[bytes]:
            with self.pages.database.reading() as session:
                yield from exports.streamed(session, self.pages.library, who, wanted)

        return WebResponse(stream_with_context(pieces()), mimetype="text/csv", headers=headers)

    def _request(self) -> ExportRequest:
        """The filters of the page, as those of a file."""
        asked = filters.asked(self.pages.today())
        return filters.wanted_export(asked.period, self.pages.database.zone, say().language)

    def _listed(self, response: Response) -> ListedResponse:
        return ListedResponse(response, self._title(response), self._in_words(response))

    def _title(self, response: Response) -> str:
        return self.pages.library.questionnaire_of(response.version).title.to(say().language)

    def _in_words(self, response: Response) -> list[AnswerInWords]:
        """The answers in the order of the questionnaire, with the question as it was asked."""
        asked = self.pages.library.questionnaire_of(response.version)
        language = asked.language_for(say().language)
        given = {row.question: Answer.from_stored(row.value, row.text) for row in response.answers}
        several = {each.key: each.title.to(say().language) for each in asked.composites}
        return [
            AnswerInWords(
                question.text.to(language),
                answer_wording.in_words(say(), asked, question.key, given[question.key]),
                own_words=given[question.key].value is None,
            )
            for question in asked.questions
            if question.key in given
        ] + [
            AnswerInWords(several[each.question], _reported(each), own_words=False)
            for each in response.scores
            if each.question in several
        ]


def _reported(score: Score) -> str:
    """A score over several questions, on the scale on which it is reported."""
    return f"{METRICS[score.metric].reported(score.value):.4g}"
