"""Tools for numbers: scores, comparisons, trends and response rates, as on the pages of reports."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from feedback.core.time.period import Bucket, Period
from feedback.errors import Forbidden
from feedback.services import reports
from feedback.services.reports import Compared, Group, Series
from feedback.services.staff.api_keys import Scope
from feedback.web.api.problems import mistaken
from feedback.web.api.resources.scores import MOST_DAYS, chosen_group
from feedback.web.api.shapes import Day, Name, Short
from feedback.web.mcp.measures import change_told, plain, rate_told, score_told
from feedback.web.mcp.selection import (
    DaysArguments,
    SeriesArguments,
    days_of,
    described,
    find_series,
    in_address,
    whose,
)
from feedback.web.mcp.tool import Result, Tool, ToolContext
from feedback.web.reports import filters
from feedback.web.wording import score_wording

Dimension = Literal["segment", "stage", "channel", "owner", "language"]
MOST_POINTS = 60
OTHERS = "others"


class ScoresArguments(DaysArguments):
    survey: Short | None = Field(None, description="only this survey")
    question: Short | None = None
    group: Name | None = Field(None, description="such as segment:vip")
    by: Dimension | None = Field(None, description="also each group; needs survey")


class CompareArguments(SeriesArguments):
    with_group: Name | None = Field(None, description="second group of the same kind, or 'others'")
    with_first_day: Day | None = None
    with_last_day: Day | None = None
    against: Literal["before", "year"] | None = Field(None, description="default: before")


class TrendArguments(SeriesArguments):
    by: Literal["week", "month", "quarter"] | None = None


class RateArguments(DaysArguments):
    survey: Short | None = Field(None, description="only this survey, by stage and channel")


def scores(context: ToolContext, asked: ScoresArguments) -> Result:
    """Each score of the period with the change from the previous period; of one survey, also by group."""
    period, group = asked.days(context), chosen_group(asked.group, asked.by)
    if asked.survey is None:
        if asked.by is not None or asked.question is not None:
            raise mistaken("/survey", "Name the survey whose question or groups you want.")
        known = reports.all_series(context.session, context.runtime.library)
    else:
        known = _of_survey(context, asked.survey, asked.question)
    found = (_scored(context, each, period, group) for each in known)
    told: Result = {
        "period": days_of(period),
        **whose(group),
        "scores": [each for each in found if each is not None or asked.survey is not None],
        "link": context.link("insights.index", **in_address(period, group)),
        **context.warnings(),
    }
    if asked.by is not None:
        told["groups"] = [
            {"question": each.question, "by": asked.by, "scores": _by_group(context, each, period, asked.by)}
            for each in known
        ]
    return told


def _of_survey(context: ToolContext, survey: str, question: str | None) -> list[Series]:
    first = find_series(context, survey, question)
    if question is not None:
        return [first]
    known = reports.all_series(context.session, context.runtime.library)
    return [each for each in known if each.trend == survey]


def _scored(context: ToolContext, series: Series, period: Period, group: Group) -> Result | None:
    """One score; None without an answer in both periods."""
    earlier = period.before()
    compared = reports.compare_periods(context.session, series, period, earlier, group)
    if not (compared.a.n or compared.b.n):
        return None
    return {
        **described(series),
        "score": score_told(context.say, compared.a, series.metric),
        "before": {**days_of(earlier), **score_told(context.say, compared.b, series.metric, brief=True)},
        "change": _change(context, compared, series),
        "link": series_link(context, series, period, group),
    }


def _change(context: ToolContext, compared: Compared, series: Series, other: Period | None = None) -> Result:
    words = plain(score_wording.change(context.say, compared, series.metric, other))
    return {**change_told(context.say, compared.change, series.metric.unit), "in_words": words}


def _by_group(context: ToolContext, series: Series, period: Period, dimension: str) -> list[Result]:
    cells = reports.breakdown(context.session, series, period, dimension)
    return [
        {
            "group": f"{dimension}:{each.group.key}",
            **score_told(context.say, each.shown, series.metric, brief=True),
        }
        for each in cells
    ]


def series_link(
    context: ToolContext, series: Series, period: Period, group: Group, **more: str | None
) -> str:
    """The page of a score for these days."""
    place = {"trend": series.trend, "question": series.question}
    return context.link("insights.series", **place, **in_address(period, group), **more)


def compare(context: ToolContext, asked: CompareArguments) -> Result:
    """Two groups in the same days, or two periods for the same people."""
    series, period = find_series(context, asked.survey, asked.question), asked.days(context)
    if asked.with_group is not None:
        return _compare_groups(context, series, period, asked)
    group, other = chosen_group(asked.group), _other_period(asked, period)
    compared = reports.compare_periods(context.session, series, period, other, group)
    is_usual = other == period.before()
    return {
        **described(series),
        **whose(group),
        "a": {**days_of(period), **score_told(context.say, compared.a, series.metric)},
        "b": {**days_of(other), **score_told(context.say, compared.b, series.metric)},
        "a_minus_b": _change(context, compared, series, None if is_usual else other),
        "link": series_link(
            context, series, period, group, **{"vs-from": str(other.start), "vs-to": str(other.end)}
        ),
        **context.warnings(),
    }


def _other_period(asked: CompareArguments, period: Period) -> Period:
    """The period to compare with. Raises UnacceptableError if it overlaps, as the pages would not show it."""
    first, last = asked.with_first_day, asked.with_last_day
    if first is None and last is None:
        return period.year_before() if asked.against == "year" else period.before()
    if first is None or last is None or asked.against is not None or last < first:
        raise mistaken(
            "/with_first_day", "Give the first and the last day of the second period, or `against`."
        )
    other = Period(first, last)
    if other.overlaps(period):
        raise mistaken("/with_first_day", "Choose a second period without a day of the first one.")
    return other


def _compare_groups(context: ToolContext, series: Series, period: Period, asked: CompareArguments) -> Result:
    if asked.against is not None or asked.with_first_day or asked.with_last_day:
        raise mistaken("/with_group", "Compare either two groups or two periods.")
    a = chosen_group(asked.group)
    if asked.group is None:
        raise mistaken("/group", "Name the first group, such as segment:vip.")
    b = None if asked.with_group == OTHERS else chosen_group(asked.with_group)
    if b is not None and (b.dimension != a.dimension or b == a):
        raise mistaken("/with_group", f"Choose another group of the same kind, such as {a.dimension}:...")
    compared = reports.compare_groups(context.session, series, period, a, b)
    names = asked.group, asked.with_group or OTHERS
    words = score_wording.contrast(context.say, compared, series.metric, *names)
    change = change_told(context.say, compared.change, series.metric.unit)
    address = {"a": asked.group, "b": None if b is None else asked.with_group}
    return {
        **described(series),
        "period": days_of(period),
        "a": {"group": names[0], **score_told(context.say, compared.a, series.metric)},
        "b": {"group": names[1], **score_told(context.say, compared.b, series.metric)},
        "a_minus_b": {**change, "in_words": plain(words)},
        "link": series_link(context, series, period, reports.EVERYBODY, **address),
        **context.warnings(),
    }


def trend(context: ToolContext, asked: TrendArguments) -> Result:
    """The score of each week, month or quarter of at least the year before the last day, as on the score's page."""
    series, group = find_series(context, asked.survey, asked.question), chosen_group(asked.group)
    period = asked.days(context)
    history = Period(min(period.start, filters.year_before(period)), period.end)
    if history.days >= MOST_DAYS:
        raise mistaken("/first_day", f"Choose fewer than {MOST_DAYS} days.")
    bucket = Bucket(asked.by) if asked.by else history.best_bucket()
    points = reports.over_time(context.session, series, history, bucket, group)
    if len(points) > MOST_POINTS:
        raise mistaken("/by", "Choose fewer days, or month or quarter.")
    return {
        **described(series),
        **whose(group),
        "by": bucket.value,
        "points": [
            {**days_of(each.period), **score_told(context.say, each.shown, series.metric, brief=True)}
            for each in points
        ],
        "link": series_link(context, series, period, group, by=bucket.value),
        **context.warnings(),
    }


def response_rate(context: ToolContext, asked: RateArguments) -> Result:
    """The share of invitations that were answered. Raises Forbidden for who sees only their own accounts: the pages
    do not show them any, because invitations are not counted by owner."""
    if not context.viewer.sees_all:
        raise Forbidden(
            "The owner of this key sees only their own accounts, for which there is no response rate."
        )
    period = asked.days(context)
    if asked.survey is None:
        known = reports.all_series(context.session, context.runtime.library)
    else:
        known = [find_series(context, asked.survey, None)]
    rates = [
        _rates(context, each, period, whole=asked.survey is not None)
        for each in {each.trend: each for each in reversed(known)}.values()
    ]
    return {
        "period": days_of(period),
        "about": "Invitations sent in the period, with their answers until now.",
        "rates": [each for each in reversed(rates) if each["total"]["sent"] or asked.survey],
    }


def _rates(context: ToolContext, series: Series, period: Period, *, whole: bool) -> Result:
    found = reports.response_rates(context.session, period, series.questionnaires)
    told: Result = {
        "survey": series.trend,
        "title": series.title.to("en"),
        "total": rate_told(context.say, found.total),
        "link": series_link(context, series, period, reports.EVERYBODY),
    }
    if whole:
        told["by_stage_and_channel"] = [
            {"stage": stage, "channel": channel, **rate_told(context.say, rate)}
            for (stage, channel), rate in sorted(found.cells.items())
        ]
    return told


SCORE_TOOLS = (
    Tool(
        "scores",
        "Scores (NPS, CSAT, CES ...) of all surveys or one, each with 95% interval, n and change. Start here: it "
        "names the keys of surveys and questions. `by` adds each segment, stage, channel, owner or language.",
        ScoresArguments,
        scores,
        (Scope.SCORES_READ,),
    ),
    Tool(
        "compare",
        "Tests whether a score differs between two periods (`against` or with_first_day and with_last_day), or "
        "between two groups (`group` and `with_group`). Only `changed: true` is a real difference.",
        CompareArguments,
        compare,
        (Scope.SCORES_READ,),
    ),
    Tool(
        "trend",
        "A score over time: each week, month or quarter of at least the last year.",
        TrendArguments,
        trend,
        (Scope.SCORES_READ,),
    ),
    Tool(
        "response_rate",
        "How many invitations were answered, per survey; for one survey by stage and channel.",
        RateArguments,
        response_rate,
        (Scope.SCORES_READ,),
    ),
)
