"""How well several items measure one thing: Cronbach's alpha, and how each item goes with the others.

Sources
    Cronbach (1951), Coefficient alpha and the internal structure of tests, Psychometrika 16.
    Feldt (1965), The approximate sampling distribution of Kuder-Richardson reliability coefficient twenty,
        Psychometrika 30: (1 - alpha) / (1 - estimate) has an F distribution with n - 1 and (n - 1)(k - 1) degrees of
        freedom, which gives the interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import correlation, variance

from feedback.core.metrics.intervals import Interval, f_quantile


@dataclass(frozen=True, slots=True)
class Reliability:
    """Alpha over n people, its interval, and the correlation of each item with the sum of the others.

    A correlation is None if an item, or the sum of the others, does not vary. A negative one is a sign that the item
    should be reversed.
    """

    n: int
    alpha: float
    interval: Interval
    with_others: tuple[float | None, ...]


def reliability(people: Sequence[Sequence[int]], confidence: float = 0.95) -> Reliability | None:
    """Of the points of each person in each item, all items pointing the same way.

    None for fewer than two people or items, and if all people have the same sum.
    """
    count = len(people[0]) if people else 0
    if len(people) < 2 or count < 2:
        return None
    sums = [sum(each) for each in people]
    spread = variance(sums)
    if not spread:
        return None
    items = list(zip(*people, strict=True))
    alpha = count / (count - 1) * (1 - sum(map(variance, items)) / spread)
    df = len(people) - 1
    tail = (1 - confidence) / 2
    low, high = (1 - (1 - alpha) * f_quantile(each, df, df * (count - 1)) for each in (1 - tail, tail))
    return Reliability(
        len(people), alpha, Interval(low, high), tuple(_with_others(each, sums) for each in items)
    )


def _with_others(item: Sequence[int], sums: Sequence[int]) -> float | None:
    """The correlation of an item with the sum of the others (the item's own part would make it too high)."""
    rest = [total - own for total, own in zip(sums, item, strict=True)]
    if len(set(item)) < 2 or len(set(rest)) < 2:
        return None
    return correlation(item, rest)
