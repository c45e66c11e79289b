"""The definition of a metric: a scale with named bands, and measures over many answers.

Answers are given as counts (score value -> number of answers), as the rollups store them, so the cost does not
depend on the number of answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Counts = Mapping[int, int]
"""Score value -> number of answers; values without answers may be missing."""

Unit = Literal["points", "percent", "mean"]
"""points: -100 to 100; percent: 0 to 100; mean: on the metric's own scale."""

About = Literal["relationship", "experience", "employer"]
"""The subject of a metric: the company as a whole, one occasion or part of it, or (employees) the workplace."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its confidence interval, in the unit of the measure.

    `value` is None without answers; `low` and `high` are also None if the variance is unknown.
    """

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference of two groups or periods, a minus b.

    `changed` is True only if the interval does not contain zero; otherwise show no arrow and no colour.
    Differences of percentages are percentage points.
    """

    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    changed: bool


class Measure(Protocol):
    """A way to compute one number from counts: a net score, a share, a mean."""

    @property
    def key(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def unit(self) -> Unit: ...

    def estimate(self, counts: Counts, confidence: float) -> Estimate:
        """The estimate; needs at least one answer."""
        ...

    def compare(self, a: Counts, b: Counts, confidence: float) -> Comparison:
        """a minus b; each needs at least one answer."""
        ...


@dataclass(frozen=True, slots=True)
class Secondary:
    """An additional number shown with the score: the shares behind an NPS, the mean behind a CSAT."""

    key: str
    title: str
    unit: Unit
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A metric over n answers.

    `value`, `low`, `high` are in `unit`. `counts` has every value of the scale and `band_counts` every
    band (bad to good), including those without answers, as charts need them.
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
    """A question's scale, its bands, and how answers are aggregated.

    `scale` lists (band, its values) from bad to good and covers minimum to maximum without a gap.
    `source` is where the definition was published, `about` the subject of the question.
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
        """The band of one answer. Raises ValueError for a value outside the scale."""
        for name, values in self.scale:
            if value in values:
                return name
        raise ValueError(f"{self.title} runs from {self.minimum} to {self.maximum}; {value} is not on it.")

    def goodness(self, value: int) -> float:
        """How good one answer is: 0.0 for the worst on the scale, 1.0 for the best."""
        return 1.0 - self.badness(value)

    def badness(self, value: int) -> float:
        """How bad one answer is: 0.0 for the best on the scale, 1.0 for the worst."""
        self.band(value)
        best, worst = (self.minimum, self.maximum) if self.high_is_bad else (self.maximum, self.minimum)
        return (value - best) / (worst - best)

    def reported(self, value: int) -> float:
        """One answer on the scale on which the score is reported: a stored SUS of 29 is 72.5. Most metrics report the
        answer itself."""
        factor, offset = getattr(self.measure, "factor", 1.0), getattr(self.measure, "offset", 0.0)
        return float(factor * value + offset)

    def aggregate(self, counts: Counts, confidence: float = 0.95) -> Aggregate:
        """Aggregate answers; without any, `n` is 0 and all other numbers are None. Raises ValueError for values outside
        the scale."""
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
        """a (this quarter, this group) minus b (the quarter before, the others)."""
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
                raise ValueError(f"{count} is not a number of answers (value {value}).")
        return {value: counts.get(value, 0) for value in range(self.minimum, self.maximum + 1)}


def _estimate(measure: Measure, counts: Counts, n: int, confidence: float) -> Estimate:
    return measure.estimate(counts, confidence) if n else Estimate(None, None, None)
