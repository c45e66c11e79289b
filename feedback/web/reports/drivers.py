"""The page of drivers: which rated aspects go together with a score, and how certain their order is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from feedback.core.analysis.drivers import Driver
from feedback.errors import NotFound
from feedback.i18n import Translator, _
from feedback.services import reports
from feedback.services.reports import LEAST_CLUSTERS, AspectResult, DriverReport, DriverState, LeftOut
from feedback.web.export.tables import CellValue, Column, Table
from feedback.web.reports.contexts import DriversContext
from feedback.web.reports.importance_map import ImportanceMap, MapPoint, importance_map
from feedback.web.reports.tables import Names, by_key

if TYPE_CHECKING:
    from feedback.web.reports.views import ReportViews

LEFT_OUT: Mapping[LeftOut, str] = {
    LeftOut.FEW: _("too few people rated it"),
    LeftOut.EQUAL: _("everybody rated it the same"),
    LeftOut.MANY: _("less related to the score than the ranked aspects"),
}
DIRECTIONS: Mapping[str, str] = {
    "up": _("Better ratings go with better scores"),
    "down": _("Better ratings go with worse scores"),
    "unclear": _("Direction unclear"),
}
QUARTERS: Mapping[str, str] = {
    "high-low": _("Look here first"),
    "high-high": _("Keep it up"),
    "low-low": _("Less urgent"),
    "low-high": _("Good, matters less"),
}


class DriverViews:
    def __init__(self, pages: ReportViews) -> None:
        self.pages = pages

    def drivers(
        self, session: Session, trend: str | None = None, question: str | None = None
    ) -> DriversContext:
        """Of the score in the address, or of the one with the most answers."""
        found = [
            reports.driver_report(session, each)
            for each in reports.driver_subjects(session, self.pages.library)
        ]
        names = self.pages.names(session)
        report = _chosen(found, trend, question)
        shown_tables = [table(names, report)] if report and report.state == DriverState.RANKED else []
        return DriversContext(
            known=[each for each in found if each.n or each is report],
            report=report,
            since=date.fromisoformat(report.since) if report and report.since else None,
            reason=reason(names.say, report) if report else "",
            left_out=LEFT_OUT,
            directions=DIRECTIONS,
            quarters=QUARTERS,
            map_of=picture,
            tables=by_key(shown_tables),
            names=names,
        )


def _chosen(found: Sequence[DriverReport], trend: str | None, question: str | None) -> DriverReport | None:
    if trend is None:
        ranked = sorted(found, key=lambda each: (each.state != DriverState.RANKED, -each.n))
        return ranked[0] if ranked else None
    for each in found:
        if (each.series.trend, each.series.question) == (trend, question):
            return each
    raise NotFound("There is no such score, or its survey does not ask for two other ratings.")


def reason(say: Translator, report: DriverReport) -> str:
    """Why nothing is ranked, and what would do; empty if something is."""
    if report.state == DriverState.WAITING:
        return say.gettext(
            _("Not calculated yet. The worker does this within a few minutes after the first answers.")
        )
    if report.state == DriverState.FEW:
        words = _(
            "{needed} responses with a score and ratings are needed to rank these aspects; so far there are {n}."
        )
        return say.gettext(words).format(needed=say.number(report.needed), n=say.number(report.n))
    if report.state == DriverState.ACCOUNTS:
        words = _(
            "Responses from at least {needed} accounts are needed to tell a pattern from chance; so far they come "
            "from {n}."
        )
        return say.gettext(words).format(needed=say.number(LEAST_CLUSTERS), n=say.number(report.clusters))
    if report.state == DriverState.EQUAL:
        return say.gettext(
            _(
                "There is nothing to rank: all scores are the same, or fewer than two aspects have different ratings."
            )
        )
    return ""


def table(names: Names, report: DriverReport) -> Table:
    """A row for each aspect, the most important first; those that are not ranked come last."""
    _ = names._
    heads = (
        Column(_("Aspect")),
        Column(_("Rank"), "count"),
        Column(_("Best rank"), "count"),
        Column(_("Worst rank"), "count"),
        Column(_("Importance"), "percent"),
        Column(_("Low"), "percent"),
        Column(_("High"), "percent"),
        Column(_("Rating"), "percent"),
        Column(_("Rated by"), "count"),
        Column(_("Note")),
    )
    rows: list[Sequence[CellValue]] = [
        (
            each.aspect.title.to(names.say.language),
            driver.rank,
            driver.best,
            driver.worst,
            100 * driver.share,
            100 * driver.low,
            100 * driver.high,
            _percent(each),
            each.rated,
            _(DIRECTIONS[driver.direction]),
        )
        for each, driver in report.ranked
    ]
    rows += [
        (
            each.aspect.title.to(names.say.language),
            *(None,) * 6,
            _percent(each),
            each.rated,
            _(LEFT_OUT[each.left_out]) if each.left_out else "",
        )
        for each in report.unranked
    ]
    return Table("drivers", _("Drivers"), heads, rows)


def picture(names: Names, report: DriverReport, width: float) -> ImportanceMap:
    """Importance beside rating; the numbers are the places in the table."""
    return importance_map(
        [_point(names, place, *each) for place, each in enumerate(report.ranked, 1)],
        lambda value: names.say.percent(value / 100),
        rtl=names.say.direction == "rtl",
        width=width,
    )


def _point(names: Names, place: int, each: AspectResult, driver: Driver) -> MapPoint:
    rating = 100 * (each.rating or 0.0)
    words = names.say.gettext(_("{aspect}: importance {importance}, rating {rating}")).format(
        aspect=each.aspect.title.to(names.say.language),
        importance=names.say.percent(driver.share),
        rating=names.say.percent(rating / 100),
    )
    return MapPoint(names.say.number(place), rating, 100 * driver.share, words)


def _percent(each: AspectResult) -> float | None:
    return None if each.rating is None else 100 * each.rating
