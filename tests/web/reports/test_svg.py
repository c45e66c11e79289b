"""Charts are geometry: everything lies inside the drawing, and right-to-left is its mirror image."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.web.reports import svg
from feedback.web.reports.svg import Axis, Dot, Value

numbers = st.floats(-100, 100)


@st.composite
def values(draw: st.DrawFn) -> list[Value]:
    found = []
    for n in range(draw(st.integers(0, 60))):
        low, value, high = sorted(draw(st.tuples(numbers, numbers, numbers)))
        found.append(draw(st.sampled_from([Value(str(n), None), Value(str(n), value, low, high)])))
    return found


def coordinates(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


@given(points=values(), rtl=st.booleans(), width=st.sampled_from([svg.WIDE, svg.NARROW]))
def test_nothing_is_drawn_outside(points: list[Value], rtl: bool, width: float) -> None:
    line = svg.line(points, svg.scale_for(points, -100, 100), str, rtl=rtl, width=width)
    drawn = [*coordinates(line.line), *coordinates(line.band), *[(mark.x, mark.y) for mark in line.marks]]
    assert all(-4 <= x <= width + 4 and 0 <= y <= line.height for x, y in drawn)
    assert all(0 <= tick.at <= line.height for tick in line.rows)
    assert len(line.marks) == sum(each.value is not None for each in points)


@given(points=values())
def test_right_to_left_is_the_mirror_image(points: list[Value]) -> None:
    scale = svg.scale_for(points, -100, 100)
    ltr, rtl = (svg.line(points, scale, str, rtl=each) for each in (False, True))
    assert [mark.x for mark in rtl.marks] == pytest.approx(
        [ltr.width - mark.x for mark in ltr.marks], abs=0.11
    )
    assert [mark.y for mark in rtl.marks] == [mark.y for mark in ltr.marks]


@given(points=values())
def test_a_scale_holds_everything_in_a_few_round_steps(points: list[Value]) -> None:
    scale = svg.scale_for(points, -100, 100)
    shown = [number for each in points for number in each[1:4] if number is not None]
    assert all(scale.low - 1e-9 <= number <= scale.high + 1e-9 for number in shown)  # type: ignore[operator]
    assert -100 <= scale.low < scale.high <= 100
    assert 1 <= len(scale.steps) - 1 <= 9


def test_a_gap_interrupts_the_line() -> None:
    points = [Value("a", 1.0), Value("b", None), Value("c", 3.0), Value("d", 4.0)]
    line = svg.line(points, svg.scale_for(points, 0, 10), str, rtl=False)
    assert (line.line.count("M"), line.line.count("L")) == (2, 1)


def test_the_tallest_column_fills_the_height_and_nobody_has_none() -> None:
    drawn = svg.columns([("a", 0, "", "bad"), ("b", 5, "", "good"), ("c", 10, "", "good")], rtl=False)
    assert drawn.columns[0].height == 0
    assert drawn.columns[2].height == pytest.approx(2 * drawn.columns[1].height)


days = st.dates(date(2025, 1, 1), date(2025, 12, 31))
dots = st.lists(
    st.builds(Dot, days, st.integers(0, 10), st.sampled_from("abc"), st.just("good"), st.just("words")),
    min_size=1,
)
MONTHS = [(date(2025 + n // 12, n % 12 + 1, 1), str(n)) for n in range(13)]


@given(found=dots, rtl=st.booleans(), width=st.sampled_from([svg.WIDE, svg.NARROW]))
def test_single_answers_lie_on_their_days(found: list[Dot], rtl: bool, width: float) -> None:
    drawn = svg.timeline(found, Axis(0, 10, 2.5), MONTHS, str, rtl=rtl, width=width)
    assert len(drawn.dots) == len(found)
    assert all(0 <= each.x <= width and 0 <= each.y <= drawn.height for each in drawn.dots)
    at = {each.day: mark.x for each, mark in zip(found, drawn.dots, strict=True)}
    assert [at[day] for day in sorted(at)] == sorted(at.values(), reverse=rtl)


def test_a_line_joins_the_answers_of_one_person_only() -> None:
    found = [
        Dot(date(2025, month, 5), value, who, "good", "")
        for month, value, who in ((1, 3, "a"), (2, 9, "b"), (6, 8, "a"))
    ]
    (line,) = svg.timeline(found, Axis(0, 10, 2.5), MONTHS, str, rtl=False).lines
    assert len(coordinates(line)) == 2
