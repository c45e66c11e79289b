"""The insight pages: scores, comments, closed loop, accounts, and the quarterly report.

Every page is made of tables (`feedback.web.export.tables`); `?export=<table>.csv` or `.xlsx` on the page's own
address gives one of them as a file, with the filters that the page shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.metrics import METRICS, Metric
from feedback.core.text.localized import direction_of
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Bucket, Period, months_later, quarter_of
from feedback.errors import NotFound
from feedback.i18n import LANGUAGES, language_name
from feedback.services import audit, reports, rollups
from feedback.services.access import Viewer
from feedback.services.customers import activity
from feedback.services.customers.revenue import exchange_of
from feedback.services.journey import stages
from feedback.services.reports import EVERYBODY, CommentFilter, Group, Series
from feedback.services.rollups import DIMENSIONS
from feedback.services.themes import frames
from feedback.store.models import Account, User
from feedback.web.auth.access_log import note_seen
from feedback.web.auth.permissions import Permission, allows, demand, may
from feedback.web.auth.permissions import viewer as _viewer
from feedback.web.export import download
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.reports import charts, filters, tables
from feedback.web.reports.contexts import (
    AccountContext,
    AccountsContext,
    CommentsContext,
    Contrast,
    LoopContext,
    OverviewContext,
    PageContext,
    QuarterContext,
    SeriesContext,
)
from feedback.web.reports.drivers import DriverViews
from feedback.web.reports.filters import ReportFilter
from feedback.web.reports.responses import ResponseViews
from feedback.web.reports.results import ResultViews
from feedback.web.reports.tables import Names
from feedback.web.reports.themes import ThemeViews
from feedback.web.themes.tags import theme_tags, themes_in_words
from feedback.web.wording import customer_wording, followup_wording, score_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


ORDERS = ("health", "renewal", "revenue", "name")
"""How the list of accounts can be ordered."""

LONGEST_KEY = 60
"""Characters of the key of a page of the activity."""
PERSONAL = frozenset({"comments", "themes", "account", "responses", "response"})
"""Pages with customers' words and names, whose views are recorded in the audit log."""
CHARTS_OF_A_SHEET, SCORES_OF_A_SHEET, ENDS_OF_A_SHEET = 4, 8, 5
"""Number of surveys on the quarterly report's first page: those with most answers; the others are in the appendix."""


def blueprint(runtime: Runtime) -> Blueprint:
    insights = Blueprint("insights", __name__)
    pages = ReportViews(runtime)

    def page(
        rule: str,
        endpoint: str,
        show: Callable[..., PageContext],
        template: str,
        permission: Permission = Permission.SEE_REPORTS,
    ) -> None:
        @may(permission)
        def view(**values: Any) -> ResponseReturnValue:
            return pages.answer(endpoint, template, lambda session: show(session, **values))

        insights.add_url_rule(rule, endpoint, view)

    page("/", "index", pages.index, "reports/index.html")
    page("/scores/<trend>/<question>", "series", pages.series, "reports/series.html")
    page("/comments", "comments", pages.comments, "reports/comments.html")
    themes = ThemeViews(pages)
    page("/themes", "themes", themes.themes, "reports/themes.html")
    page("/loop", "loop", pages.loop, "reports/loop.html")
    page("/accounts", "accounts", pages.accounts, "reports/accounts.html")
    page("/accounts/<int:account_id>", "account", pages.account, "reports/account.html")
    results = ResultViews(pages)
    page("/results", "results", results.results, "reports/results.html")
    page("/results/<trend>", "results_of", results.results, "reports/results.html")
    drivers = DriverViews(pages)
    whole = Permission.SEE_ALL_ACCOUNTS  # one's own accounts have too few answers to rank
    page("/drivers", "drivers", drivers.drivers, "reports/drivers.html", whole)
    page("/drivers/<trend>/<question>", "drivers_of", drivers.drivers, "reports/drivers.html", whole)
    single = ResponseViews(pages)
    page("/responses", "responses", single.responses, "reports/responses.html")
    page("/responses/<int:response_id>", "response", single.response, "reports/response.html")

    @may(Permission.EXPORT)
    def responses_file() -> ResponseReturnValue:
        return single.file()

    insights.add_url_rule("/responses.csv", "responses_file", responses_file)
    page("/quarter", "quarter", pages.quarter, "reports/quarter.html")
    return insights


class ReportViews:
    """What each page shows, as the context of its template."""

    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.library = runtime.library
        self.settings = runtime.settings

    def answer(
        self, endpoint: str, template: str, show: Callable[[Session], PageContext]
    ) -> ResponseReturnValue:
        """Render the page, or export one of its tables."""
        wanted = request.args.get("export", "")
        if wanted:
            return self._export(endpoint, wanted, show)
        with self.database.reading() as session:
            moved = rollups.other_zone(session)
            counted = rollups.is_complete(session)
            page = render_template(template, **frame(), **vars(show(session)), moved=moved, counted=counted)
        if endpoint in PERSONAL:
            note_seen(self.database, endpoint, _item())
        return page

    def index(self, session: Session) -> OverviewContext:
        asked = filters.asked(self.today())
        group = asked.group if allows(Permission.SEE_ALL_ACCOUNTS) else _own()
        return self.overview(session, asked, group)

    def overview(self, session: Session, asked: ReportFilter, group: Group) -> OverviewContext:
        """The scores of all surveys for these filters."""
        known = reports.all_series(session, self.library)
        glances = reports.overview(session, known, asked.period, asked.bucket, group, asked.other)
        names = self.names(session)
        return OverviewContext(
            asked=asked,
            other=asked.other,
            glances=glances,
            tables=tables.by_key(tables.overview(names, glances)),
            names=names,
        )

    def series(self, session: Session, trend: str, question: str) -> SeriesContext:
        known = reports.all_series(session, self.library)
        series = reports.find_series(known, trend, question)
        asked = filters.asked(self.today())
        alone = not allows(Permission.SEE_ALL_ACCOUNTS)
        group = _own() if alone else asked.group
        history = Period(min(asked.period.start, filters.year_before(asked.period)), asked.period.end)
        bucket = filters.step(history)
        points = reports.over_time(session, series, history, bucket, group)
        everybody = group == EVERYBODY
        names = self.names(session)
        rates = reports.response_rates(session, asked.period, series.questionnaires)
        cells = (
            {each: reports.breakdown(session, series, asked.period, each) for each in DIMENSIONS}
            if everybody
            else {}
        )
        cells = {dimension: found for dimension, found in cells.items() if len(found) > 1}
        earlier = asked.other or asked.period.before()
        compared = reports.compare_periods(session, series, asked.period, earlier, group)
        shown = compared.a
        shown_tables = [
            tables.score(names, series.metric, compared, asked.other),
            tables.trend(names, series.metric, points),
            *([tables.distribution(names, series.metric, shown)] if shown.has_score else []),
            *([tables.rates(names, rates)] if everybody and rates.cells else []),
            *(tables.breakdown(names, series.metric, each, found) for each, found in cells.items()),
        ]
        return SeriesContext(
            asked=asked,
            other=asked.other,
            series=series,
            past=reports.past_series(known, series),
            metric=series.metric,
            compared=compared,
            points=points,
            bucket=bucket,
            cells=cells,
            rates=rates if everybody else None,
            groups=self._groups(session, series, asked.period, names) if not alone else {},
            contrast=self._contrast(session, series, asked.period) if everybody else None,
            reliability=reports.score_reliability(session, series, asked.period) if everybody else None,
            tables=tables.by_key(shown_tables),
            names=names,
            group=group,
        )

    def comments(self, session: Session) -> CommentsContext:
        asked = filters.asked(self.today())
        known = reports.all_series(session, self.library)
        themes = themes_in_words(frames.in_force(session).frame, say())
        given = request.args.get("theme", "")
        wanted = replace(
            filters.wanted_comments(asked.period, known),
            themes=(given,) if given in themes else (),
        )
        before = request.args.get("before", type=whole)
        if _taken_away():
            found = list(reports.every_comment(session, self.library, _viewer(), wanted))
        else:
            found = reports.comments(session, self.library, _viewer(), wanted, before=before)
        names = self.names(session)
        tags = theme_tags(session, say(), found)
        return CommentsContext(
            asked=asked,
            wanted=wanted,
            known=known,
            theme_titles=themes,
            moods=filters.MOODS,
            followed=filters.FOLLOWED,
            languages=LANGUAGES["survey"],
            owners=self._owners(session) if allows(Permission.SEE_ALL_ACCOUNTS) else (),
            comments=found,
            more=found[-1].answer_id if len(found) == reports.COMMENTS_PAGE else None,
            questions=self.wordings(found),
            themes=tags,
            tables=tables.by_key([tables.comments(names, found, tags)]),
            names=names,
        )

    def loop(self, session: Session) -> LoopContext:
        asked = filters.asked(self.today())
        kind = "advocacy" if request.args.get("kind") == "advocacy" else "recovery"
        found = reports.closed_loop(
            session,
            _viewer(),
            asked.period,
            now=clock.now(),
            currency=self.settings.organisation.currency,
            kind=kind,
        )
        names, titles = self.names(session), self._titles(session)
        shown_tables = tables.loop(names, found)
        if kind == "advocacy":
            return LoopContext(
                asked=asked,
                closing=found,
                kind=kind,
                titles=titles,
                tables=tables.by_key(shown_tables),
                names=names,
            )
        after, again = self._afterwards(session, asked.period, _viewer())
        shown_tables += tables.afterwards(names, after, again, titles)
        return LoopContext(
            asked=asked,
            closing=found,
            kind=kind,
            after=after,
            again=again,
            titles=titles,
            tables=tables.by_key(shown_tables),
            names=names,
        )

    def accounts(self, session: Session) -> AccountsContext:
        now, viewer = clock.now(), _viewer()
        search, page = request.args.get("search", ""), max(1, request.args.get("page", 1, type=whole))
        count = reports.count_accounts(session, viewer, search)
        orders = ORDERS if reports.can_be_ranked(count) else ORDERS[1:]
        order: Any = request.args.get("order") if request.args.get("order") in orders else orders[0]
        listing = reports.Listing(order, search, None if _taken_away() else page)
        found = reports.accounts(
            session,
            viewer,
            listing,
            now=now,
            exchange=exchange_of(self.settings),
            settings=self.settings.health,
        )
        names = self.names(session)
        return AccountsContext(
            standings=found,
            search=search,
            order=order,
            page=page,
            orders=orders,
            count=count,
            tables=tables.by_key([tables.accounts(names, found)]),
            names=names,
        )

    def account(self, session: Session, account_id: int) -> AccountContext:
        most = None if _taken_away() else reports.ACCOUNT_ENTRIES
        after = request.args.get("after", "")[:LONGEST_KEY]
        page = reports.account_page(
            session, _viewer(), account_id, now=clock.now(), settings=self.settings.health, most=most
        )
        names = self.names(session)
        whole = Period(date(2000, 1, 1), self.today())
        wanted = CommentFilter(whole, account_id=account_id)
        words = reports.comments(session, self.library, _viewer(), wanted, limit=10)
        titles = self._titles(session)
        return AccountContext(
            page=page,
            account=page.standing.account,
            health=page.standing.health,
            comments=words,
            questions=self.wordings(words),
            titles=titles,
            surveys={key: each.title.to(say().language) for key, each in self.library.questionnaires.items()},
            line=activity.of_account(session, page.standing.account, after),
            after=after,
            tables=tables.by_key(tables.account(names, page, titles)),
            names=names,
        )

    def quarter(self, session: Session) -> QuarterContext:
        period = filters.quarter(self.today())
        group = EVERYBODY if allows(Permission.SEE_ALL_ACCOUNTS) else _own()
        return self.quarterly(session, period, filters.other(period), group, _viewer())

    def quarterly(
        self, session: Session, period: Period, other: Period | None, group: Group, viewer: Viewer
    ) -> QuarterContext:
        """The report of a quarter: scores of the group, and the follow-ups that the viewer sees."""
        known = reports.all_series(session, self.library)
        year = Period(months_later(period.start, -9), period.end)
        glances = reports.overview(session, known, period, Bucket.MONTH, group, other)
        told = [each for each in glances if each.compared.a.has_score]
        told.sort(key=lambda each: -each.compared.a.n)
        histories = [reports.over_time(session, each.series, year, Bucket.MONTH, group) for each in told]
        found = reports.closed_loop(
            session, viewer, period, now=clock.now(), currency=self.settings.organisation.currency
        )
        names, titles = self.names(session), self._titles(session)
        after, again = self._afterwards(session, period, viewer)
        numbers = [
            tables.trend(names, each.series.metric, history, of=each.series)
            if sum(point.shown.has_score for point in history) > 1
            else None
            for each, history in zip(told, histories, strict=True)
        ]
        return QuarterContext(
            period=period,
            other=other,
            earlier=quarter_of(period.start - timedelta(days=1)),
            later=quarter_of(period.after) if period.after <= self.today() else None,
            glances=glances,
            told=list(zip(told, histories, numbers, strict=True)),
            most_charts=CHARTS_OF_A_SHEET,
            most_rows=SCORES_OF_A_SHEET,
            most_ends=ENDS_OF_A_SHEET,
            closing=found,
            organisation=self.settings.organisation.name,
            after=after,
            again=again,
            titles=titles,
            tables=tables.by_key(
                [
                    *tables.overview(names, glances),
                    *tables.loop(names, found),
                    *(each for each in numbers if each is not None),
                    *tables.afterwards(names, after, again, titles),
                ]
            ),
            names=names,
        )

    def _afterwards(
        self, session: Session, period: Period, viewer: Viewer
    ) -> tuple[reports.AfterClosing, Sequence[reports.ScoredAgain]]:
        """Whether closing complaints helped."""
        return (
            reports.after_closing(session, viewer, period),
            reports.scored_again(session, viewer, period),
        )

    def _titles(self, session: Session) -> dict[str, str]:
        """Trend -> the title of its survey in the reader's language."""
        known = reports.all_series(session, self.library)
        return {each.trend: each.title.to(say().language) for each in reversed(known)}

    def _export(self, endpoint: str, wanted: str, show: Callable[[Session], PageContext]) -> Response:
        """A table as a file. The export is recorded in the audit log."""
        demand(Permission.EXPORT)
        key, _dot, kind = wanted.rpartition(".")
        download.known(kind)
        with (
            self.database.reading() as session
        ):  # a separate transaction, because this can take long and must not block writers
            found = show(session).tables
        if key not in found:
            raise NotFound("Table not found.")
        with self.database.writing() as session:
            audit.record(
                session, "exported", endpoint, None, by=current_user.id, now=clock.now(), table=key, file=kind
            )
        return download.download(found[key], kind, f"{endpoint}-{key}-{self.today()}")

    def today(self) -> date:
        """The organisation's time zone, so that all staff see the same numbers."""
        return day_of(clock.now(), self.database.zone)

    def names(self, session: Session) -> Names:
        """The names of people, stages and channels in the reader's language."""
        people = {str(each.id): each.name for each in session.query(User.id, User.name)}
        named = stages.titles(session, self.library, say().language)
        return Names(say(), self.settings.organisation.currency, people, named, self.database.zone)

    def _owners(self, session: Session) -> list[tuple[int, str]]:
        """(id, name) of the users who own an account."""
        own = select(Account.owner_id).where(Account.owner_id.is_not(None))
        return [
            (each.id, each.name)
            for each in session.query(User.id, User.name).where(User.id.in_(own)).order_by(User.name)
        ]

    def _groups(
        self, session: Session, series: Series, period: Period, names: Names
    ) -> dict[str, list[tuple[str, str]]]:
        """Dimension -> (key, name) of the groups that can be selected."""
        return {
            dimension: [
                (cell.group.key, names.group(cell.group))
                for cell in reports.breakdown(session, series, period, dimension)
                if not cell.shown.covered
            ]
            for dimension in DIMENSIONS
        }

    def _contrast(self, session: Session, series: Series, period: Period) -> Contrast | None:
        """The comparison of the two groups in the address."""
        a, b = filters.group_of(request.args.get("a", "")), filters.group_of(request.args.get("b", ""))
        if a is None or (b is not None and b.dimension != a.dimension):
            return None
        return Contrast(a, b, reports.compare_groups(session, series, period, a, b))

    def wordings(self, found: Sequence[reports.Comment]) -> dict[tuple[str, str], str]:
        """(questionnaire, question) -> how it is asked today in the reader's language."""
        wordings = {}
        for each in found:
            questionnaire = self.library.questionnaires.get(each.questionnaire)
            question = questionnaire.question(each.question) if questionnaire else None
            if question is not None:
                wordings[each.questionnaire, each.question] = question.text.to(say().language)
        return wordings


def _item() -> int | None:
    """The id of the account or response in the address."""
    given = request.view_args or {}
    return given.get("account_id", given.get("response_id"))


def _taken_away() -> bool:
    """An export contains all rows that match the filters, not only the current page."""
    return "export" in request.args


def _own() -> Group:
    """The group of answers from accounts that the user owned at the time of the answer."""
    return Group("owner", str(current_user.id), is_own=True)


# --- For the templates -------------------------------------------------------------------------------


def frame() -> dict[str, Any]:
    """What the templates and macros of reports use besides the context of the page."""
    return {
        "shows_loop": True,
        "shows_few": True,
        "statements": score_wording,
        "reasons": followup_wording,
        "wording": customer_wording,
        "draw": charts,
        "dimensions": score_wording.DIMENSIONS,
        "periods": filters.PERIODS,
        "kept": filters.kept(),
        "against_args": filters.AGAINST,
        "address": _address,
        "direction_of": direction_of,
        "language_name": language_name,
        "may_export": allows(Permission.EXPORT),
        "sees_all": allows(Permission.SEE_ALL_ACCOUNTS),
        "bands": _bands,
        "maximum": _maximum,
        "EVERYBODY": EVERYBODY,
        "metrics": METRICS,
        "few": lambda display: score_wording.few(say(), display),
        "replace": replace,
    }


def _address(**changes: object) -> str:
    """The address of the current page with some filters changed; None removes a filter."""
    kept = {**request.args.to_dict(), **(request.view_args or {}), **changes}
    values = {name: value for name, value in kept.items() if value not in (None, "")}
    return url_for(request.endpoint or "insights.index", **values)


def _maximum(metric: str) -> int:
    """The best or worst end of a metric's scale."""
    return round(METRICS[metric].reported(METRICS[metric].maximum))


def _bands(metric: Metric) -> list[tuple[str, str]]:
    """The bands of a metric, bad to good, each with its style: bad, middle or good."""
    last = len(metric.bands) - 1
    return [
        (band, "bad" if n == 0 else "good" if n == last else "middle") for n, band in enumerate(metric.bands)
    ]
