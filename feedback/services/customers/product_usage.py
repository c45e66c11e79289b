"""Product usage figures of accounts, received from other programs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.errors import Conflict, NotFound, Rejected
from feedback.settings.table import HealthSettings
from feedback.store.database import add_once
from feedback.store.models import Account, UsagePoint


@dataclass(frozen=True, slots=True)
class UsageFigure:
    """A usage figure as received; `at` None means now. `key` is the sender's idempotency key within the account."""

    key: str
    name: str
    value: float
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """The latest value of one metric, and the value that means full use."""

    name: str
    value: float
    full: float
    at: datetime

    @property
    def share(self) -> float:
        """From 0.0 (not used) to 1.0 (full use or more)."""
        return min(1.0, max(0.0, self.value / self.full))


def record(session: Session, account: str, point: UsageFigure, now: datetime) -> tuple[UsagePoint, bool]:
    """Store a figure of the account with this external id, once per key. Returns it, and whether it is new.

    Raises NotFound for an unknown account, Rejected for a time in the future, Conflict if the key was used
    for another figure.
    """
    account_id = session.scalar(select(Account.id).where(Account.external_id == account))
    if account_id is None:
        raise NotFound("There is no such account; store it first.")
    if point.at is not None and point.at > now + timedelta(minutes=5):
        raise Rejected("Check the clock and the time zone of the sender: usage cannot be in the future.")
    if (stored := _stored(session, account_id, point)) is not None:
        return stored, False
    row = UsagePoint(
        account_id=account_id,
        key=point.key,
        name=point.name,
        value=point.value,
        at=(point.at or now).astimezone(UTC),
        received_at=now,
    )
    if not add_once(session, row):  # another request has just stored the same figure
        return _stored(session, account_id, point) or row, False
    return row, True


def _stored(session: Session, account_id: int, point: UsageFigure) -> UsagePoint | None:
    stored = session.scalar(
        select(UsagePoint).where(UsagePoint.account_id == account_id, UsagePoint.key == point.key)
    )
    if stored is None:
        return None
    if (stored.name, stored.value) != (point.name, point.value) or point.at not in (None, stored.at):
        raise Conflict("Use another key: this one was used for another figure.")
    return stored


def latest(
    session: Session, account_ids: Collection[int], settings: HealthSettings, now: datetime
) -> Mapping[int, list[Figure]]:
    """The current figures of each account that has any, in the order of the settings; one query."""
    wanted = (
        UsagePoint.account_id.in_(account_ids),
        UsagePoint.name.in_(settings.usage),
        UsagePoint.at >= now - settings.usage_counts_for,
    )
    newest = (
        select(UsagePoint.account_id, UsagePoint.name, func.max(UsagePoint.at).label("at"))
        .where(*wanted)
        .group_by(UsagePoint.account_id, UsagePoint.name)
        .subquery()
    )
    rows = session.execute(
        select(UsagePoint.account_id, UsagePoint.name, UsagePoint.value, UsagePoint.at)
        .join(
            newest,
            (UsagePoint.account_id == newest.c.account_id)
            & (UsagePoint.name == newest.c.name)
            & (UsagePoint.at == newest.c.at),
        )
        .order_by(UsagePoint.id)
    )
    found: dict[int, dict[str, Figure]] = defaultdict(dict)
    for account_id, name, value, at in rows:  # of two with the same time, the one that was received last
        found[account_id][name] = Figure(name, value, settings.usage[name], at)
    order = list(settings.usage)
    return {
        each: sorted(figures.values(), key=lambda figure: order.index(figure.name))
        for each, figures in found.items()
    }
