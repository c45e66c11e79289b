"""What is reported about a follow-up to other systems."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.followup import State
from feedback.services import changes
from feedback.services.changes import ReportedChange
from feedback.store.models import FollowUp

OVERDUE = "follow_up.overdue"
TOO_OLD = timedelta(days=2)
"""Targets that were missed longer ago are not reported, so that a new endpoint does not begin with old ones."""


def report(session: Session, type_: str, task: FollowUp, now: datetime) -> None:
    """Report a change of one follow-up, in the transaction of the change."""
    changes.report(session, [_of(task, type_)], now)


def report_overdue(session: Session, now: datetime) -> int:
    """Report targets that were missed since the last time, each once. Returns the number of events."""
    if not changes.is_wanted(session, OVERDUE):
        return 0
    missed = [
        _of(task, OVERDUE, key=_key(task, target, due), target=target)
        for task in session.scalars(_late(now))
        for target, due in _targets(task).items()
        if now - TOO_OLD < due <= now
    ]
    return changes.report_once(session, missed, now)


def _late(now: datetime) -> Any:
    window = (
        FollowUp.contact_due_at.between(now - TOO_OLD, now),
        FollowUp.close_due_at.between(now - TOO_OLD, now),
    )
    return select(FollowUp).where(FollowUp.state != State.CLOSED, window[0] | window[1]).order_by(FollowUp.id)


def _targets(task: FollowUp) -> Mapping[str, datetime]:
    """The targets that are still to be met."""
    first = {} if task.first_contact_at is not None else {"contact": task.contact_due_at}
    return {**first, "close": task.close_due_at}


def _key(task: FollowUp, target: str, due: datetime) -> str:
    """A follow-up that was reopened has new targets, and can miss them again."""
    return f"{OVERDUE}:{task.id}:{target}:{due.isoformat()}"


def _of(task: FollowUp, type_: str, *, key: str | None = None, **detail: object) -> ReportedChange:
    return ReportedChange(type_, "follow_up", task.id, task.contact_id, task.response_id, detail, key)
