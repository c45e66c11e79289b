"""The overview page of all series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from feedback.core.time.period import Bucket, Period
from feedback.services.reports.rates import Rate, response_rates
from feedback.services.reports.scores import (
    EVERYBODY,
    Compared,
    Group,
    TrendPoint,
    compare_periods,
    over_time,
)
from feedback.services.reports.series import Series


@dataclass(frozen=True, slots=True)
class Glance:
    """A series in a period, compared with another period. `rate` is only known without a group."""

    series: Series
    compared: Compared
    points: list[TrendPoint]
    rate: Rate | None


def overview(
    session: Session,
    series: Iterable[Series],
    period: Period,
    bucket: Bucket,
    group: Group = EVERYBODY,
    other: Period | None = None,
) -> list[Glance]:
    """Every series with answers in the period or in the `other` one (by default the previous period)."""
    earlier = other or period.before()
    glances = (_glance(session, each, (period, earlier), bucket, group) for each in series)
    return [each for each in glances if each.compared.a.n or each.compared.b.n]


def _glance(
    session: Session, series: Series, periods: tuple[Period, Period], bucket: Bucket, group: Group
) -> Glance:
    everybody, (period, earlier) = group == EVERYBODY, periods
    return Glance(
        series,
        compare_periods(session, series, period, earlier, group),
        over_time(session, series, period, bucket, group),
        response_rates(session, period, series.questionnaires).total if everybody else None,
    )
