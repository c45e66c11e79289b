"""Recovery: what customers answered after their complaints were closed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from statistics import mean
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from feedback.core.metrics import METRICS, Comparison, Metric, paired
from feedback.core.metrics.csat import SATISFIED
from feedback.core.metrics.display import Display, display
from feedback.core.metrics.intervals import Interval, wilson
from feedback.core.time.period import Period
from feedback.services.access import Viewer, visible
from feedback.services.followups import recovery_survey
from feedback.store.database import zone_of
from feedback.store.models import FollowUp, Response, Score


@dataclass(frozen=True, slots=True)
class AfterClosing:
    """Of the complaints that were opened in a period: how many were closed with a good outcome (`closed`), how many
    of these customers were asked and answered, and how many of them are satisfied (CSAT 4-5).

    `share` and `interval` (Wilson, 95 %) are from 0 to 1, None without answers; `display` says whether to show
    them.
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


@dataclass(frozen=True, slots=True)
class ScoredAgain:
    """People whose complaint ended well and who later answered the same question of the same trend again.

    `before` and `after` are means on the metric's scale over `n` people. Each person counts once, with the first
    complaint in the period and the first answer after it was closed.
    """

    trend: str
    metric: Metric
    n: int
    before: float
    after: float
    change: Comparison

    @property
    def display(self) -> Display:
        return display(self.n)


def after_closing(session: Session, viewer: Viewer, period: Period) -> AfterClosing:
    """The results of the recovery surveys about complaints that were opened in a period."""
    first, after = period.moments(zone_of(session))
    closed = list(session.scalars(select(FollowUp.id).where(*_ended_well(viewer, first, after))))
    found = recovery_survey.scores(session, closed).values()
    values = [value for _, value in found if value is not None]
    return AfterClosing(
        closed=len(closed),
        asked=sum(sent for sent, _ in found),
        answered=len(values),
        satisfied=sum(value in SATISFIED for value in values),
    )


def scored_again(session: Session, viewer: Viewer, period: Period) -> list[ScoredAgain]:
    """For each trend, the scores that opened complaints and the next scores; the trend with most answers first."""
    pairs: dict[tuple[str, str], dict[int, tuple[int, int]]] = defaultdict(dict)
    rows = session.execute(_pairs(viewer, *period.moments(zone_of(session))))
    for trend, metric, contact, before, after in rows:
        pairs[trend, metric].setdefault(contact, (before, after))
    found = [_scored_again(*key, list(people.values())) for key, people in pairs.items()]
    return sorted(found, key=lambda each: (-each.n, each.trend))


def _scored_again(trend: str, metric: str, pairs: list[tuple[int, int]]) -> ScoredAgain:
    return ScoredAgain(
        trend=trend,
        metric=METRICS[metric],
        n=len(pairs),
        before=mean(before for before, _ in pairs),
        after=mean(after for _, after in pairs),
        change=paired([after - before for before, after in pairs]),
    )


def _ended_well(viewer: Viewer, first: datetime, after: datetime) -> tuple[ColumnElement[bool], ...]:
    opened = (FollowUp.opened_at >= first, FollowUp.opened_at < after)
    return (
        *opened,
        FollowUp.kind == "recovery",
        FollowUp.outcome.in_(recovery_survey.ENDED_WELL),
        visible(viewer),
    )


def _pairs(viewer: Viewer, first: datetime, end: datetime) -> Select[*tuple[Any, ...]]:
    """(trend, metric, contact, score before, score after), ordered by complaint, then by answer."""
    before, after, later = aliased(Score), aliased(Score), aliased(Response)
    same = (after.trend == before.trend, after.question == before.question, after.metric == before.metric)
    return (
        select(before.trend, before.metric, FollowUp.contact_id, before.value, after.value)
        .select_from(FollowUp)
        .join(before, (before.response_id == FollowUp.response_id) & (before.metric == FollowUp.metric))
        .join(later, (later.contact_id == FollowUp.contact_id) & later.provisional.is_(False))
        .join(after, after.response_id == later.id)
        .where(*_ended_well(viewer, first, end), *same, after.at > FollowUp.closed_at)
        .order_by(FollowUp.opened_at, FollowUp.id, after.at, after.id)
    )
