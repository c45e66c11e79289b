"""What the template of each page of reports is given: the fields are the names that it uses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from feedback.core.analysis.reliability import Reliability
from feedback.core.health import Health
from feedback.core.metrics import Metric
from feedback.core.time.period import Bucket, Period
from feedback.services.customers.activity import ActivityPage
from feedback.services.reports import (
    AccountPage,
    AfterClosing,
    Cell,
    ClosedLoop,
    Comment,
    CommentFilter,
    Compared,
    DriverReport,
    Glance,
    Group,
    LeftOut,
    Rates,
    ResponseSelection,
    ScoredAgain,
    Series,
    Standing,
    Survey,
    TrendPoint,
)
from feedback.store.models import Account, Response
from feedback.web.export.tables import Table
from feedback.web.reports.filters import ReportFilter
from feedback.web.reports.importance_map import ImportanceMap
from feedback.web.reports.result_cards import ResultCard
from feedback.web.reports.tables import Names
from feedback.web.themes.tags import ThemeTag

Wordings = Mapping[tuple[str, str], str]
"""(questionnaire, question) -> how it is asked today in the reader's language."""


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """What every page has: its tables by the key of their file, and how things are called."""

    tables: Mapping[str, Table]
    names: Names


@dataclass(frozen=True, kw_only=True)
class OverviewContext(PageContext):
    asked: ReportFilter
    other: Period | None
    glances: Sequence[Glance]


@dataclass(frozen=True)
class Contrast:
    """Two groups beside each other; `b` None is all others."""

    a: Group
    b: Group | None
    compared: Compared


@dataclass(frozen=True, kw_only=True)
class SeriesContext(PageContext):
    """`past` are series of earlier answers that were imported. `cells` and `groups` are by dimension; `groups` are
    (key, name) of those that may be looked at alone."""

    asked: ReportFilter
    other: Period | None
    series: Series
    past: Sequence[Series]
    metric: Metric
    group: Group
    compared: Compared
    points: Sequence[TrendPoint]
    bucket: Bucket
    cells: Mapping[str, Sequence[Cell]]
    rates: Rates | None
    groups: Mapping[str, Sequence[tuple[str, str]]]
    contrast: Contrast | None
    reliability: Reliability | None


@dataclass(frozen=True)
class Compare:
    """The answers to one question in each group of a dimension, as a table."""

    question: str
    dimension: str
    table: Table


@dataclass(frozen=True, kw_only=True)
class ResultsContext(PageContext):
    """`survey` is None if there is nothing to show. `scores` are by question, or by score over several (`composites`);
    `groups` as in `SeriesContext`."""

    asked: ReportFilter
    other: Period | None
    known: Sequence[Survey]
    group: Group
    survey: Survey | None = None
    cards: Sequence[ResultCard] = ()
    scores: Mapping[str, Compared] = field(default_factory=dict)
    composites: Sequence[Series] = ()
    groups: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    compare: Compare | None = None


@dataclass(frozen=True, kw_only=True)
class DriversContext(PageContext):
    """`report` is None if no survey has a score and two other ratings; `reason` says why nothing is ranked.

    `since` is the first day of the answers. `map_of` draws a ranked report in a width.
    """

    known: Sequence[DriverReport]
    report: DriverReport | None
    since: date | None
    reason: str
    left_out: Mapping[LeftOut, str]
    directions: Mapping[str, str]
    quarters: Mapping[str, str]
    map_of: Callable[[Names, DriverReport, float], ImportanceMap]


@dataclass(frozen=True, kw_only=True)
class CommentsContext(PageContext):
    """`owners` are (id, name); `more` is the answer before which the next page begins; `themes` are those of each
    answer, and `theme_titles` all that can be chosen."""

    asked: ReportFilter
    wanted: CommentFilter
    known: Sequence[Series]
    moods: Mapping[str, str]
    followed: Mapping[str, str]
    languages: Collection[str]
    owners: Sequence[tuple[int, str]]
    comments: Sequence[Comment]
    more: int | None
    questions: Wordings
    themes: Mapping[int, Sequence[ThemeTag]]
    theme_titles: Mapping[str, str]


@dataclass(frozen=True)
class AnswerInWords:
    """`own_words` says that the answer is the customer's text, not a choice."""

    question: str
    answer: str
    own_words: bool


@dataclass(frozen=True)
class ListedResponse:
    response: Response
    title: str
    answers: Sequence[AnswerInWords]


@dataclass(frozen=True, kw_only=True)
class ResponsesContext(PageContext):
    """`more` is the response before which the next page begins."""

    asked: ReportFilter
    wanted: ResponseSelection
    survey: Survey | None
    known: Sequence[Survey]
    languages: Collection[str]
    responses: Sequence[ListedResponse]
    more: int | None


@dataclass(frozen=True, kw_only=True)
class ResponseContext(PageContext):
    response: Response
    title: str
    answers: Sequence[AnswerInWords]


@dataclass(frozen=True, kw_only=True)
class LoopContext(PageContext):
    """`after`, `again` and `titles` (of series by trend) say whether closing complaints helped."""

    asked: ReportFilter
    closing: ClosedLoop
    kind: str
    after: AfterClosing | None = None
    again: Sequence[ScoredAgain] = ()
    titles: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class AccountsContext(PageContext):
    standings: Sequence[Standing]
    search: str
    order: str
    orders: Sequence[str]
    page: int
    count: int


@dataclass(frozen=True, kw_only=True)
class AccountContext(PageContext):
    """`line` is the activity from `after` on; `titles` are by trend, `surveys` by questionnaire."""

    page: AccountPage
    account: Account
    health: Health
    comments: Sequence[Comment]
    questions: Wordings
    titles: Mapping[str, str]
    surveys: Mapping[str, str]
    line: ActivityPage
    after: str


@dataclass(frozen=True, kw_only=True)
class QuarterContext(PageContext):
    """`told` are the surveys that have a score, with their year and its table; `most_` what the first sheet takes."""

    period: Period
    other: Period | None
    earlier: Period
    later: Period | None
    glances: Sequence[Glance]
    told: Sequence[tuple[Glance, Sequence[TrendPoint], Table | None]]
    most_charts: int
    most_rows: int
    most_ends: int
    closing: ClosedLoop
    organisation: str
    after: AfterClosing
    again: Sequence[ScoredAgain]
    titles: Mapping[str, str]
