"""Reports: figures from the rollups, and comments, accounts and follow-ups from their rows.

Every score has its interval and a display rule: no score with fewer than 10 answers, "indicative" with fewer than
30, no cell of a breakdown with fewer than 5, and no cell from which such a cell could be computed.
"""

from feedback.services.reports.accounts import ENOUGH as ACCOUNT_ENTRIES
from feedback.services.reports.accounts import (
    SILENCE_WITHIN,
    AccountPage,
    Listing,
    ScoreRow,
    Standing,
    account_page,
    accounts,
    can_be_ranked,
    count_accounts,
    signs_of,
    standing,
)
from feedback.services.reports.closing import ClosedLoop, Kept, Pace, closed_loop
from feedback.services.reports.comments import PAGE as COMMENTS_PAGE
from feedback.services.reports.comments import (
    Comment,
    CommentFilter,
    asks_who,
    comments,
    every_comment,
)
from feedback.services.reports.driver_analysis import renew_drivers
from feedback.services.reports.drivers import (
    LEAST_CLUSTERS,
    AspectResult,
    DriverReport,
    DriverState,
    DriverSubject,
    LeftOut,
    driver_report,
    driver_subjects,
)
from feedback.services.reports.overview import Glance, overview
from feedback.services.reports.queries import ResponseSelection
from feedback.services.reports.rates import Rate, Rates, response_rates
from feedback.services.reports.recovery import AfterClosing, ScoredAgain, after_closing, scored_again
from feedback.services.reports.reliability import score_reliability
from feedback.services.reports.results import (
    AskedQuestion,
    ChosenShare,
    Distribution,
    QuestionResult,
    Survey,
    answered_surveys,
    by_group,
    find_survey,
    group_sizes,
    results,
    survey_of,
    surveys,
)
from feedback.services.reports.scores import (
    EVERYBODY,
    Cell,
    Compared,
    Group,
    Shown,
    TrendPoint,
    breakdown,
    compare_groups,
    compare_periods,
    over_time,
    score,
)
from feedback.services.reports.series import Series, all_series, composite_series, find_series
from feedback.services.reports.single_responses import (
    RESPONSES_PAGE,
    listed_responses,
    one_response,
)
from feedback.services.reports.text import text_report

__all__ = [
    "ACCOUNT_ENTRIES",
    "COMMENTS_PAGE",
    "EVERYBODY",
    "LEAST_CLUSTERS",
    "RESPONSES_PAGE",
    "SILENCE_WITHIN",
    "AccountPage",
    "AfterClosing",
    "AskedQuestion",
    "AspectResult",
    "Cell",
    "ChosenShare",
    "ClosedLoop",
    "Comment",
    "CommentFilter",
    "Compared",
    "Distribution",
    "DriverReport",
    "DriverState",
    "DriverSubject",
    "Glance",
    "Group",
    "Kept",
    "LeftOut",
    "Listing",
    "Pace",
    "QuestionResult",
    "Rate",
    "Rates",
    "ResponseSelection",
    "ScoreRow",
    "ScoredAgain",
    "Series",
    "Shown",
    "Standing",
    "Survey",
    "TrendPoint",
    "account_page",
    "accounts",
    "after_closing",
    "all_series",
    "answered_surveys",
    "asks_who",
    "breakdown",
    "by_group",
    "can_be_ranked",
    "closed_loop",
    "comments",
    "compare_groups",
    "compare_periods",
    "composite_series",
    "count_accounts",
    "driver_report",
    "driver_subjects",
    "every_comment",
    "find_series",
    "find_survey",
    "group_sizes",
    "listed_responses",
    "one_response",
    "over_time",
    "overview",
    "renew_drivers",
    "response_rates",
    "results",
    "score",
    "score_reliability",
    "scored_again",
    "signs_of",
    "standing",
    "survey_of",
    "surveys",
    "text_report",
]
