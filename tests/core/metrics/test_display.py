"""What may be shown of few answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.metrics.display import CELL_FROM, protected, whole_percents


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


@pytest.mark.parametrize(
    ("bands", "of_bands", "of_values"),
    [
        # 55 of 869 are 6.3 %, and alone the values would be 5 % and 2 %
        ([{1: 42, 2: 13}, {3: 180}, {4: 280, 5: 354}], [6, 21, 73], {1: 5, 2: 1, 3: 21, 4: 32, 5: 41}),
        ([{0: 1}, {1: 1}, {2: 1}], [33, 34, 33], {0: 33, 1: 34, 2: 33}),
        ([{0: 0}, {1: 0}, {2: 7}], [0, 0, 100], {0: 0, 1: 0, 2: 100}),
        ([{0: 1}, {1: 199}], [0, 100], {0: 0, 1: 100}),
    ],
)
def test_shares_add_up(bands: list[dict[int, int]], of_bands: list[int], of_values: dict[int, int]) -> None:
    assert whole_percents(bands) == (of_bands, of_values)


@given(
    sizes=st.lists(st.lists(st.integers(0, 500), min_size=1, max_size=5), min_size=1, max_size=4).filter(
        lambda sizes: any(map(sum, sizes))
    )
)
def test_the_values_of_a_band_add_up_to_it_and_the_bands_to_a_hundred(sizes: list[list[int]]) -> None:
    bands = [{10 * place + n: size for n, size in enumerate(band)} for place, band in enumerate(sizes)]
    of_bands, of_values = whole_percents(bands)
    total = sum(map(sum, sizes))
    assert sum(of_bands) == 100
    assert [sum(of_values[value] for value in band) for band in bands] == of_bands
    for place in (0, -1):  # as the scores beside the bars are rounded
        assert of_bands[place] == round(100 * sum(sizes[place]) / total)
    for band in bands:
        assert all(abs(of_values[value] - 100 * n / total) < 2 for value, n in band.items())
