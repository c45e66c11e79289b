"""How an account is doing, as one number from 0 to 100 with all of its parts on the table.

Each part is a number from 0 (bad) to 100 (good), or unknown. Unknown parts do not count as bad: their weight
goes to the others, and the page says that they are missing. Of the two that customers say themselves, the one
that is known takes the other's weight first: else "nothing is open" would outweigh what they said. The
weights are a choice and not a law of nature.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from feedback.core.metrics import METRICS, About

COUNTED = tuple(key for key, metric in METRICS.items() if metric.about != "employer")
"""The metrics that customers are asked for: what employees say of their work is no account's health."""


class Part(StrEnum):
    """relationship: how good the latest scores of us as a whole are (NPS); experience: those of single
    occasions (CSAT, CES ...); direction: whether either rises or falls; voice: whether people answer at
    all; follow_ups: whether promises are open; usage: as the product's own data say."""

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
    """The built-in weights with some of them changed. Raises ValueError for what cannot be weights."""
    if unknown := sorted(set(changed) - set(Part)):
        raise ValueError(f"There is no part {unknown[0]!r}; there are {', '.join(Part)}.")
    if not all(0 <= weight < math.inf for weight in changed.values()):
        raise ValueError("Weights are 0 or more.")
    return {**WEIGHTS, **{Part(part): weight for part, weight in changed.items()}}


GOOD_FROM, FAIR_FROM = 70, 40
COST_OF_ONE = 25.0
"""Points that one open follow-up costs; one that is overdue costs twice as much."""


class Level(StrEnum):
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of an account; `usage` is None where it is not.

    `latest` holds, by metric, the last answer of each person in each series (values on the metric's own
    scale). `changes` says for each person who answered in the same series twice how far the last answer lies
    from the one before, as a share of the scale: 1.0 from its worst to its best, -1.0 the whole way down.
    `asked` and `answered` count the last surveys that people could answer. `usage` is from 0 to 100.
    """

    latest: Mapping[str, Sequence[int]] = field(default_factory=dict)
    changes: Sequence[float] = ()
    asked: int = 0
    answered: int = 0
    open_tasks: int = 0
    overdue_tasks: int = 0
    usage: float | None = None

    def about(self, about: About) -> dict[str, Sequence[int]]:
        """The latest answers to the metrics that ask of this, in the order of the table of metrics."""
        wanted = (key for key, metric in METRICS.items() if metric.about == about)
        return {key: self.latest[key] for key in wanted if self.latest.get(key)}


@dataclass(frozen=True, slots=True)
class HealthShare:
    """One part of the health. `points` is what it adds to the whole: points and weights add up."""

    part: Part
    value: float | None
    weight: float
    points: float


@dataclass(frozen=True, slots=True)
class Health:
    """`value` from 0 to 100; None where nothing but the follow-ups is known."""

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
    """In which third of the house an account lives."""
    if value >= GOOD_FROM:
        return Level.GOOD
    return Level.FAIR if value >= FAIR_FROM else Level.POOR


def _said(weights: Mapping[Part, float], values: Mapping[Part, float | None]) -> Mapping[Part, float]:
    """The weights, with that of unknown scores given to the other kind of scores, if those count at all."""
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
    """The mean over all answers, each as a share of its own scale: so scales of any length can be mixed."""
    found = [METRICS[metric].goodness(value) for metric, values in latest.items() for value in values]
    return 100 * sum(found) / len(found) if found else None


def _direction(changes: Sequence[float]) -> float | None:
    """50 for no change; the whole way up or down the scale is 100 or 0."""
    return 50 + 50 * sum(changes) / len(changes) if changes else None
