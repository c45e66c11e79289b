"""The three measures that metrics are made of: a net score, a share, a mean."""

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
    """Share of good answers minus share of bad answers, in points, with the adjusted Wald interval."""

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
        """a minus b, not adjusted; interval and p-value are computed from the adjusted scores."""
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
    """Percentage of answers in a range, with Wilson's interval, and Newcombe's interval for differences."""

    key: str
    title: str
    values: range
    unit: ClassVar[Unit] = "percent"

    def estimate(self, counts: Counts, confidence: float) -> Estimate:
        chosen, n = self._split(counts)
        interval = wilson(chosen, n, confidence)
        return Estimate(100 * chosen / n, 100 * interval.low, 100 * interval.high)

    def compare(self, a: Counts, b: Counts, confidence: float) -> Comparison:
        """a minus b. At the border of significance, interval and z test can disagree; the interval decides."""
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

    Interval ends outside the scale (`minimum`, `maximum`, as values) are clamped.
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
        """a minus b. If the variance is unknown (one answer, or all equal), only the difference is given."""
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
        # Integers up to the one division, so the result is exact for any number of answers.
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
