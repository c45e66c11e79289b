"""What comments are about: the share of each theme with its interval, over time, and the scores that go with it.

Everything is read from the counts of `services.themes.counting`. A comment can have two themes, so the shares can add
up to more than 100 %; comments without any are the share "unsorted", which is shown like the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.metrics import Display, cell_visible, display, protected
from feedback.core.themes.frame import UNSORTED, ThemeFrame
from feedback.core.time.period import Bucket, Period
from feedback.library import Library
from feedback.services.access import Viewer
from feedback.services.reports.comments import Comment, CommentFilter, comments
from feedback.services.reports.results import ChosenShare
from feedback.services.reports.scores import EVERYBODY, Group, Shown
from feedback.services.reports.series import Series, all_series
from feedback.services.rollups import DAY, MONTH
from feedback.services.themes.counting import ALL_COMMENTS, NO_SERIES
from feedback.store.models import ThemeCount

CONTRADICTIONS = 10
"""Comments of the list "high score, complaint theme"."""


@dataclass(frozen=True, slots=True)
class ThemeShare:
    """How many comments have a theme; `-` stands for those without any. A `covered` one shows no number, because it
    would show what one person of a small group wrote about."""

    theme: str
    share: ChosenShare
    covered: bool = False


@dataclass(frozen=True, slots=True)
class ThemePoint:
    """The share of one theme in a part of the period; None for too few comments."""

    period: Period
    n: int
    share: ChosenShare | None


@dataclass(frozen=True, slots=True)
class ThemeReport:
    """The themes of a period, the most frequent first and "unsorted" last. `n` is the number of comments; a `covered`
    group shows nothing at all."""

    n: int
    shares: Sequence[ThemeShare]
    covered: bool = False

    @property
    def display(self) -> Display:
        return Display.HIDDEN if self.covered else display(self.n)


@dataclass(frozen=True, slots=True)
class ThemeScore:
    """The score of the responses whose comment has a theme; `-` stands for unsorted, an empty one for all comments."""

    theme: str
    shown: Shown


def theme_report(
    session: Session, frame: ThemeFrame, period: Period, before: Period, group: Group = EVERYBODY
) -> ThemeReport:
    """The share of each theme in a period, and its change from the one before."""
    now, earlier = (_themes(session, each, group) for each in (period, before))
    covered = group.is_protected and group.key in protected(theme_sizes(session, period, group.dimension))
    base, base_before = now.get(ALL_COMMENTS, 0), earlier.get(ALL_COMMENTS, 0)
    if not base or covered:
        return ThemeReport(base, (), covered)
    found = [
        ThemeShare(
            theme,
            ChosenShare(now.get(theme, 0), base, earlier.get(theme, 0), base_before),
            group.is_protected and now.get(theme, 0) > 0 and not cell_visible(now.get(theme, 0)),
        )
        for theme in _in_use(frame, now)
    ]
    found.sort(key=lambda each: (each.theme == UNSORTED, each.covered, -each.share.n))
    return ThemeReport(base, found)


def theme_sizes(session: Session, period: Period, dimension: str) -> dict[str, int]:
    """Key of the dimension -> number of comments."""
    found: dict[str, int] = defaultdict(int)
    for key, n in _summed(session, period, _Cells(dimension, theme=ALL_COMMENTS), (ThemeCount.key,)):
        found[key] += n
    return dict(found)


def theme_over_time(
    session: Session, theme: str, period: Period, bucket: Bucket, group: Group = EVERYBODY
) -> list[ThemePoint]:
    """The share of a theme in each part of the period, the earliest first.

    A part with fewer than ten comments has none; parts of a group are protected like the cells of a breakdown.
    """
    numbers: dict[str, dict[date, int]] = {theme: defaultdict(int), ALL_COMMENTS: defaultdict(int)}
    weeks = bucket is Bucket.WEEK
    for wanted, found in numbers.items():
        cells = _Cells(group.dimension, group.key, theme=wanted, days_only=weeks)
        for start, n in _summed(session, period, cells, (ThemeCount.start,)):
            found[max(bucket.first(start), period.start)] += n
    parts = list(period.buckets(bucket))
    bases = {each.start: numbers[ALL_COMMENTS][each.start] for each in parts}
    covered = protected(bases) if group.is_protected else frozenset()
    points = []
    for each in parts:
        base, n = bases[each.start], numbers[theme][each.start]
        hidden = each.start in covered or display(base) is Display.HIDDEN
        hidden = hidden or (group.is_protected and n > 0 and not cell_visible(n))
        points.append(ThemePoint(each, 0 if hidden else base, None if hidden else ChosenShare(n, base, 0, 0)))
    return points


def scored_series(session: Session, library: Library, period: Period) -> list[Series]:
    """The series whose responses have comments, those with the most comments first."""
    count = ThemeCount
    known = {(each.trend, each.question, each.metric_key): each for each in all_series(session, library)}
    sizes: dict[tuple[str, str, str], int] = defaultdict(int)
    for grain, part in _parts(period):
        rows = session.execute(
            select(count.trend, count.question, count.metric, func.sum(count.n))
            .where(count.grain == grain, count.dimension == "all", count.theme == ALL_COMMENTS)
            .where(count.trend.in_({each[0] for each in known}), count.start.between(part.start, part.end))
            .group_by(count.trend, count.question, count.metric)
        )
        for *series, n in rows:
            sizes[series[0], series[1], series[2]] += int(n)
    ranked = sorted((each for each in sizes if each in known), key=lambda each: -sizes[each])
    return [known[each] for each in ranked]


def theme_scores(
    session: Session, frame: ThemeFrame, series: Series, period: Period, group: Group = EVERYBODY
) -> list[ThemeScore]:
    """The score by theme, lowest first, with all comments at the end. One with fewer than five scores is covered."""
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    of = (series.trend, series.question, series.metric_key)
    cells = _Cells(group.dimension, group.key, of)
    for theme, value, n in _summed(session, period, cells, (ThemeCount.theme, ThemeCount.value)):
        counts[theme][value] = counts[theme].get(value, 0) + n
    if group.is_protected and group.key in protected(theme_sizes(session, period, group.dimension)):
        return []
    found = [
        ThemeScore(
            theme,
            Shown(series.metric.aggregate(counts[theme]), not cell_visible(sum(counts[theme].values()))),
        )
        for theme in (*_in_use(frame, counts), ALL_COMMENTS)
        if counts.get(theme)
    ]
    return sorted(found, key=_worst_first)


def _worst_first(each: ThemeScore) -> tuple[bool, bool, float]:
    value = each.shown.aggregate.value if each.shown.has_score else None
    return each.theme == ALL_COMMENTS, value is None, value or 0.0


def contradictions(
    session: Session, library: Library, viewer: Viewer, wanted: CommentFilter, themes: Sequence[str]
) -> list[Comment]:
    """The latest comments with a high score about one of these themes: people who stay, and would like better."""
    of_themes = replace(wanted, band="good", themes=tuple(themes))
    return comments(session, library, viewer, of_themes, limit=CONTRADICTIONS)


def _in_use(frame: ThemeFrame, found: Mapping[str, object]) -> list[str]:
    """The themes of the frame, those that it no longer has, and unsorted."""
    former = sorted(found.keys() - {*frame.keys, ALL_COMMENTS, UNSORTED})
    return [*frame.keys, *former, UNSORTED]


def _themes(session: Session, period: Period, group: Group) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for theme, n in _summed(session, period, _Cells(group.dimension, group.key), (ThemeCount.theme,)):
        found[theme] += n
    return dict(found)


def _parts(period: Period, *, days_only: bool = False) -> Iterator[tuple[str, Period]]:
    """The fewest cells of a period: whole months, and days at both ends."""
    months, edges = (None, [period]) if days_only else period.parts()
    yield from ((DAY, edge) for edge in edges)
    if months:
        yield MONTH, months


@dataclass(frozen=True, slots=True)
class _Cells:
    """Which counts: those of a group or, without a key, of every group of a dimension; of comments or of a series."""

    dimension: str
    key: str | None = None
    series: tuple[str, str, str] = NO_SERIES
    theme: str | None = None
    days_only: bool = False


def _summed(
    session: Session, period: Period, wanted: _Cells, columns: Sequence[InstrumentedAttribute[Any]]
) -> Iterator[tuple[Any, ...]]:
    """(values of the columns, sum) for each combination in the period; it may come in several parts."""
    count = ThemeCount
    trend, question, metric = wanted.series
    for grain, part in _parts(period, days_only=wanted.days_only):
        query = select(*columns, func.sum(count.n)).where(
            count.trend == trend,
            count.question == question,
            count.metric == metric,
            count.grain == grain,
            count.dimension == wanted.dimension,
            count.start.between(part.start, part.end),
        )
        if wanted.key is not None:
            query = query.where(count.key == wanted.key)
        if wanted.theme is not None:
            query = query.where(count.theme == wanted.theme)
        for *rest, n in session.execute(query.group_by(*columns)):
            yield (*rest, int(n))
