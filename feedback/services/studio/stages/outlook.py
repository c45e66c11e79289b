"""Whom a journey would ask in the coming days, and whom not and why, before it is published.

The work is bounded: decisions are counted in the order of their times, and after `MOST` of them the outlook ends
early and says so. Events that nobody knows yet are not included (`services.journey.forecast`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from feedback.core.journey import Journey
from feedback.library import Library
from feedback.services.context import Context
from feedback.services.journey import forecast

DAYS = 30
MOST = 5_000
"""Decisions that are counted for one page."""


@dataclass(slots=True)
class StageOutlook:
    """What one stage would do: surveys that are sent, and reasons of those that are not."""

    sent: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def not_asked(self) -> int:
        return self.skipped.total()


@dataclass(frozen=True, slots=True)
class JourneyOutlook:
    """Stage key -> what it would do. If `until` is set, only the decisions up to then were counted."""

    stages: Mapping[str, StageOutlook]
    until: datetime | None = None

    @property
    def sent(self) -> int:
        return sum(each.sent for each in self.stages.values())

    @property
    def skipped(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for each in self.stages.values():
            total.update(each.skipped)
        return total


def outlook(
    session: Session, context: Context, journey: Journey, now: datetime, *, most: int = MOST
) -> JourneyOutlook:
    """What `journey` would do in the coming `DAYS` days with the questionnaires in force."""
    library = Library(context.library.questionnaires, journey)
    context = Context(context.settings, library, context.providers)
    stages = {stage.key: StageOutlook() for stage in journey.stages}
    decisions = forecast.foresee(session, context, now, DAYS)
    for number, (kind, row) in enumerate(decisions):
        if kind != "survey":
            break  # messages that are written already, and reminders, come after all surveys
        if number == most:
            return JourneyOutlook(stages, row.wanted)
        counted = stages[row.stage]
        if row.at:
            counted.sent += 1
        else:
            counted.skipped[row.explanation[0]["code"]] += 1
    return JourneyOutlook(stages)
