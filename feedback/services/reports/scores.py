"""Scores with their intervals, over time, by group, and compared; all of it from the counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import CompoundSelect, func, select, union_all
from sqlalchemy.orm import Session

from feedback.core.metrics import Aggregate, Comparison, Counts, Display, display, protected
from feedback.core.period import Bucket, Period
from feedback.services.reports.series import Series
from feedback.services.rollups import ALL, DAY, DIMENSIONS, MONTH
from feedback.store.models import ScoreCount

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Group:
    """Whose answers: `key` of a dimension (segment, stage, channel, owner, language), or everybody's."""

    dimension: str = ALL
    key: str = ""


EVERYBODY = Group()


@dataclass(frozen=True, slots=True)
class Shown:
    """A score and how it may be shown. A `covered` one is hidden to protect a small cell, with its n."""

    aggregate: Aggregate
    covered: bool = False

    @property
    def n(self) -> int:
        return self.aggregate.n

    @property
    def display(self) -> Display:
        return Display.HIDDEN if self.covered else display(self.n)

    @property
    def has_score(self) -> bool:
        return self.display is not Display.HIDDEN


@dataclass(frozen=True, slots=True)
class Point:
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
    """a (now, this group) beside b (before, the others). `change` is None where either has no score."""

    a: Shown
    b: Shown
    change: Comparison | None


def score(session: Session, series: Series, period: Period, group: Group = EVERYBODY) -> Shown:
    """The score of a period."""
    return Shown(series.metric.aggregate(counts(session, series, period, group)))


def over_time(
    session: Session, series: Series, period: Period, bucket: Bucket, group: Group = EVERYBODY
) -> list[Point]:
    """The score of each bucket, the earliest first; also of those without answers.

    The buckets of one group protect each other as the cells of a breakdown do.
    """
    found = _by_bucket(session, series, period, bucket, group)
    parts = list(period.buckets(bucket))
    covered = (
        frozenset() if group == EVERYBODY else _covered({each.start: found[each.start] for each in parts})
    )
    return [
        Point(each, Shown(series.metric.aggregate(found[each.start]), each.start in covered))
        for each in parts
    ]


def breakdown(session: Session, series: Series, period: Period, dimension: str) -> list[Cell]:
    """The score of each group, the one with most answers first and the covered ones last."""
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
    """How far a period lies above another one."""
    a, b = counts(session, series, now, group), counts(session, series, before, group)
    return _compared(series, a, b, covered=False)


def compare_groups(
    session: Session, series: Series, period: Period, a: Group, b: Group | None = None
) -> Compared:
    """How far a group lies above another one of its dimension; without `b`, above all others together."""
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
    cells = _cells(series, period, group.dimension, group.key).subquery()
    rows = session.execute(select(cells.c.value, func.sum(cells.c.n)).group_by(cells.c.value))
    return {value: int(n) for value, n in rows if n}


def counts_by(session: Session, series: Series, period: Period, dimension: str) -> dict[str, dict[int, int]]:
    """Key of the dimension -> score value -> number of answers."""
    if dimension not in DIMENSIONS:
        raise ValueError(f"{dimension!r} is not one of {', '.join(DIMENSIONS)}.")
    cells = _cells(series, period, dimension).subquery()
    wanted = select(cells.c.key, cells.c.value, func.sum(cells.c.n)).group_by(cells.c.key, cells.c.value)
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for key, value, n in session.execute(wanted):
        if n:
            found[key][value] = int(n)
    return dict(found)


def _by_bucket(
    session: Session, series: Series, period: Period, bucket: Bucket, group: Group
) -> dict[date, dict[int, int]]:
    """First day (inside the period) -> score value -> number of answers."""
    found: dict[date, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    days_only = bucket is Bucket.WEEK
    for start, _, value, n in session.execute(
        _cells(series, period, group.dimension, group.key, days_only=days_only)
    ):
        found[max(bucket.first(start), period.start)][value] += n
    return found


def _cells(
    series: Series, period: Period, dimension: str, key: str | None = None, *, days_only: bool = False
) -> CompoundSelect[*tuple[Any, ...]]:
    """The fewest cells that make up a period: whole months, and days at its edges."""
    months, edges = (None, [period]) if days_only else period.parts()
    ranges = [(DAY, edge) for edge in edges] + ([(MONTH, months)] if months else [])
    parts = []
    for grain, part in ranges:
        wanted = select(ScoreCount.start, ScoreCount.key, ScoreCount.value, ScoreCount.n).where(
            ScoreCount.trend == series.trend,
            ScoreCount.question == series.question,
            ScoreCount.metric == series.metric_key,
            ScoreCount.grain == grain,
            ScoreCount.dimension == dimension,
            ScoreCount.start.between(part.start, part.end),
        )
        parts.append(wanted if key is None else wanted.where(ScoreCount.key == key))
    return union_all(*parts)
