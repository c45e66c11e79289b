"""Response rates by channel and stage."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.metrics import Display, display
from feedback.core.metrics.intervals import Interval, wilson
from feedback.core.time.period import Period
from feedback.store.models import InvitationCount


@dataclass(frozen=True, slots=True)
class Rate:
    """`answered` of `sent`. `provisional` answers look like a machine's and are not included in `answered`."""

    sent: int = 0
    answered: int = 0
    provisional: int = 0

    def __add__(self, other: Rate) -> Rate:
        return Rate(
            self.sent + other.sent, self.answered + other.answered, self.provisional + other.provisional
        )

    @property
    def display(self) -> Display:
        return display(self.sent)

    @property
    def share(self) -> float | None:
        """The response rate from 0 to 1; None if too few invitations were sent."""
        return None if self.display is Display.HIDDEN else self.answered / self.sent

    @property
    def interval(self) -> Interval | None:
        """Wilson's interval, as shares."""
        return None if self.display is Display.HIDDEN else wilson(self.answered, self.sent)

    @property
    def provisional_share(self) -> float | None:
        """The share of all answers that look like a machine's; None without answers."""
        answers = self.answered + self.provisional
        return self.provisional / answers if answers else None


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of invitations sent in a period, by (stage, channel), by either, and in total."""

    cells: dict[tuple[str, str], Rate]

    @property
    def stages(self) -> list[str]:
        return sorted({stage for stage, _ in self.cells})

    @property
    def channels(self) -> list[str]:
        return sorted({channel for _, channel in self.cells})

    @property
    def total(self) -> Rate:
        return sum(self.cells.values(), Rate())

    def rate_for(self, *, stage: str | None = None, channel: str | None = None) -> Rate:
        """The rate of a stage, of a channel, or of a stage on a channel."""
        chosen = (
            rate
            for (its_stage, its_channel), rate in self.cells.items()
            if stage in (None, its_stage) and channel in (None, its_channel)
        )
        return sum(chosen, Rate())


def response_rates(session: Session, period: Period, questionnaires: Collection[str]) -> Rates:
    """The invitations to these questionnaires that were sent in the period, with their answers until now."""
    numbers = (InvitationCount.sent, InvitationCount.answered, InvitationCount.provisional)
    rows = session.execute(
        select(InvitationCount.stage, InvitationCount.channel, *(func.sum(each) for each in numbers))
        .where(InvitationCount.questionnaire.in_(questionnaires))
        .where(InvitationCount.day.between(period.start, period.end))
        .group_by(InvitationCount.stage, InvitationCount.channel)
    )
    cells = {(stage, channel): Rate(*map(int, found)) for stage, channel, *found in rows}
    return Rates({cell: rate for cell, rate in cells.items() if rate.sent})
