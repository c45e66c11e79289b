"""How long things take, with those that are not done yet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from feedback.core.time.waiting import median_wait


@pytest.mark.parametrize(
    ("done", "waiting", "median"),
    [
        ([], [], None),
        ([5], [], 5),
        ([1, 2, 3], [], 2),
        ([1, 2, 3, 4], [], 2),
        ([1], [9], 1),  # half are done after one hour
        ([1], [9, 9], None),  # a third is: nobody knows when the half will be
        ([1, 2], [0.5, 0.5], 1),  # who has waited for half an hour says nothing about two hours
    ],
)
def test_half_are_done_within_the_median(
    done: list[float], waiting: list[float], median: float | None
) -> None:
    assert median_wait(done, waiting) == median


times = st.lists(st.integers(1, 40).map(float), max_size=60)


@given(done=times.filter(len), waiting=times)
def test_the_median_is_that_of_the_product_limit_estimate(done: list[float], waiting: list[float]) -> None:
    survival = SurvfuncRight(
        np.array(done + waiting), np.array([1] * len(done) + [0] * len(waiting), dtype=int)
    )
    below = survival.surv_times[survival.surv_prob <= 0.5 + 1e-12]
    assert median_wait(done, waiting) == (below[0] if len(below) else None)
