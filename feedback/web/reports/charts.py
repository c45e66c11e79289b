"""The charts of the insight pages, made from the numbers in their tables."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from feedback.core.metrics import METRICS, Metric
from feedback.core.metrics.several_items import LOWER
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Bucket, months_later
from feedback.services.reports import ScoreRow, Shown, TrendPoint
from feedback.web.reports import svg
from feedback.web.reports.svg import Axis, Columns, Dot, LineMark, Timeline, Value, Whisker
from feedback.web.reports.tables import Names
from feedback.web.wording import score_wording

SHARES = Axis(0, 100, 25)
FEWEST = 4
"""Buckets of a trend that are drawn at least."""


def line(
    names: Names,
    metric: Metric,
    points: Sequence[TrendPoint],
    bucket: Bucket,
    width: float,
    height: float = svg.HEIGHT,
) -> LineMark:
    """The trend over time, from the first bucket with a response on; one without a score is a gap. Shares are drawn on
    their whole scale."""
    values = [_value(names, metric, each, bucket) for each in _since_the_first_response(points)]
    return svg.line(
        values,
        SHARES if metric.unit == "percent" else svg.scale_for(values, *_limits(metric)),
        lambda value: score_wording.in_unit(names.say, value, metric.unit),
        rtl=names.say.direction == "rtl",
        width=width,
        height=height,
    )


def _since_the_first_response(points: Sequence[TrendPoint]) -> Sequence[TrendPoint]:
    """The points without those before the first response, but at least `FEWEST`."""
    first = next((place for place, each in enumerate(points) if each.shown.n), 0)
    return points[max(0, min(first, len(points) - FEWEST)) :]


def columns(names: Names, metric: Metric, shown: Shown, width: float) -> Columns:
    """The distribution of values, coloured by band."""
    kinds = {band: _kind(metric, band) for band in metric.bands}
    _, percents = shown.percents(metric) if shown.n else ({}, {})
    every = max(1, math.ceil(len(shown.aggregate.counts) * 34 / width))
    bars = [
        (
            _point(names, metric, value) if place % every == 0 else "",
            n,
            names.say.percent(percents[value] / 100) if n else "",
            kinds[metric.band(value)],
        )
        for place, (value, n) in enumerate(shown.aggregate.counts.items())
    ]
    return svg.columns(bars, rtl=names.say.direction == "rtl", width=width)


def timelines(
    names: Names, found: Sequence[ScoreRow], titles: Mapping[str, str], now: datetime, width: float
) -> list[tuple[str, Timeline]]:
    """(survey, chart) for each trend of an account over the months until now; the trend with most answers first."""
    if not found:
        return []
    trends: dict[tuple[str, str], list[ScoreRow]] = defaultdict(list)
    for each in found:
        trends[each.trend, each.metric].append(each)
    months = _months(names, [day_of(moment, names.zone) for moment in (now, *(each.at for each in found))])
    return [
        (titles.get(trend, trend), _timeline(names, METRICS[metric], rows, months, width))
        for (trend, metric), rows in sorted(trends.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _timeline(
    names: Names, metric: Metric, rows: Sequence[ScoreRow], months: Sequence[tuple[date, str]], width: float
) -> Timeline:
    low, high = metric.reported(metric.minimum), metric.reported(metric.maximum)
    steps = 4 if (high - low) % 4 == 0 else 5 if (high - low) % 5 == 0 else high - low
    return svg.timeline(
        [_dot(names, metric, each) for each in rows],
        Axis(low, high, (high - low) / steps),
        months,
        lambda value: names.say.number(value, digits=0),
        rtl=names.say.direction == "rtl",
        width=width,
    )


def _dot(names: Names, metric: Metric, row: ScoreRow) -> Dot:
    day, band = day_of(row.at, names.zone), metric.band(row.value)
    words = [names.say.date(day), *([row.contact] if row.contact else [])]
    told = f"{', '.join(words)}: {_point(names, metric, row.value)} ({names.band(band)})"
    who = str(row.at) if row.contact_id is None else str(row.contact_id)
    return Dot(day, metric.reported(row.value), who, _kind(metric, band), told)


def _months(names: Names, days: Sequence[date]) -> list[tuple[date, str]]:
    """The first days of the months from the first to the last of `days`, and of the next month; at least three."""
    first, after = min(days).replace(day=1), months_later(max(days).replace(day=1), 1)
    first = min(first, months_later(after, -3))
    count = (after.year - first.year) * 12 + after.month - first.month
    starts = [months_later(first, n) for n in range(count + 1)]
    return [(start, names.say.month(start)) for start in starts]


def shared_scale(metric: Metric, shown: Sequence[Shown]) -> Axis:
    """One scale for all rows of a breakdown, so that they can be compared."""
    return svg.scale_for([_plain(each) for each in shown if each.has_score], *_limits(metric))


def whisker(names: Names, shown: Shown, scale: Axis, width: float = 160) -> Whisker | None:
    """A row's score and interval; None if there is none to show."""
    if not shown.has_score:
        return None
    return svg.whisker(_plain(shown), scale, rtl=names.say.direction == "rtl", width=width)


def bands(
    names: Names, metric: Metric, shown: Shown, width: float = 720
) -> list[tuple[float, float, str, str]]:
    """The bands side by side as (x, width, kind, text), from bad to good in reading direction."""
    found, at = [], 0.0
    percents, _ = shown.percents(metric) if shown.n else ({}, {})
    for band, n in shown.aggregate.band_counts.items():
        wide = width * n / shown.n
        x = width - at - wide if names.say.direction == "rtl" else at
        words = f"{names.band(band)} {names.say.percent(percents[band] / 100)}"
        found.append((round(x, 1), round(wide, 1), _kind(metric, band), words))
        at += wide
    return found


def _value(names: Names, metric: Metric, point: TrendPoint, bucket: Bucket) -> Value:
    label = score_wording.bucket_label(names.say, point.period, bucket)
    if not point.shown.has_score:
        return Value(label, None)
    found = _plain(point.shown)
    score = score_wording.in_unit(names.say, found.value, metric.unit)
    range_ = score_wording.between(names.say, found.low, found.high, metric.unit)
    words = f"{label}: {score} ({range_}), {score_wording.answers(names.say, point.shown.n)}"
    return Value(label, found.value, found.low, found.high, words)


def _plain(shown: Shown) -> Value:
    found = shown.aggregate
    return Value("", found.value, found.low, found.high)


def _limits(metric: Metric) -> tuple[float, float]:
    """The ends of the scale in the metric's unit."""
    if metric.unit == "points":
        return -100, 100
    if metric.unit == "percent":
        return 0, 100
    return metric.reported(metric.minimum), metric.reported(metric.maximum)


def _point(names: Names, metric: Metric, value: int) -> str:
    return names.say.number(round(metric.reported(value), 1))


def _kind(metric: Metric, band: str) -> str:
    if band == LOWER:  # nobody has said that it is bad
        return "middle"
    place = metric.bands.index(band)
    return "bad" if place == 0 else "good" if place == len(metric.bands) - 1 else "middle"
