"""What may be shown of few answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.metrics.display import CELL_FROM, protected


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ({"a": 50, "b": 60}, ""),
        ({"a": 50, "b": 4, "c": 60}, "ab"),  # b alone would be the total minus the others
        ({"a": 50, "b": 4, "c": 3}, "bc"),
        ({"a": 50, "b": 1, "c": 1, "d": 9}, "bcd"),  # two people together are still a small cell
        ({"a": 3}, "a"),
        ({"a": 50, "b": 0}, ""),
        ({}, ""),
    ],
)
def test_a_small_cell_takes_company_into_hiding(sizes: dict[str, int], hidden: str) -> None:
    assert protected(sizes) == frozenset(hidden)


@given(sizes=st.dictionaries(st.text(max_size=3), st.integers(0, 30), max_size=9))
def test_nobody_can_compute_a_small_cell_from_the_total(sizes: dict[str, int]) -> None:
    hidden = protected(sizes)
    left = sum(sizes.values()) - sum(n for key, n in sizes.items() if key not in hidden)
    assert all(key in hidden for key, n in sizes.items() if 0 < n < CELL_FROM)
    everything_hidden = {key for key, n in sizes.items() if n} == hidden
    assert not hidden or everything_hidden or (len(hidden) >= 2 and left >= CELL_FROM)


@given(sizes=st.dictionaries(st.text(max_size=3), st.integers(0, 30), max_size=9))
def test_nothing_is_hidden_without_need(sizes: dict[str, int]) -> None:
    if all(n == 0 or n >= CELL_FROM for n in sizes.values()):
        assert protected(sizes) == frozenset()
