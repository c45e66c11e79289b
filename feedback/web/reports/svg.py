"""Computes the coordinates of charts, which templates draw as SVG without JavaScript.

All values are in units of the drawing. `rtl` mirrors it, so that time runs from right to left in right-to-left
languages.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

Words = Callable[[float], str]

TICKS = 5
WIDE, NARROW = 720, 340
HEIGHT = 250
TOP, BOTTOM, START, END = 14, 30, 46, 14  # margins round the plot


class Value(NamedTuple):
    """A number and its interval; each can be None."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    words: str = ""


class Tick(NamedTuple):
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a line."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class LineMark:
    """A line with a band for its interval. `line` and `band` are SVG paths with gaps at missing values."""

    width: float
    height: float
    rows: list[Tick]
    columns: list[Tick]
    zero: float | None
    line: str
    band: str
    marks: list[Mark]
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class ColumnMark:
    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str
    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A column for each value of a scale."""

    width: float
    height: float
    base: float
    columns: list[ColumnMark]


@dataclass(frozen=True, slots=True)
class Whisker:
    """One value and its interval, on a scale that several rows share."""

    x: float
    low: float
    high: float
    zero: float | None


class Dot(NamedTuple):
    """One answer on a day; `who` connects the answers of one person."""

    day: date
    value: float
    who: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class DotMark:
    x: float
    y: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Single answers by day. `lines` holds an SVG path for each person with more than one answer."""

    width: float
    height: float
    rows: list[Tick]
    columns: list[Tick]
    lines: list[str]
    dots: list[DotMark]
    left: float
    right: float


class Axis(NamedTuple):
    """An axis from `low` to `high`, with ticks at intervals of `step`."""

    low: float
    high: float
    step: float

    def share(self, value: float) -> float:
        """The position of a value: 0.0 at the low end, 1.0 at the high end."""
        return (value - self.low) / (self.high - self.low)

    @property
    def steps(self) -> list[float]:
        count = round((self.high - self.low) / self.step)
        return [self.low + n * self.step for n in range(count + 1)]


def scale_for(values: Sequence[Value], least: float, most: float) -> Axis:
    """An axis with round steps that contains all values and intervals, within the limits of the metric."""
    numbers = [
        number for each in values for number in (each.value, each.low, each.high) if number is not None
    ]
    low, high = (min(numbers), max(numbers)) if numbers else (least, most)
    if high - low < (most - least) / 10:  # do not exaggerate small variations
        middle = (low + high) / 2
        low, high = middle - (most - least) / 20, middle + (most - least) / 20
    step = _round_step((high - low) / (TICKS - 1))
    bottom = max(least, math.floor(low / step) * step)
    top = min(most, math.ceil(high / step) * step)
    return Axis(bottom, top, step)


def line(
    values: Sequence[Value],
    scale: Axis,
    words: Words,
    *,
    rtl: bool,
    width: float = WIDE,
    height: float = HEIGHT,
) -> LineMark:
    """A trend over time, the earliest value first."""
    plot = width - START - END
    step = plot / max(1, len(values))
    xs = [_mirrored(START + (n + 0.5) * step, width, rtl=rtl) for n in range(len(values))]

    def y(value: float) -> float:
        return round(TOP + (1 - scale.share(value)) * (height - TOP - BOTTOM), 1)

    points = [None if each.value is None else (x, y(each.value)) for x, each in zip(xs, values, strict=True)]
    bands = [
        None if each.low is None or each.high is None else (x, y(each.low), y(each.high))
        for x, each in zip(xs, values, strict=True)
    ]
    every = max(1, math.ceil(len(values) / (plot / 62)))
    return LineMark(
        width=width,
        height=height,
        rows=[Tick(y(value), words(value)) for value in scale.steps],
        columns=[
            Tick(x, each.label) for n, (x, each) in enumerate(zip(xs, values, strict=True)) if n % every == 0
        ],
        zero=y(0) if scale.low < 0 < scale.high else None,
        line=_path(points),
        band=_band(bands),
        marks=[
            Mark(*point, each.words) for point, each in zip(points, values, strict=True) if point is not None
        ],
        left=_mirrored(START, width, rtl=rtl),
        right=_mirrored(width - END, width, rtl=rtl),
    )


def timeline(
    dots: Sequence[Dot],
    scale: Axis,
    months: Sequence[tuple[date, str]],
    words: Words,
    *,
    rtl: bool,
    width: float = WIDE,
    height: float = 150,
) -> Timeline:
    """Answers within `months` (first days and names; at least two)."""
    first, last = months[0][0], months[-1][0]
    plot, days = width - START - END, (last - first).days

    def x(day: date) -> float:
        return _mirrored(START + plot * (day - first).days / days, width, rtl=rtl)

    def y(value: float) -> float:
        return round(TOP + (1 - scale.share(value)) * (height - TOP - BOTTOM), 1)

    people: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for dot in sorted(dots):
        people[dot.who].append((x(dot.day), y(dot.value)))
    every = max(1, math.ceil((len(months) - 1) / (plot / 72)))
    return Timeline(
        width=width,
        height=height,
        rows=[Tick(y(value), words(value)) for value in scale.steps],
        columns=[Tick(x(day), name) for day, name in months[:-1:every]],
        lines=[_path(points) for points in people.values() if len(points) > 1],
        dots=[DotMark(x(dot.day), y(dot.value), dot.kind, dot.words) for dot in dots],
        left=_mirrored(START, width, rtl=rtl),
        right=_mirrored(width - END, width, rtl=rtl),
    )


def columns(
    values: Sequence[tuple[str, int, str, str]], *, rtl: bool, width: float = WIDE, height: float = 190
) -> Columns:
    """A column for each (label, number, text, kind); the highest one fills the height."""
    most = max((number for _, number, *_ in values), default=0) or 1
    step = (width - 2 * END) / max(1, len(values))
    wide, base = min(step * 0.72, 64), height - BOTTOM
    made = []
    for n, (label, number, words, kind) in enumerate(values):
        middle = _mirrored(END + (n + 0.5) * step, width, rtl=rtl)
        tall = (base - 26) * number / most
        made.append(
            ColumnMark(
                round(middle - wide / 2, 1), round(base - tall, 1), round(wide, 1), round(tall, 1),
                middle, label, words, kind,
            )
        )  # fmt: skip
    return Columns(width, height, base, made)


def whisker(value: Value, scale: Axis, *, rtl: bool, width: float = 160) -> Whisker | None:
    """A dot with its interval for a table row; None without a value."""
    if value.value is None:
        return None
    low = value.value if value.low is None else value.low
    high = value.value if value.high is None else value.high

    def x(number: float) -> float:
        return _mirrored(6 + scale.share(number) * (width - 12), width, rtl=rtl)

    left, right = sorted((x(low), x(high)))
    return Whisker(x(value.value), left, right, x(0) if scale.low < 0 < scale.high else None)


def _mirrored(x: float, width: float, *, rtl: bool) -> float:
    return round(width - x if rtl else x, 1)


def _round_step(step: float) -> float:
    """The next larger number of the form 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= step - 1e-9)


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """A line through the points, interrupted at gaps."""
    parts = []
    for before, point in zip((None, *points), points, strict=False):
        if point is not None:
            parts.append(f"{'M' if before is None else 'L'}{point[0]} {point[1]}")
    return "".join(parts)


def _band(bands: Sequence[tuple[float, float, float] | None]) -> str:
    """An area for each run of points without a gap; a single point becomes a narrow bar."""
    areas: list[list[tuple[float, float, float]]] = [[]]
    for each in bands:
        if each is None:
            areas.append([])
        else:
            areas[-1].append(each)
    return "".join(_area(area) for area in areas if area)


def _area(area: list[tuple[float, float, float]]) -> str:
    if len(area) == 1:
        x, low, high = area[0]
        area = [(x - 4, low, high), (x + 4, low, high)]
    there = "L".join(f"{x} {high}" for x, _, high in area)
    back = "L".join(f"{x} {low}" for x, low, _ in reversed(area))
    return f"M{there}L{back}Z"
