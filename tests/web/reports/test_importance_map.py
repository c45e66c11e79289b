"""The picture of importance and rating: every point on its place, mirrored for languages from right to left."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.web.reports.importance_map import LABEL, ImportanceMap, MapPoint, importance_map

PERCENT = st.floats(0, 100)
POINTS = st.lists(st.tuples(PERCENT, PERCENT), min_size=1, max_size=12)


def drawn(points: list[tuple[float, float]], *, rtl: bool = False, width: float = 720) -> ImportanceMap:
    named = [MapPoint(str(place), *each, "") for place, each in enumerate(points, 1)]
    return importance_map(named, lambda value: f"{value:g}", rtl=rtl, width=width)


@given(POINTS)
def test_every_point_is_inside_and_right_of_those_that_are_rated_worse(
    points: list[tuple[float, float]],
) -> None:
    chart = drawn(points)
    for (rating, importance), mark in zip(points, chart.points, strict=True):
        assert chart.left <= mark.x <= chart.right and chart.top <= mark.y <= chart.bottom
        for (other, lower), beside in zip(points, chart.points, strict=True):
            assert (rating < other) <= (mark.x <= beside.x)
            assert (importance < lower) <= (mark.y >= beside.y)


@given(POINTS)
def test_the_axes_have_whole_steps_and_show_at_least_twenty_points(points: list[tuple[float, float]]) -> None:
    chart = drawn(points)
    for ticks in (chart.rows, chart.columns):
        values = [int(each.text) for each in ticks]  # no fractions
        assert values[-1] - values[0] >= 20 or len(ticks) < 5
        assert 0 <= values[0] < values[-1] <= 100


@given(POINTS)
def test_from_right_to_left_it_is_mirrored(points: list[tuple[float, float]]) -> None:
    chart, mirrored = drawn(points), drawn(points, rtl=True)
    for one, other in zip(chart.points, mirrored.points, strict=True):
        assert one.x + other.x == pytest.approx(chart.width, abs=0.2)
        assert one.y == other.y


def test_labels_of_neighbours_do_not_cover_each_other() -> None:
    marks = drawn([(50, 30), (51, 30), (50, 32)]).points
    places = [(each.label_x, each.label_y) for each in marks]
    assert all(math.dist(a, b) >= LABEL - 1 for a in places for b in places if a != b)
    assert len(set(places)) == 3
