"""The three ways of summing up answers: a net score, a share, a mean. Metrics are put together from these."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from feedback.core.metrics.base import Comparison, Counts, Estimate, Unit
from feedback.core.metrics.intervals import (
    Interval,
    Moments,
    adjusted_net,
    adjusted_wald_net,
    newcombe,
    t_interval,
    two_shares_p,
    two_sided_p,
    welch,
    wilson,
    z_quantile,
)


@dataclass(frozen=True, slots=True)
class Net:
    """Share of the good minus share of the bad, in points, with the adjusted Wald interval."""

    key: str
    title: str
    good: range
    bad: range
    unit: ClassVar[Unit] = "points"

    def estimate(self, counts: Counts, confidence: float) -> Estimate:
        good, bad, n = self._split(counts)
        interval = adjusted_wald_net(good, bad, n, confidence)
        return Estimate(100 * (good - bad) / n, 100 * interval.low, 100 * interval.high)

    def compare(self, a: Counts, b: Counts, confidence: float) -> Comparison:
        """The plain difference; interval and p-value come from the adjusted scores, as for one score."""
        split_a, split_b = self._split(a), self._split(b)
        (net_a, variance_a), (net_b, variance_b) = adjusted_net(*split_a), adjusted_net(*split_b)
        error = math.sqrt(variance_a + variance_b)
        half = z_quantile(confidence) * error
        interval = Interval(net_a - net_b - half, net_a - net_b + half).clamped(-2, 2)
        difference = _net(*split_a) - _net(*split_b)
        return _comparison(difference, interval, two_sided_p((net_a - net_b) / error), scale=100)

    def _split(self, counts: Counts) -> tuple[int, int, int]:
        return _count(counts, self.good), _count(counts, self.bad), sum(counts.values())


@dataclass(frozen=True, slots=True)
class Share:
    """Share of the answers in a range, in per cent, with Wilson's interval and Newcombe's for differences."""

    key: str
    title: str
    values: range
    unit: ClassVar[Unit] = "percent"

    def estimate(self, counts: Counts, confidence: float) -> Estimate:
        chosen, n = self._split(counts)
        interval = wilson(chosen, n, confidence)
        return Estimate(100 * chosen / n, 100 * interval.low, 100 * interval.high)

    def compare(self, a: Counts, b: Counts, confidence: float) -> Comparison:
        """Interval and z test can disagree at the very border of significance; the interval decides."""
        chosen_a, n_a = self._split(a)
        chosen_b, n_b = self._split(b)
        interval = newcombe(chosen_a, n_a, chosen_b, n_b, confidence)
        difference = chosen_a / n_a - chosen_b / n_b
        return _comparison(difference, interval, two_shares_p(chosen_a, n_a, chosen_b, n_b), scale=100)

    def _split(self, counts: Counts) -> tuple[int, int]:
        return _count(counts, self.values), sum(counts.values())


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean of factor * value + offset, with the t interval and Welch's for differences.

    Interval ends beyond the scale (`minimum`, `maximum`, as values) are cut off.
    """

    key: str
    title: str
    minimum: int
    maximum: int
    factor: float = 1.0
    offset: float = 0.0
    unit: ClassVar[Unit] = "mean"

    def estimate(self, counts: Counts, confidence: float) -> Estimate:
        sample = self._moments(counts)
        interval = t_interval(sample, confidence)
        if interval is None:
            return Estimate(sample.mean, None, None)
        interval = interval.clamped(self._scaled(self.minimum), self._scaled(self.maximum))
        return Estimate(sample.mean, interval.low, interval.high)

    def compare(self, a: Counts, b: Counts, confidence: float) -> Comparison:
        """Without a known spread (one answer, or all alike) nothing is said but the difference."""
        sample_a, sample_b = self._moments(a), self._moments(b)
        difference = sample_a.mean - sample_b.mean
        found = welch(sample_a, sample_b, confidence)
        if found is None:
            return Comparison(difference, None, None, None, changed=False)
        interval, p_value = found
        return _comparison(difference, interval, p_value, scale=1)

    def _scaled(self, value: float) -> float:
        return self.factor * value + self.offset

    def _moments(self, counts: Counts) -> Moments:
        n = sum(counts.values())
        total = sum(count * value for value, count in counts.items())
        squares = sum(count * value * value for value, count in counts.items())
        # Whole numbers up to the one division: exact for any number of answers.
        variance = (n * squares - total * total) / (n * (n - 1)) if n > 1 else 0.0
        return Moments(n, self._scaled(total / n), self.factor**2 * variance)


def _count(counts: Counts, values: range) -> int:
    return sum(count for value, count in counts.items() if value in values)


def _net(good: int, bad: int, n: int) -> float:
    return (good - bad) / n


def _comparison(difference: float, interval: Interval, p_value: float, scale: float) -> Comparison:
    return Comparison(
        difference=scale * difference,
        low=scale * interval.low,
        high=scale * interval.high,
        p_value=p_value,
        changed=interval.excludes_zero,
    )
