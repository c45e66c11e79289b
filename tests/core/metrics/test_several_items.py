"""Metrics over several items: their keys, and means that agree with those of the people's own scores."""

from __future__ import annotations

import random

import pytest
from scipy import stats

from feedback.core.metrics import METRICS
from feedback.core.metrics.several_items import mean_key, several_items, top_box_key


def test_the_mean_and_its_interval_are_those_of_peoples_means() -> None:
    source, metric = random.Random(1), METRICS[mean_key(4, -2, 2)]
    sums = [source.randint(0, 16) for _ in range(80)]
    found = metric.aggregate({value: sums.count(value) for value in range(17)})
    means = [value / 4 - 2 for value in sums]
    wanted = stats.ttest_1samp(means, 0).confidence_interval()
    assert found.value == pytest.approx(sum(means) / 80)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))


def test_the_top_box_is_a_share_in_percent() -> None:
    metric = METRICS[top_box_key(3, 1, 5, 4, 5)]
    found = metric.aggregate({0: 10, 3: 30})
    assert (found.value, metric.unit) == (pytest.approx(75), "percent")
    assert 0 <= found.low <= 75 <= found.high <= 100


@pytest.mark.parametrize(
    "key",
    ["mean_1_1_5", "mean_3_5_1", "mean_3_1_5_4_5", "top_3_1_5", "top_3_1_5_5_4", "top_3_1_5_4_6", "nps"],
)
def test_other_keys_are_none(key: str) -> None:
    assert several_items(key) is None


def test_the_halves_of_the_scale_are_its_bands() -> None:
    metric = METRICS["mean_2_1_5"]
    assert [metric.band(value) for value in (0, 3, 4, 8)] == ["lower", "lower", "upper", "upper"]
    assert [metric.reported(value) for value in (0, 4, 8)] == [1, 3, 5]
