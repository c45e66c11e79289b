"""Scores with intervals, over time, by group, and compared; all computed from the rollups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, bindparam, func, select, union_all
from sqlalchemy.orm import Session

from feedback.core.metrics import (
    Aggregate,
    Comparison,
    Counts,
    Display,
    Metric,
    display,
    protected,
    whole_percents,
)
from feedback.core.time.period import Bucket, Period
from feedback.services.reports.series import Series
from feedback.services.rollups import ALL, DAY, DIMENSIONS, MONTH
from feedback.store.models import ScoreCount

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Group:
    """The answers with `key` in a dimension (segment, stage, channel, owner, language), or all answers.

    `is_own`: those of the reader's own accounts, which they may read one by one, so that nothing of them is hidden.
    """

    dimension: str = ALL
    key: str = ""
    is_own: bool = field(default=False, compare=False)

    @property
    def is_protected(self) -> bool:
        """Whether it is hidden alone where a breakdown would hide it."""
        return self.dimension != ALL and not self.is_own


EVERYBODY = Group()
IMPORTED = Group("channel", "imported")
"""The past answers from other survey tools (`services.imports.answers.storing`)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A score and its display rule. A `covered` score and its n are hidden to protect a small cell.

    `imported` of its answers come from other survey tools; it is known of everybody's score, not of a group's.
    """

    aggregate: Aggregate
    covered: bool = False
    imported: int = 0

    @property
    def n(self) -> int:
        return self.aggregate.n

    @property
    def display(self) -> Display:
        return Display.HIDDEN if self.covered else display(self.n)

    @property
    def has_score(self) -> bool:
        return self.display is not Display.HIDDEN

    def percents(self, metric: Metric) -> tuple[dict[str, int], dict[int, int]]:
        """Band -> and value -> share in whole percent; the values of a band add up to it, and the bands to 100."""
        counts = self.aggregate.counts
        bands = [{v: n for v, n in counts.items() if metric.band(v) == band} for band in metric.bands]
        of_bands, of_values = whole_percents(bands)
        return dict(zip(metric.bands, of_bands, strict=True)), of_values


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One bucket of a trend over time."""

    period: Period
    shown: Shown


@dataclass(frozen=True, slots=True)
class Cell:
    """One group of a breakdown."""

    group: Group
    shown: Shown


@dataclass(frozen=True, slots=True)
class Compared:
    """a (now, this group) and b (before, the others). `change` is None if either has no score."""

    a: Shown
    b: Shown
    change: Comparison | None


def score(session: Session, series: Series, period: Period, group: Group = EVERYBODY) -> Shown:
    """The score of a period."""
    found = series.metric.aggregate(counts(session, series, period, group))
    imported = 0
    if found.n and group == EVERYBODY:
        imported = sum(counts(session, series, period, IMPORTED).values())
    return Shown(found, imported=imported)


def over_time(
    session: Session, series: Series, period: Period, bucket: Bucket, group: Group = EVERYBODY
) -> list[TrendPoint]:
    """The score of each bucket, the earliest first, including those without answers.

    Buckets of a group are protected like the cells of a breakdown.
    """
    found = _by_bucket(session, series, period, bucket, group)
    parts = list(period.buckets(bucket))
    covered = (
        frozenset() if group == EVERYBODY else _covered({each.start: found[each.start] for each in parts})
    )
    return [
        TrendPoint(each, Shown(series.metric.aggregate(found[each.start]), each.start in covered))
        for each in parts
    ]


def breakdown(session: Session, series: Series, period: Period, dimension: str) -> list[Cell]:
    """The score of each group, by number of answers, with covered ones last."""
    found = counts_by(session, series, period, dimension)
    covered = _covered(found)
    cells = [
        Cell(Group(dimension, key), Shown(series.metric.aggregate(each), key in covered))
        for key, each in found.items()
        if any(each.values())
    ]
    return sorted(cells, key=lambda cell: (cell.shown.covered, -cell.shown.n, cell.group.key))


def compare_periods(
    session: Session, series: Series, now: Period, before: Period, group: Group = EVERYBODY
) -> Compared:
    """Compare two periods. A group that a breakdown of the same days would hide is hidden here, too."""
    a, b = (_alone(session, series, each, group) for each in (now, before))
    both = a.has_score and b.has_score
    change = series.metric.compare(a.aggregate.counts, b.aggregate.counts) if both else None
    return Compared(a, b, change)


def _alone(session: Session, series: Series, period: Period, group: Group) -> Shown:
    if not group.is_protected:
        return score(session, series, period, group)
    cells = counts_by(session, series, period, group.dimension)
    return Shown(series.metric.aggregate(cells.get(group.key, {})), group.key in _covered(cells))


def compare_groups(
    session: Session, series: Series, period: Period, a: Group, b: Group | None = None
) -> Compared:
    """Compare two groups of a dimension; without `b`, compare with all other groups together."""
    cells = counts_by(session, series, period, a.dimension)
    others = [b.key] if b else [key for key in cells if key != a.key]
    mine, theirs = cells.get(a.key, {}), _sum(cells.get(key, {}) for key in others)
    covered = _covered(cells)
    hidden = (
        a.key in covered or (b is not None and b.key in covered) or bool(_covered({"a": mine, "b": theirs}))
    )
    return _compared(series, mine, theirs, covered=hidden)


def _compared(series: Series, a: Counts, b: Counts, *, covered: bool) -> Compared:
    one, other = (Shown(series.metric.aggregate(each), covered) for each in (a, b))
    both = one.has_score and other.has_score
    return Compared(one, other, series.metric.compare(a, b) if both else None)


def _covered(cells: Mapping[Key, Counts]) -> frozenset[Key]:
    return protected({key: sum(each.values()) for key, each in cells.items()})


def _sum(many: Iterable[Counts]) -> dict[int, int]:
    total: dict[int, int] = defaultdict(int)
    for each in many:
        for value, n in each.items():
            total[value] += n
    return total


# --- Counts ------------------------------------------------------------------------------------------


def counts(session: Session, series: Series, period: Period, group: Group = EVERYBODY) -> dict[int, int]:
    """Score value -> number of answers."""
    shape, given = _asked(series, period, group.dimension, group.key)
    return {value: int(n) for value, n in session.execute(_summed(shape, ("value",)), given) if n}


def counts_by(session: Session, series: Series, period: Period, dimension: str) -> dict[str, dict[int, int]]:
    """Key of the dimension -> score value -> number of answers."""
    if dimension not in DIMENSIONS:
        raise ValueError(f"{dimension!r} is not one of {', '.join(DIMENSIONS)}.")
    shape, given = _asked(series, period, dimension)
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for key, value, n in session.execute(_summed(shape, ("key", "value")), given):
        if n:
            found[key][value] = int(n)
    return dict(found)


def _by_bucket(
    session: Session, series: Series, period: Period, bucket: Bucket, group: Group
) -> dict[date, dict[int, int]]:
    """First day (inside the period) -> score value -> number of answers."""
    found: dict[date, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    weeks = bucket is Bucket.WEEK
    shape, given = _asked(series, period, group.dimension, group.key, days_only=weeks)
    for start, value, n in session.execute(_summed(shape, ("start", "value")), given):
        found[max(bucket.first(start), period.start)][value] += int(n)
    return found


class _Shape(NamedTuple):
    """The variable parts of a statement: the grain of each range of days, and whether it selects one key."""

    grains: tuple[str, ...]
    keyed: bool


def _asked(
    series: Series, period: Period, dimension: str, key: str | None = None, *, days_only: bool = False
) -> tuple[_Shape, dict[str, Any]]:
    """Select the fewest cells of a period: whole months, and days at both ends."""
    months, edges = (None, [period]) if days_only else period.parts()
    ranges = [(DAY, edge) for edge in edges] + ([(MONTH, months)] if months else [])
    given: dict[str, Any] = {"trend": series.trend, "question": series.question, "metric": series.metric_key}
    given |= {"dimension": dimension, "wanted": key}
    for place, (_, part) in enumerate(ranges):
        given |= {f"first{place}": part.start, f"last{place}": part.end}
    return _Shape(tuple(grain for grain, _ in ranges), key is not None), given


@cache
def _summed(shape: _Shape, by: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    """The sum of the cells per value (and key, or start). Cached, because building it costs as much as running it."""
    cells = union_all(*(_range(shape, place) for place in range(len(shape.grains)))).subquery()
    columns = [cells.c[name] for name in by]
    return select(*columns, func.sum(cells.c.n)).group_by(*columns)


def _range(shape: _Shape, place: int) -> Select[*tuple[Any, ...]]:
    wanted = select(ScoreCount.start, ScoreCount.key, ScoreCount.value, ScoreCount.n).where(
        ScoreCount.trend == bindparam("trend"),
        ScoreCount.question == bindparam("question"),
        ScoreCount.metric == bindparam("metric"),
        ScoreCount.grain == shape.grains[place],
        ScoreCount.dimension == bindparam("dimension"),
        ScoreCount.start.between(bindparam(f"first{place}"), bindparam(f"last{place}")),
    )
    return wanted.where(ScoreCount.key == bindparam("wanted")) if shape.keyed else wanted
