"""How an account is doing, as one number from 0 to 100 with all of its parts on the table.

Each part is a number from 0 (bad) to 100 (good), or unknown. Unknown parts do not count as bad: their weight
goes to the others, and the page says that they are missing. The weights are a choice and not a law of nature.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Part(StrEnum):
    """relationship: how good the latest scores are; direction: whether they rise or fall; voice: whether
    people answer at all; follow_ups: whether promises are open; usage: as the product's own data say."""

    RELATIONSHIP = "relationship"
    DIRECTION = "direction"
    VOICE = "voice"
    FOLLOW_UPS = "follow_ups"
    USAGE = "usage"


WEIGHTS: Mapping[Part, float] = MappingProxyType(
    {Part.RELATIONSHIP: 35, Part.DIRECTION: 15, Part.VOICE: 15, Part.FOLLOW_UPS: 15, Part.USAGE: 20}
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
    """What is known of an account; None where nothing is.

    Goodness runs from 0.0 (the worst of the scale) to 1.0 (the best), whatever the metric: `latest` is the
    mean over each contact's last score, `previous` where it stood before, going by those who answered twice.
    `asked` and `answered` count the last surveys that people could answer. `usage` is from 0 to 100.
    """

    latest: float | None = None
    previous: float | None = None
    asked: int = 0
    answered: int = 0
    open_tasks: int = 0
    overdue_tasks: int = 0
    usage: float | None = None


@dataclass(frozen=True, slots=True)
class Share:
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
    shares: tuple[Share, ...]


def health(signs: Signs, weights: Mapping[Part, float] = WEIGHTS) -> Health:
    """The health of an account: the weighted mean over the parts that are known."""
    values = _values(signs)
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


def _share(part: Part, value: float | None, weight: float, total: float) -> Share:
    share = weight / total if total else 0.0
    return Share(part, value, 100 * share, share * (value or 0.0))


def _values(signs: Signs) -> dict[Part, float | None]:
    return {
        Part.RELATIONSHIP: None if signs.latest is None else 100 * signs.latest,
        Part.DIRECTION: _direction(signs),
        Part.VOICE: 100 * signs.answered / signs.asked if signs.asked else None,
        Part.FOLLOW_UPS: max(0.0, 100 - COST_OF_ONE * (signs.open_tasks + signs.overdue_tasks)),
        Part.USAGE: None if signs.usage is None else min(100.0, max(0.0, signs.usage)),
    }


def _direction(signs: Signs) -> float | None:
    """50 for no change; the whole way up or down the scale is 100 or 0."""
    if signs.latest is None or signs.previous is None:
        return None
    return 50 + 50 * (signs.latest - signs.previous)
