"""What a metric is: a scale with named bands, and measures that sum up many answers.

Answers come as counts (score value -> number of answers), never one by one: that is the form in which
roll-ups store them, so ten million answers cost as little as ten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Counts = Mapping[int, int]
"""Score value -> number of answers with that value; values that nobody chose may be missing."""

Unit = Literal["points", "percent", "mean"]
"""points: -100 to 100; percent: 0 to 100; mean: on the metric's own scale."""

About = Literal["relationship", "experience", "employer"]
"""What a metric asks of: us as a whole, one occasion or part of us, or (of employees) the place of work."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its confidence interval, in the unit of the measure.

    `value` is None without answers; `low` and `high` are None, too, where the spread cannot be known.
    """

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far group (or period) a lies above b.

    `changed` is True only if the whole interval lies on one side of zero: without that no arrow and no
    colour may be shown. Differences of percentages are percentage points.
    """

    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    changed: bool


class Measure(Protocol):
    """One way of turning counts into one number: a net score, a share, a mean."""

    @property
    def key(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def unit(self) -> Unit: ...

    def estimate(self, counts: Counts, confidence: float) -> Estimate:
        """The number over at least one answer."""
        ...

    def compare(self, a: Counts, b: Counts, confidence: float) -> Comparison:
        """a minus b, over at least one answer each."""
        ...


@dataclass(frozen=True, slots=True)
class Secondary:
    """A further number that belongs beside the score: the shares behind an NPS, the mean behind a CSAT."""

    key: str
    title: str
    unit: Unit
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A metric over n answers.

    `value`, `low`, `high` are in `unit`. `counts` lists every value of the scale and `band_counts` every
    band (bad to good), also those that nobody chose, so that a chart needs no more.
    """

    metric: str
    n: int
    value: float | None
    low: float | None
    high: float | None
    unit: Unit
    counts: Mapping[int, int]
    band_counts: Mapping[str, int]
    secondary: tuple[Secondary, ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """A question's scale, the field's names for its parts, and how answers are summed up.

    `scale` lists (band, its values) from bad to good and covers minimum to maximum without a gap.
    `source` says where the definition was published, `about` what it is asked of.
    """

    key: str
    title: str
    scale: tuple[tuple[str, range], ...]
    measure: Measure
    others: tuple[Measure, ...]
    source: str
    about: About = "experience"

    @property
    def minimum(self) -> int:
        return min(values.start for _, values in self.scale)

    @property
    def maximum(self) -> int:
        return max(values.stop for _, values in self.scale) - 1

    @property
    def high_is_bad(self) -> bool:
        return self.scale[0][1].start > self.scale[-1][1].start

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands, bad to good."""
        return tuple(name for name, _ in self.scale)

    @property
    def unit(self) -> Unit:
        return self.measure.unit

    def band(self, value: int) -> str:
        """The band of one answer; ValueError off the scale."""
        for name, values in self.scale:
            if value in values:
                return name
        raise ValueError(f"{self.title} runs from {self.minimum} to {self.maximum}; {value} is not on it.")

    def goodness(self, value: int) -> float:
        """How good one answer is, as a share of its scale: 0.0 for the worst, 1.0 for the best."""
        return 1.0 - self.badness(value)

    def badness(self, value: int) -> float:
        """How bad one answer is: 0.0 for the best of the scale, 1.0 for the worst."""
        self.band(value)
        best, worst = (self.minimum, self.maximum) if self.high_is_bad else (self.maximum, self.minimum)
        return (value - best) / (worst - best)

    def aggregate(self, counts: Counts, confidence: float = 0.95) -> Aggregate:
        """Sum up many answers; without any, `n` is 0 and every number None. ValueError off the scale."""
        full = self._full(counts)
        n = sum(full.values())
        main = _estimate(self.measure, full, n, confidence)
        return Aggregate(
            metric=self.key,
            n=n,
            value=main.value,
            low=main.low,
            high=main.high,
            unit=self.unit,
            counts=full,
            band_counts={name: sum(full[value] for value in values) for name, values in self.scale},
            secondary=tuple(self._secondary(other, full, n, confidence) for other in self.others),
        )

    def compare(self, a: Counts, b: Counts, confidence: float = 0.95) -> Comparison:
        """How far a (this quarter, this group) lies above b (the quarter before, the others)."""
        a, b = self._full(a), self._full(b)
        if not any(a.values()) or not any(b.values()):
            return Comparison(None, None, None, None, changed=False)
        return self.measure.compare(a, b, confidence)

    def _secondary(self, measure: Measure, counts: Counts, n: int, confidence: float) -> Secondary:
        found = _estimate(measure, counts, n, confidence)
        return Secondary(measure.key, measure.title, measure.unit, found.value, found.low, found.high)

    def _full(self, counts: Counts) -> dict[int, int]:
        for value, count in counts.items():
            self.band(value)
            if count < 0:
                raise ValueError(f"{count} answers with the value {value} cannot be.")
        return {value: counts.get(value, 0) for value in range(self.minimum, self.maximum + 1)}


def _estimate(measure: Measure, counts: Counts, n: int, confidence: float) -> Estimate:
    return measure.estimate(counts, confidence) if n else Estimate(None, None, None)
