"""The closed-loop report: time to contact and to close, targets met, outcomes and root causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from feedback.core.followup import Outcome, State
from feedback.core.metrics.intervals import Interval, wilson
from feedback.core.time.period import Period
from feedback.core.time.waiting import median_wait
from feedback.services.access import Viewer, visible
from feedback.store.database import zone_of
from feedback.store.models import Account, FollowUp, RootCause

Tasks = Sequence[Row[*tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Kept:
    """Targets: `kept` of those that are `due` (met, given up, or missed)."""

    kept: int
    due: int

    @property
    def share(self) -> float | None:
        return self.kept / self.due if self.due else None

    @property
    def interval(self) -> Interval | None:
        return wilson(self.kept, self.due) if self.due else None


@dataclass(frozen=True, slots=True)
class Pace:
    """The speed of follow-ups of one urgency, of one owner, or of all.

    Medians are in hours of clock time within which half were contacted or closed. An open follow-up counts as
    longer than until now, one closed without a contact as never contacted. None if less than half are done.
    """

    opened: int
    contacted: int
    closed: int
    overdue: int
    hours_to_contact: float | None
    hours_to_close: float | None
    contact_in_time: Kept
    close_in_time: Kept


@dataclass(frozen=True, slots=True)
class Cause:
    """A root cause; `key` and `title` are empty if none was named."""

    key: str
    title: dict[str, str]
    n: int


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """The follow-ups that were opened in a period, in their current state. `recovered` is per month, by currency."""

    everything: Pace
    by_urgency: dict[str, Pace]
    by_owner: dict[int | None, Pace]
    outcomes: dict[str, int]
    causes: list[Cause]
    recovered: dict[str, Decimal]


def closed_loop(
    session: Session, viewer: Viewer, period: Period, *, now: datetime, currency: str, kind: str = "recovery"
) -> ClosedLoop:
    """Report on the follow-ups that were opened in a period.

    `currency` is for accounts that name none; `kind` is recovery (complaints) or advocacy (praise).
    """
    tasks = session.execute(_selected(viewer, *period.moments(zone_of(session)), kind)).all()
    return ClosedLoop(
        everything=pace(tasks, now),
        by_urgency=_by(tasks, "urgency", now),
        by_owner=_by(tasks, "owner_id", now),
        outcomes=dict(Counter(task.outcome for task in tasks if task.outcome).most_common()),
        causes=_causes(session, tasks),
        recovered=_recovered(tasks, currency),
    )


def pace(tasks: Tasks, now: datetime) -> Pace:
    """The speed of any selection of follow-ups.

    Follow-ups that the customer's correction closed before anybody started are left out.
    """
    tasks = [task for task in tasks if task.outcome != Outcome.CORRECTED]
    owed = [task for task in tasks if not _released(task)]
    reached = [task for task in owed if task.first_contact_at]
    unreached = [task for task in owed if not task.first_contact_at]
    closed = [task for task in tasks if task.closed_at]
    unclosed = [task for task in tasks if not task.closed_at]
    return Pace(
        opened=len(tasks),
        contacted=len(reached),
        closed=len(closed),
        overdue=sum(_late(task, now) for task in unclosed),
        hours_to_contact=median_wait(
            [_hours(task.opened_at, task.first_contact_at) for task in reached],
            [_hours(task.opened_at, now) for task in unreached],
        ),
        hours_to_close=median_wait(
            [_hours(task.opened_at, task.closed_at) for task in closed],
            [_hours(task.opened_at, now) for task in unclosed],
        ),
        contact_in_time=_kept(
            [(task.first_contact_at, task.contact_due_at, task.closed_at) for task in owed], now
        ),
        close_in_time=_kept([(task.closed_at, task.close_due_at, None) for task in tasks], now),
    )


def _selected(viewer: Viewer, first: datetime, after: datetime, kind: str) -> Select[*tuple[Any, ...]]:
    moments = (FollowUp.opened_at, FollowUp.contact_due_at, FollowUp.first_contact_at)
    return (
        select(FollowUp.urgency, FollowUp.owner_id, FollowUp.outcome, FollowUp.root_cause_id, *moments)
        .add_columns(FollowUp.close_due_at, FollowUp.closed_at, FollowUp.state, FollowUp.contact_id)
        .add_columns(FollowUp.recovered_revenue, Account.currency)
        .outerjoin(Account, Account.id == FollowUp.account_id)
        .where(FollowUp.opened_at >= first, FollowUp.opened_at < after)
        .where(FollowUp.kind == kind, visible(viewer))
    )


def _by(tasks: Tasks, attribute: str, now: datetime) -> dict[Any, Pace]:
    """The Pace for each value of `attribute`, the most frequent value first."""
    keys = Counter(getattr(task, attribute) for task in tasks)
    return {
        key: pace([task for task in tasks if getattr(task, attribute) == key], now)
        for key, _ in keys.most_common()
    }


def _released(task: Row[*tuple[Any, ...]]) -> bool:
    """Whether no contact is owed any more: before its target, the follow-up was closed as not justified, or the
    person was erased. Closing without contact for another reason misses the target."""
    if task.first_contact_at or task.closed_at is None or task.closed_at > task.contact_due_at:
        return False
    return task.outcome == Outcome.NOT_JUSTIFIED or task.contact_id is None


def _kept(promises: Sequence[tuple[datetime | None, datetime, datetime | None]], now: datetime) -> Kept:
    """Count the targets in (done, due, given up) that are met, given up, or past their time."""
    judged = [
        (done, due)
        for done, due, given_up in promises
        if done is not None or given_up is not None or due <= now
    ]
    return Kept(sum(done is not None and done <= due for done, due in judged), len(judged))


def _late(task: Row[*tuple[Any, ...]], now: datetime) -> bool:
    """Whether an open follow-up has missed its first contact or its closing time."""
    unreached = task.first_contact_at is None and task.contact_due_at < now
    return bool(task.state != State.CLOSED and (unreached or task.close_due_at < now))


def _hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600


def _causes(session: Session, tasks: Tasks) -> list[Cause]:
    """The root causes of closed follow-ups, the most frequent first."""
    found = Counter(task.root_cause_id for task in tasks if task.closed_at)
    causes = {cause.id: cause for cause in session.scalars(select(RootCause))}
    return [
        Cause(causes[key].key, causes[key].title, n) if key in causes else Cause("", {}, n)
        for key, n in found.most_common()
    ]


def _recovered(tasks: Tasks, currency: str) -> dict[str, Decimal]:
    """Recovered revenue by currency."""
    found: dict[str, Decimal] = {}
    for task in tasks:
        if task.recovered_revenue:
            name = task.currency or currency
            found[name] = found.get(name, Decimal(0)) + task.recovered_revenue
    return found
