"""Computes the picture of importance and performance: what matters, beside how it is rated.

Martilla and James (1977), Importance-performance analysis, J. Marketing 41. The lines that divide it are the means of
the aspects shown. Coordinates only, as in `svg`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import NamedTuple

from feedback.web.reports.svg import Axis, Tick, Words

TOP, BOTTOM, START, END = 30, 46, 56, 16
RADIUS = 6
LABEL = 16
"""The space of a label: a number of one or two digits."""


class MapPoint(NamedTuple):
    """An aspect: `rating` and `importance` in percent; `words` say both."""

    label: str
    rating: float
    importance: float
    words: str


@dataclass(frozen=True, slots=True)
class PlacedPoint:
    x: float
    y: float
    label: str
    label_x: float
    label_y: float
    words: str


@dataclass(frozen=True, slots=True)
class Corner:
    """Where the name of a quarter begins or ends. `key` is the importance and the rating: high-low, low-high ..."""

    key: str
    x: float
    y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class ImportanceMap:
    """All in units of the drawing. `left` to `right` and `top` to `bottom` is the plot."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    rows: list[Tick]
    columns: list[Tick]
    middle_x: float
    middle_y: float
    points: list[PlacedPoint]
    corners: list[Corner]


def importance_map(
    points: Sequence[MapPoint], words: Words, *, rtl: bool, width: float, height: float = 340
) -> ImportanceMap:
    """The picture of at least one point; `words` says a percentage."""
    across = _axis([each.rating for each in points])
    up = _axis([0.0, *(each.importance for each in points)])
    left, right = (END, width - START) if rtl else (START, width - END)
    bottom = height - BOTTOM

    def x(value: float) -> float:
        share = across.share(value)
        return round(left + (1 - share if rtl else share) * (right - left), 1)

    def y(value: float) -> float:
        return round(bottom - up.share(value) * (bottom - TOP), 1)

    places = [(x(each.rating), y(each.importance)) for each in points]
    labels = _labels(places, left, right)
    every = max(1, math.ceil(len(across.steps) * 48 / (right - left)))
    return ImportanceMap(
        width=width,
        height=height,
        left=left,
        right=right,
        top=TOP,
        bottom=bottom,
        rows=[Tick(y(value), words(value)) for value in up.steps],
        columns=[Tick(x(value), words(value)) for value in across.steps[::every]],
        middle_x=x(mean(each.rating for each in points)),
        middle_y=y(mean(each.importance for each in points)),
        points=[
            PlacedPoint(*place, each.label, *label, each.words)
            for place, each, label in zip(places, points, labels, strict=True)
        ],
        corners=list(_corners((left, right), bottom, rtl=rtl)),
    )


def _axis(values: Sequence[float]) -> Axis:
    """Whole steps with room round the values, and at least 20 points long, so that small differences stay small."""
    low, high = min(values), max(values)
    step = next(each for each in (5, 10, 20, 25) if high - low <= 5 * each or each == 25)
    bottom, top = step * math.floor(low / step), step * math.ceil(high / step)
    bottom, top = max(0, bottom - step * (bottom == low)), min(100, top + step * (top == high))
    while top - bottom < 4 * step:
        bottom, top = max(0, bottom - step), min(100, top + step)
    return Axis(bottom, top, step)


def _labels(places: Sequence[tuple[float, float]], left: float, right: float) -> list[tuple[float, float]]:
    """The middle of each point's label: beside it, where it covers no other point and no other label."""
    taken = list(places)
    found = []
    for x, y in places:
        tried = [
            (x + dx, y + dy) for dx, dy in ((LABEL, 0), (-LABEL, 0), (0, -LABEL), (0, LABEL), (LABEL, -LABEL))
        ]
        inside = [each for each in tried if left + 8 <= each[0] <= right - 8]
        free = [
            each
            for each in inside
            if all(math.dist(each, other) >= LABEL - 1 for other in taken if other != (x, y))
        ]
        best = (free or inside or tried)[0]
        taken.append(best)
        found.append((round(best[0], 1), round(best[1], 1)))
    return found


def _corners(ends: tuple[float, float], bottom: float, *, rtl: bool) -> Iterator[Corner]:
    low, high = reversed(ends) if rtl else ends
    inward = -8 if rtl else 8
    for importance, y in (("high", TOP + 16), ("low", bottom - 10)):
        yield Corner(f"{importance}-low", low + inward, y, "start")
        yield Corner(f"{importance}-high", high - inward, y, "end")
