"""Scores with interval and n, over time, by group and compared: the numbers of the insight pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Bucket, Period
from feedback.errors import Forbidden, NotFound
from feedback.services import reports
from feedback.services.reports import EVERYBODY, AspectResult, DriverReport, Group, Series, Shown
from feedback.services.rollups import DIMENSIONS
from feedback.services.staff.api_keys import Scope
from feedback.web.api.answers import answer
from feedback.web.api.gate import Gate, caller
from feedback.web.api.listing import DescribedOnce
from feedback.web.api.problems import mistaken
from feedback.web.api.resources.responses import period
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import Day, In, Name, Short

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

MOST_DAYS = 1_200
"""Of a trend, as on the pages."""


class SeriesOut(BaseModel):
    """One scored question; all questionnaires with its trend count in it."""

    trend: str
    question: str
    metric: str
    unit: str
    title: str
    wording: str
    questionnaires: list[str]


class SeriesListOut(BaseModel):
    items: list[SeriesOut]


class SeriesPath(BaseModel):
    trend: Short
    question: Short


class ScoreQuery(DescribedOnce, In):
    first_day: Day | None = Field(None, description="in the organisation's time zone; default: 90 days ago")
    last_day: Day | None = Field(None, description="default: today")
    group: Name | None = Field(
        None, description="only these answers, such as segment:vip or stage:onboarding"
    )
    by: Literal["week", "month", "quarter"] | None = Field(
        None, description="also the score of each of these"
    )
    breakdown: Literal["stage", "segment", "channel", "owner", "language"] | None = Field(
        None, description="also the score of each of these groups"
    )
    compare: Literal["before", "year"] = Field(
        "before", description="compare with the days before, or a year ago"
    )


class MeasureOut(BaseModel):
    """A score. `display` is shown, indicative (few answers) or hidden (too few, or a small group): then the value and
    its interval (95 %) are null. `n` is null where it would give away a small group."""

    display: Literal["shown", "indicative", "hidden"]
    n: int | None
    imported: int = Field(
        0, description="how many of them were imported from another survey tool, for everybody's score"
    )
    value: float | None
    low: float | None
    high: float | None
    bands: dict[str, int] | None = Field(description="number of answers in each band, from bad to good")


class BucketOut(BaseModel):
    first_day: date
    last_day: date
    score: MeasureOut


class GroupOut(BaseModel):
    group: str
    score: MeasureOut


class ChangeOut(BaseModel):
    """Now minus before. `changed` is true only if the interval does not contain zero."""

    first_day: date
    last_day: date
    before: MeasureOut
    difference: float | None
    low: float | None
    high: float | None
    changed: bool


class ReliabilityOut(BaseModel):
    """Cronbach's alpha of the items of a score, with its interval (95 %), over the newest complete responses."""

    n: int
    alpha: float
    low: float
    high: float
    with_others: dict[str, float | None] = Field(
        description="item -> its correlation with the sum of the others"
    )


class ScoreReportOut(BaseModel):
    series: SeriesOut
    first_day: date
    last_day: date
    group: str | None
    score: MeasureOut
    change: ChangeOut
    over_time: list[BucketOut] | None
    breakdown: list[GroupOut] | None
    reliability: ReliabilityOut | None = Field(
        description="of a score over several questions, from 30 responses on, and without a group"
    )


class DriverOut(BaseModel):
    """One rated aspect. `importance` is its share (0 to 1) of what all aspects explain together, with its interval
    (95 %). `rating` is the mean from 0 (the worst point) to 1. All but `rating` and `rated` are null if it is not
    ranked."""

    aspect: str = Field(description="the question, or question.row of a matrix")
    title: str
    rank: int | None
    best_rank: int | None
    worst_rank: int | None
    importance: float | None
    low: float | None
    high: float | None
    direction: Literal["up", "down", "unclear"] | None = Field(
        description="up: better ratings go with better scores"
    )
    rating: float | None
    rated: int
    left_out: Literal["few", "equal", "many"] | None = Field(
        description="too few rated it, all alike, or others are more related to the score"
    )


class DriversOut(BaseModel):
    """Which aspects go together with a score, the most important first. Not what causes what."""

    series: SeriesOut
    state: Literal["waiting", "few", "accounts", "equal", "ranked"] = Field(
        description="waiting: not computed yet; few answers or accounts; equal: nothing to explain"
    )
    n: int
    clusters: int = Field(description="accounts, or people without one, from which the answers come")
    needed: int = Field(description="answers from which on the aspects are ranked")
    uncertain: bool = Field(
        description="whether there are so few answers that the first place is often chance"
    )
    explained: float | None = Field(description="part of the variance of the score, 0 to 1")
    computed_at: datetime | None
    items: list[DriverOut]


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:  # noqa: ARG001 - as every resource
    """Add the routes to the API's blueprint."""

    @api.get("/scores", summary="The series of scores", responses={200: SeriesListOut})
    @needs(Scope.SCORES_READ)
    def list_scores() -> Response:
        with runtime.database.reading() as session:
            found = reports.all_series(session, runtime.library)
        return answer(SeriesListOut(items=[_series(each) for each in found]))

    @api.get("/scores/<trend>/<question>", summary="A score", responses={200: ScoreReportOut})
    @needs(Scope.SCORES_READ)
    def get_score(path: SeriesPath, query: ScoreQuery) -> Response:
        days = period(query.first_day, query.last_day, day_of(clock.now(), runtime.database.zone))
        if query.by is not None and days.days > MOST_DAYS:
            raise mistaken("/by", f"Choose at most {MOST_DAYS} days for a score over time.")
        group = chosen_group(query.group, query.breakdown)
        with runtime.database.reading() as session:
            series = reports.find_series(
                reports.all_series(session, runtime.library), path.trend, path.question
            )
            return answer(_report(session, series, days, group, query))

    @api.get(
        "/scores/<trend>/<question>/drivers",
        summary="Which aspects go together with a score",
        responses={200: DriversOut},
    )
    @needs(Scope.SCORES_READ)
    def get_drivers(path: SeriesPath) -> Response:
        if not caller().viewer.sees_all:
            raise Forbidden(
                "The owner of this key sees only their own accounts, but drivers are computed from all of them."
            )
        with runtime.database.reading() as session:
            for subject in reports.driver_subjects(session, runtime.library):
                if (subject.series.trend, subject.series.question) == (path.trend, path.question):
                    return answer(_drivers(reports.driver_report(session, subject)))
        raise NotFound("There is no such score, or its survey does not ask for two other ratings.")


def _drivers(report: DriverReport) -> DriversOut:
    return DriversOut(
        series=_series(report.series),
        state=report.state.value,
        n=report.n,
        clusters=report.clusters,
        needed=report.needed,
        uncertain=report.is_uncertain,
        explained=report.explained,
        computed_at=report.computed_at,
        items=[_driver(each) for each in (*(pair[0] for pair in report.ranked), *report.unranked)],
    )


def _driver(each: AspectResult) -> DriverOut:
    found = each.driver
    return DriverOut(
        aspect=each.aspect.key,
        title=each.aspect.title.to("en"),
        rank=found.rank if found else None,
        best_rank=found.best if found else None,
        worst_rank=found.worst if found else None,
        importance=found.share if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        direction=found.direction if found else None,
        rating=each.rating,
        rated=each.rated,
        left_out=each.left_out.value if each.left_out else None,
    )


def chosen_group(written: str | None, breakdown: str | None = None) -> Group:
    """The answers that count, for `written` as segment:vip.

    A key whose owner sees only their accounts gets the answers of these, as on the pages. Raises UnacceptableError, or
    Forbidden where only those who see all accounts may choose.
    """
    known = caller()
    if not known.viewer.sees_all:
        if written is not None or breakdown is not None:
            raise Forbidden(
                "The owner of this key sees only their own accounts, so they cannot choose groups."
            )
        return Group("owner", str(known.owner_id), is_own=True)
    if written is None:
        return EVERYBODY
    dimension, colon, key = written.partition(":")
    if not colon or dimension not in DIMENSIONS:
        raise mistaken(
            "/group", f"Write a group as segment:vip; the first is one of {', '.join(DIMENSIONS)}."
        )
    if breakdown is not None:
        raise mistaken("/breakdown", "Choose either a group or a breakdown.")
    return Group(dimension, key)


def _report(
    session: Session, series: Series, days: Period, group: Group, query: ScoreQuery
) -> ScoreReportOut:
    earlier = days.year_before() if query.compare == "year" else days.before()
    compared = reports.compare_periods(session, series, days, earlier, group)
    change = compared.change
    points = None
    if query.by is not None:
        found = reports.over_time(session, series, days, Bucket(query.by), group)
        points = [
            BucketOut(first_day=each.period.start, last_day=each.period.end, score=measure(each.shown))
            for each in found
        ]
    cells = None
    if query.breakdown is not None:
        groups = reports.breakdown(session, series, days, query.breakdown)
        cells = [GroupOut(group=each.group.key, score=measure(each.shown)) for each in groups]
    return ScoreReportOut(
        series=_series(series),
        first_day=days.start,
        last_day=days.end,
        group=None if group == EVERYBODY else f"{group.dimension}:{group.key}",
        score=measure(compared.a),
        change=ChangeOut(
            first_day=earlier.start,
            last_day=earlier.end,
            before=measure(compared.b),
            difference=change.difference if change else None,
            low=change.low if change else None,
            high=change.high if change else None,
            changed=bool(change and change.changed),
        ),
        over_time=points,
        breakdown=cells,
        reliability=_reliability(session, series, days) if group == EVERYBODY else None,
    )


def _reliability(session: Session, series: Series, days: Period) -> ReliabilityOut | None:
    found = reports.score_reliability(session, series, days)
    if found is None or series.composite is None:
        return None
    keys = [each.key for each in series.composite.items]
    return ReliabilityOut(
        n=found.n,
        alpha=found.alpha,
        low=found.interval.low,
        high=found.interval.high,
        with_others=dict(zip(keys, found.with_others, strict=True)),
    )


def measure(shown: Shown) -> MeasureOut:
    """A score as far as it may be shown."""
    number = shown.aggregate
    seen = shown.has_score
    return MeasureOut(
        display=shown.display.value,
        n=None if shown.covered else shown.n,
        imported=0 if shown.covered else shown.imported,
        value=number.value if seen else None,
        low=number.low if seen else None,
        high=number.high if seen else None,
        bands=dict(number.band_counts) if seen else None,
    )


def _series(each: Series) -> SeriesOut:
    return SeriesOut(
        trend=each.trend,
        question=each.question,
        metric=each.metric_key,
        unit=each.metric.unit,
        title=each.title.to("en"),
        wording=each.wording.to("en"),
        questionnaires=list(each.questionnaires),
    )
