"""Whether closing a complaint helped: what the customers of a period said afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.metrics.csat import SATISFIED
from feedback.core.metrics.display import Display, display
from feedback.core.metrics.intervals import Interval, wilson
from feedback.core.period import Period
from feedback.services import recovery
from feedback.services.followups import Viewer, visible
from feedback.store.models import FollowUp


@dataclass(frozen=True, slots=True)
class AfterClosing:
    """Of the complaints that were opened in a period: how many ended well in our own eyes (`closed`), how many of
    their customers were asked and answered, and how many of those are satisfied (CSAT 4-5).

    `share` and `interval` (Wilson, 95 %) are from 0 to 1, None without answers; `display` says how they may be
    shown.
    """

    closed: int
    asked: int
    answered: int
    satisfied: int

    @property
    def share(self) -> float | None:
        return self.satisfied / self.answered if self.answered else None

    @property
    def interval(self) -> Interval | None:
        return wilson(self.satisfied, self.answered) if self.answered else None

    @property
    def display(self) -> Display:
        return display(self.answered)


def after_closing(session: Session, viewer: Viewer, period: Period) -> AfterClosing:
    """What the recovery surveys say about the complaints that were opened in a period."""
    first, after = period.moments
    closed = list(
        session.scalars(
            select(FollowUp.id)
            .where(FollowUp.opened_at >= first, FollowUp.opened_at < after, visible(viewer))
            .where(FollowUp.kind == "recovery", FollowUp.outcome.in_(recovery.ENDED_WELL))
        )
    )
    found = recovery.scores(session, closed).values()
    values = [value for _, value in found if value is not None]
    return AfterClosing(
        closed=len(closed),
        asked=sum(sent for sent, _ in found),
        answered=len(values),
        satisfied=sum(value in SATISFIED for value in values),
    )
