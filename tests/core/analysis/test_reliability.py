"""Reliability: alpha from an analysis of variance, its interval by Feldt, and items that run the other way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from feedback.core.analysis.reliability import reliability
from feedback.core.metrics.intervals import f_quantile


def scale(people: int, items: int, seed: int, noise: float = 1.0) -> list[list[int]]:
    source = np.random.default_rng(seed)
    values = source.normal(3, 1, (people, 1)) + source.normal(0, noise, (people, items))
    return np.clip(np.round(values), 1, 5).astype(int).tolist()


@pytest.mark.parametrize(("people", "items"), [(30, 2), (60, 4), (200, 10)])
def test_alpha_and_its_interval_are_those_of_the_analysis_of_variance(people: int, items: int) -> None:
    """Hoyt (1941): one minus the mean square of the rest over that of people; the interval with scipy's F."""
    answers = np.array(scale(people, items, people))
    rows, columns, mean = answers.mean(1), answers.mean(0), answers.mean()
    rest = answers - rows[:, None] - columns + mean
    df = (people - 1, (people - 1) * (items - 1))
    alpha = 1 - (rest**2).sum() / df[1] / (items * ((rows - mean) ** 2).sum() / df[0])
    found = reliability(answers.tolist())
    assert found is not None
    assert found.alpha == pytest.approx(alpha, abs=1e-9)
    wanted = [1 - (1 - alpha) * stats.f.ppf(each, *df) for each in (0.975, 0.025)]
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(wanted), abs=1e-9)
    for place, each in enumerate(found.with_others):
        others = np.delete(answers, place, axis=1).sum(1)
        assert each == pytest.approx(np.corrcoef(answers[:, place], others)[0, 1], abs=1e-9)


@pytest.mark.parametrize("df", [(1, 1), (3, 40), (29, 29), (199, 1791)])
@pytest.mark.parametrize("share", [0.025, 0.5, 0.975])
def test_quantiles_of_f_are_those_of_scipy(df: tuple[int, int], share: float) -> None:
    assert f_quantile(share, *df) == pytest.approx(stats.f.ppf(share, *df), rel=1e-9)


def test_the_interval_holds_the_true_alpha() -> None:
    """Four parallel items with a true alpha of 0.8 (half of each item's variance is common): in 93 to 97 %."""
    source = np.random.default_rng(2)
    held = 0
    for _ in range(600):
        answers = source.normal(0, 1, (50, 1)) + source.normal(0, 1, (50, 4))
        found = reliability(answers.tolist())
        assert found is not None
        held += found.interval.low <= 0.8 <= found.interval.high
    assert 0.93 <= held / 600 <= 0.97


def test_an_item_that_runs_the_other_way_has_a_negative_correlation() -> None:
    answers = [[a, b, 6 - c] for a, b, c in scale(80, 3, 5)]
    found = reliability(answers)
    assert found is not None
    assert [each is not None and each > 0 for each in found.with_others] == [True, True, False]


@pytest.mark.parametrize(
    "answers",
    [[], [[1, 2]], [[1], [2], [3]], [[2, 3], [3, 2]]],
    ids=["nobody", "one", "one item", "equal sums"],
)
def test_what_says_nothing_has_no_alpha(answers: list[list[int]]) -> None:
    assert reliability(answers) is None


def test_an_item_that_all_answer_alike_has_no_correlation() -> None:
    found = reliability([[3, 1, 2], [3, 4, 4], [3, 2, 1]])
    assert found is not None
    assert found.with_others[0] is None
