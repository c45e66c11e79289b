"""How many people to invite, so that a score is known precisely enough."""

from __future__ import annotations

import math
from dataclasses import dataclass

from feedback.core.metrics.base import Metric
from feedback.core.metrics.intervals import sample_size, sample_size_for_share


@dataclass(frozen=True, slots=True)
class Expected:
    """The shares of good and of bad answers that are expected, from 0 to 1.

    Good and bad are the ends of the metric's scale (promoters and detractors, say); a percentage such as CSAT uses
    `good` alone. Half and half is the worst case: it needs the most answers.
    """

    good: float = 0.5
    bad: float = 0.5


WORST_CASE = Expected()


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """`answers` are needed. `invitations` bring them at the expected response rate; None without one.

    `reachable` is False where that is more than the population: then the margin cannot be kept.
    """

    answers: int
    invitations: int | None
    reachable: bool


def plan(
    metric: Metric,
    margin: float,
    expected: Expected = WORST_CASE,
    *,
    confidence: float = 0.95,
    population: int | None = None,
    response_rate: float | None = None,
) -> SamplePlan:
    """What it takes to know the score to within +/- `margin` points (or percentage points).

    `response_rate` is above 0 and at most 1, `population` the number of customers in all. Raises ValueError for
    numbers out of range, and for a metric whose score is a mean: its margin depends on how much answers differ,
    which nobody knows beforehand. The formulas are those of `sample_size` and `sample_size_for_share`.
    """
    if metric.unit == "mean":
        raise ValueError(
            f"{metric.title} is a mean: how many answers it needs depends on how much they differ."
        )
    if not 0 < confidence < 1:
        raise ValueError("The confidence lies between 0 and 100 %.")
    if population is not None and population < 1:
        raise ValueError("The population is at least 1.")
    if response_rate is not None and not 0 < response_rate <= 1:
        raise ValueError("The response rate must be more than 0 and at most 100 %.")
    if metric.unit == "points":
        answers = sample_size(
            margin, good=expected.good, bad=expected.bad, confidence=confidence, population=population
        )
    else:
        answers = sample_size_for_share(
            margin, share=expected.good, confidence=confidence, population=population
        )
    invitations = None if response_rate is None else math.ceil(round(answers / response_rate, 9))
    return SamplePlan(answers, invitations, population is None or (invitations or answers) <= population)
