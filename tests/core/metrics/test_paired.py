"""The same people twice: against scipy, and where nothing can be said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from feedback.core.metrics import paired

changes = st.lists(st.integers(-10, 10), min_size=2, max_size=60).filter(lambda found: len(set(found)) > 1)


@given(changes)
def test_it_is_the_paired_t_test(found: list[int]) -> None:
    mine, theirs = paired(found), stats.ttest_1samp(found, 0)
    interval = theirs.confidence_interval(0.95)
    assert (mine.low, mine.high) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert mine.p_value == pytest.approx(theirs.pvalue, abs=1e-9)
    assert mine.changed == (interval.low > 0 or interval.high < 0)


def test_ten_people_who_rose_are_a_change() -> None:
    found = paired([6, 5, 7, 3, 4, 6, 2, 8, 5, 4])
    assert found.difference == 5
    assert found.changed


@pytest.mark.parametrize(("found", "difference"), [([], None), ([4], 4), ([3, 3, 3], 3)])
def test_without_a_spread_nothing_is_claimed(found: list[int], difference: int | None) -> None:
    compared = paired(found)
    assert compared.difference == difference
    assert compared.low is None
    assert not compared.changed
