"""What is allowed until a day only: a bridge between two wordings, a finding that somebody has accepted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from feedback.core.questionnaire import Questionnaire
from feedback.lint.engine import trend

SOON = timedelta(days=14)
"""How long before an expiry it is reported."""
BRIDGE = "trend-bridge"


@dataclass(frozen=True, slots=True, order=True)
class Expiry:
    """The last day of a bridge, or of an accepted finding of `rule`."""

    day: date
    rule: str

    def is_over(self, today: date) -> bool:
        return self.day < today


def expiring(questionnaire: Questionnaire, today: date) -> list[Expiry]:
    """What ends soon or is over, the earliest first."""
    return sorted(each for each in _all(questionnaire) if each.day <= today + SOON)


def _all(questionnaire: Questionnaire) -> Iterator[Expiry]:
    bridge = trend.bridge(questionnaire)
    if bridge:
        yield Expiry(bridge, BRIDGE)
    for entry in questionnaire.lint.suppress:
        if entry.until:
            yield Expiry(date.fromisoformat(entry.until), entry.rule or "")
