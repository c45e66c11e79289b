"""Scores over several items of one's own: the mean of the items, or the share of them with a good answer.

As for own scales, the key says all about the metric, so a stored score can be read without the questionnaire. Of four
items from 1 to 5, `mean_4_1_5` is the mean, and `top_4_1_5_4_5` the share of items answered with 4 or 5.

What is stored is a whole number, so that answers can be counted by value: the sum of the points above the lowest one
(0 to 16 here), or the number of good answers (0 to 4). The measure divides.
"""

import re
from functools import lru_cache
from typing import ClassVar

from feedback.core.metrics.base import Metric, Unit
from feedback.core.metrics.measures import Mean

LOWER, UPPER = "lower", "upper"
"""The bands: the halves of the scale. Nothing is said of what is good."""
_KEY = re.compile(r"(mean|top)_(\d+)_(-?\d+)_(-?\d+)(?:_(-?\d+)_(-?\d+))?")
_SOURCE = "Mean over the items answered by one person, then over people, with Student's t interval"


class MeanShare(Mean):
    """The mean of people's shares, in percent."""

    unit: ClassVar[Unit] = "percent"


def mean_key(items: int, minimum: int, maximum: int) -> str:
    """The key of the mean of so many items with points from `minimum` to `maximum`."""
    return f"mean_{items}_{minimum}_{maximum}"


def top_box_key(items: int, minimum: int, maximum: int, first: int, last: int) -> str:
    """The key of the share of items answered with `first` to `last`."""
    return f"top_{items}_{minimum}_{maximum}_{first}_{last}"


@lru_cache(maxsize=256)
def several_items(key: str) -> Metric | None:
    """The metric of a key; None for a key that is none of several items."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    kind, items, minimum, maximum = match[1], *map(int, match.group(2, 3, 4))
    if items < 2 or maximum <= minimum:
        return None
    if kind == "mean" and match[5] is None:
        most = items * (maximum - minimum)
        measure = Mean("mean", f"Mean ({minimum}-{maximum})", 0, most, 1 / items, minimum)
        return _metric(key, "Mean of several questions", most, measure)
    if kind == "top" and match[5] is not None:
        first, last = int(match[5]), int(match[6])
        if minimum <= first <= last <= maximum:
            share = MeanShare("good", f"Good ({first}-{last})", 0, items, 100 / items)
            return _metric(key, "Good answers to several questions", items, share)
    return None


def _metric(key: str, title: str, most: int, measure: Mean) -> Metric:
    middle = (most + 1) // 2
    bands = ((LOWER, range(middle)), (UPPER, range(middle, most + 1)))
    return Metric(key, title, bands, measure, (), _SOURCE)
