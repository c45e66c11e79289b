"""The page of results: what was answered to each question of a survey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from flask import request
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback.core.metrics import protected
from feedback.core.time.period import Period
from feedback.services import reports, rollups
from feedback.services.reports import Compared, Group, Survey
from feedback.services.rollups import DIMENSIONS
from feedback.web.auth.permissions import Permission, allows
from feedback.web.reports import filters, result_cards
from feedback.web.reports.contexts import Compare, ResultsContext
from feedback.web.reports.tables import Names

if TYPE_CHECKING:
    from feedback.web.reports.views import ReportViews


class ResultViews:
    def __init__(self, pages: ReportViews) -> None:
        self.pages = pages

    def results(self, session: Session, trend: str | None = None) -> ResultsContext:
        """Of the survey in the address, or of the one with the most answers in the period."""
        asked = filters.asked(self.pages.today())
        alone = not allows(Permission.SEE_ALL_ACCOUNTS)
        group = Group("owner", str(current_user.id), is_own=True) if alone else asked.group
        known = reports.surveys(session, self.pages.library)
        answered = reports.answered_surveys(session, asked.period)
        survey = reports.find_survey(known, trend) if trend else _busiest(known, answered)
        names = self.pages.names(session)
        if survey is None or not rollups.is_complete(session):
            return ResultsContext(asked=asked, other=None, known=(), group=group, names=names, tables={})
        before = asked.other or asked.period.before()
        found = reports.results(session, survey, asked.period, before, group)
        return ResultsContext(
            asked=asked,
            other=asked.other,
            known=[each for each in known if each.trend in answered or each == survey],
            survey=survey,
            group=group,
            cards=[result_cards.card(names, each) for each in found],
            scores=self._scores(session, survey, (asked.period, before), group),
            composites=list(
                reports.composite_series(
                    reports.all_series(session, self.pages.library), survey.trend
                ).values()
            ),
            groups={} if alone else self._groups(session, survey, asked.period, names),
            compare=None if alone else _compared(session, survey, asked.period, names),
            tables={"results": result_cards.table(names, found)},
            names=names,
        )

    def _scores(
        self, session: Session, survey: Survey, periods: tuple[Period, Period], group: Group
    ) -> dict[str, Compared]:
        """Question -> its score, for those that have one."""
        series = [
            each for each in reports.all_series(session, self.pages.library) if each.trend == survey.trend
        ]
        return {
            each.question: reports.compare_periods(session, each, *periods, group)
            for each in reversed(series)
        }

    def _groups(
        self, session: Session, survey: Survey, period: Period, names: Names
    ) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Dimension -> (key, name) of the groups that can be selected."""
        sizes = {each: reports.group_sizes(session, survey, period, each) for each in DIMENSIONS}
        return {
            dimension: [
                (key, names.group(Group(dimension, key)))
                for key in found
                if key and key not in protected(found)
            ]
            for dimension, found in sizes.items()
        }


def _busiest(known: Sequence[Survey], answered: Mapping[str, int]) -> Survey | None:
    """The survey with the most answers; the first one without any."""
    ranked = sorted(known, key=lambda each: -answered.get(each.trend, 0))
    return ranked[0] if ranked else None


def _compared(session: Session, survey: Survey, period: Period, names: Names) -> Compare | None:
    """The question and the dimension of the address: the shares of each group side by side."""
    question, dimension = request.args.get("question", ""), request.args.get("across", "")
    asked = next((each for each in survey.questions if each.question.key == question), None)
    if asked is None or dimension not in DIMENSIONS or not result_cards.has_options(asked.question):
        return None
    found = reports.by_group(session, survey, question, period, dimension)
    columns = [(names.group(Group(dimension, key)), each) for key, each in found.items()]
    return Compare(question, dimension, result_cards.side_by_side(names, asked, columns))
