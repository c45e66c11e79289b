"""The health of an account: a number from 0 to 100, made of weighted parts.

Each part is from 0 (bad) to 100 (good), or unknown. The weight of an unknown part goes to the others, and the
page says that the part is missing. If only one of the two kinds of scores is known, it takes the other's weight
first; otherwise "no open follow-ups" would outweigh what customers said. The default weights are a judgement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from feedback.core.metrics import METRICS, About

COUNTED = tuple(key for key, metric in METRICS.items() if metric.about != "employer")
"""The metrics that customers answer; employee metrics do not count for an account's health."""


class Part(StrEnum):
    """relationship: the latest scores for the company as a whole (NPS); experience: the latest scores for single
    occasions (CSAT, CES ...); direction: whether scores rise or fall; voice: whether people answer surveys;
    follow_ups: whether complaints are open or overdue; usage: how much the product is used."""

    RELATIONSHIP = "relationship"
    EXPERIENCE = "experience"
    DIRECTION = "direction"
    VOICE = "voice"
    FOLLOW_UPS = "follow_ups"
    USAGE = "usage"


WEIGHTS: Mapping[Part, float] = MappingProxyType(
    {
        Part.RELATIONSHIP: 25,
        Part.EXPERIENCE: 15,
        Part.DIRECTION: 15,
        Part.VOICE: 10,
        Part.FOLLOW_UPS: 15,
        Part.USAGE: 20,
    }
)


def weights_with(changed: Mapping[str, float]) -> Mapping[Part, float]:
    """The built-in weights with some of them changed. Raises ValueError for unknown parts and invalid weights."""
    if unknown := sorted(set(changed) - set(Part)):
        raise ValueError(f"There is no part {unknown[0]!r}; use {', '.join(Part)}.")
    if not all(0 <= weight < math.inf for weight in changed.values()):
        raise ValueError("Weights must be 0 or more.")
    return {**WEIGHTS, **{Part(part): weight for part, weight in changed.items()}}


GOOD_FROM, FAIR_FROM = 70, 40
COST_OF_ONE = 25.0
"""Points that an open follow-up subtracts; an overdue one subtracts twice as many."""


class Level(StrEnum):
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class Signs:
    """The input of the health; `usage` is None if it is unknown.

    `latest` holds, per metric, the last answer of each person in each series (values on the metric's scale).
    `changes` holds, for each person with two answers in a series, the difference of the last two as a share of
    the scale: 1.0 from the worst to the best, -1.0 from the best to the worst. `asked` and `answered` count the
    recent surveys that were answered or expired. `usage` is from 0 to 100.
    """

    latest: Mapping[str, Sequence[int]] = field(default_factory=dict)
    changes: Sequence[float] = ()
    asked: int = 0
    answered: int = 0
    open_tasks: int = 0
    overdue_tasks: int = 0
    usage: float | None = None

    def about(self, about: About) -> dict[str, Sequence[int]]:
        """The latest answers to the metrics with this subject, in the order of the table of metrics."""
        wanted = (key for key, metric in METRICS.items() if metric.about == about)
        return {key: self.latest[key] for key in wanted if self.latest.get(key)}


@dataclass(frozen=True, slots=True)
class HealthShare:
    """One part of the health. `points` is its contribution; points add up to the value, and weights to 100."""

    part: Part
    value: float | None
    weight: float
    points: float


@dataclass(frozen=True, slots=True)
class Health:
    """`value` is from 0 to 100; None if nothing but the follow-ups is known."""

    value: float | None
    level: Level | None
    shares: tuple[HealthShare, ...]


def health(signs: Signs, weights: Mapping[Part, float] = WEIGHTS) -> Health:
    """The health of an account: the weighted mean over the parts that are known."""
    values = _values(signs)
    weights = _said(weights, values)
    known = {part: weights[part] for part, value in values.items() if value is not None and weights[part]}
    total = sum(known.values())
    shares = tuple(_share(part, value, known.get(part, 0.0), total) for part, value in values.items())
    if not known.keys() - {Part.FOLLOW_UPS}:
        return Health(None, None, shares)
    value = sum(share.points for share in shares)
    return Health(value, level(value), shares)


def level(value: float) -> Level:
    """`good` from 70, `fair` from 40, otherwise `poor`."""
    if value >= GOOD_FROM:
        return Level.GOOD
    return Level.FAIR if value >= FAIR_FROM else Level.POOR


def _said(weights: Mapping[Part, float], values: Mapping[Part, float | None]) -> Mapping[Part, float]:
    """The weights; that of unknown scores is added to the other kind of scores, if that kind has any weight."""
    for unknown, other in (
        (Part.RELATIONSHIP, Part.EXPERIENCE),
        (Part.EXPERIENCE, Part.RELATIONSHIP),
    ):
        if values[unknown] is None and values[other] is not None and weights[other]:
            return {**weights, other: weights[other] + weights[unknown], unknown: 0.0}
    return weights


def _share(part: Part, value: float | None, weight: float, total: float) -> HealthShare:
    share = weight / total if total else 0.0
    return HealthShare(part, value, 100 * share, share * (value or 0.0))


def _values(signs: Signs) -> dict[Part, float | None]:
    return {
        Part.RELATIONSHIP: _goodness(signs.about("relationship")),
        Part.EXPERIENCE: _goodness(signs.about("experience")),
        Part.DIRECTION: _direction(signs.changes),
        Part.VOICE: 100 * signs.answered / signs.asked if signs.asked else None,
        Part.FOLLOW_UPS: max(0.0, 100 - COST_OF_ONE * (signs.open_tasks + signs.overdue_tasks)),
        Part.USAGE: None if signs.usage is None else min(100.0, max(0.0, signs.usage)),
    }


def _goodness(latest: Mapping[str, Sequence[int]]) -> float | None:
    """The mean over all answers, each as a share of its scale, so that different scales can be combined."""
    found = [METRICS[metric].goodness(value) for metric, values in latest.items() for value in values]
    return 100 * sum(found) / len(found) if found else None


def _direction(changes: Sequence[float]) -> float | None:
    """50 for no change on average, 100 for a change from the worst to the best value, 0 for the opposite."""
    return 50 + 50 * sum(changes) / len(changes) if changes else None
