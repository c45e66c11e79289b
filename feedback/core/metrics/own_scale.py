"""Somebody's own scale, of which some points are named as good: the score is the share of good answers.

The key of such a metric says all about it: `own_0_10_8_10` runs from 0 to 10, and 8 to 10 are good. So a stored score
can be read without the questionnaire, and two questions have one metric only if their points are the same.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from feedback.core.metrics.base import Metric
from feedback.core.metrics.measures import Mean, Share
from feedback.core.metrics.several_items import several_items

OTHER, GOOD = "other", "good"
"""The bands, the worse one first."""
_KEY = re.compile(r"own_(-?\d+)_(-?\d+)_(-?\d+)_(-?\d+)")


def key_of(minimum: int, maximum: int, first: int, last: int) -> str:
    """The key of the metric of a scale whose points `first` to `last` are good."""
    return f"own_{minimum}_{maximum}_{first}_{last}"


@lru_cache(maxsize=256)
def own_scale(key: str) -> Metric | None:
    """The metric of a key; None for a key that is none of an own scale."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    minimum, maximum, first, last = map(int, match.groups())
    if not minimum <= first <= last <= maximum or (first > minimum) is (last < maximum):
        return None
    good = range(first, last + 1)
    other = range(minimum, first) if first > minimum else range(last + 1, maximum + 1)
    return Metric(
        key=key,
        title="Good answers",
        scale=((OTHER, other), (GOOD, good)),
        measure=Share("good", f"Good ({first}-{last})", good),
        others=(Mean("mean", f"Mean ({minimum}-{maximum})", minimum, maximum),),
        source="Share of the points that the questionnaire names as good, with Wilson's (1927) interval",
    )


class Registry(Mapping[str, Metric]):
    """The named metrics; a lookup also finds those of own scales and of several items, which nobody can list."""

    def __init__(self, named: Mapping[str, Metric]) -> None:
        self._named = dict(named)

    def __getitem__(self, key: str) -> Metric:
        found = self._named.get(key) or own_scale(key) or several_items(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)
