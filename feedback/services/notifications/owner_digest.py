"""Notifies the owners of follow-ups by e-mail: immediately, and before a target time.

The targets are that of the first contact and that of closing. News within `alerts.digest_after` of the last message
is merged into one message, and so is what accumulated while the worker was down. Timestamps in the rows of the
follow-ups prevent duplicates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from feedback.core.followup import State
from feedback.services.context import Context
from feedback.services.followups import opening
from feedback.services.notifications import notified_follow_ups, staff_email
from feedback.services.notifications.follow_up_letter import FollowUpLetter
from feedback.services.notifications.promises import PROMISES, Promise
from feedback.services.staff.business_hours import calendar_of
from feedback.services.staff.readers import translator_for
from feedback.settings import Settings
from feedback.store.models import FollowUp, User
from feedback.store.portions import Portions


def tell_all_owners(portions: Portions, context: Context, now: datetime) -> None:
    """Queue one message to each owner with news or an approaching target, in portions."""
    if not staff_email.can_write(context.providers):
        return
    with portions.database.reading() as session:
        until, waiting = _waiting(session, context.settings, now)
    portions.each(
        sorted(waiting.items()), lambda session, some: _tell_some(session, some, until, context, now)
    )


def tell_owners(session: Session, context: Context, now: datetime) -> int:
    """What `tell_all_owners` does, in one transaction. Returns the number of messages."""
    if not staff_email.can_write(context.providers):
        return 0
    until, waiting = _waiting(session, context.settings, now)
    return _tell_some(session, sorted(waiting.items()), until, context, now)


def _waiting(
    session: Session, settings: Settings, now: datetime
) -> tuple[dict[int, datetime | None], dict[int, dict[int, int]]]:
    """Until when the targets of each owner are reminded of now, and reader -> follow-up -> owner."""
    until = _reminded_until(session, settings, now)
    waiting: dict[int, dict[int, int]] = defaultdict(dict)
    for task in session.scalars(_owed(until)).all():
        owner = task.owner_id
        if owner in until and (_is_news(task) or _due_promises(task, until[owner], now)):
            reader = opening.present(session, session.get(User, owner), now)
            waiting[reader.id if reader else owner][task.id] = owner
    return until, waiting


def _tell_some(
    session: Session,
    waiting: Sequence[tuple[int, Mapping[int, int]]],
    until: Mapping[int, datetime | None],
    context: Context,
    now: datetime,
) -> int:
    rested = now - context.settings.alerts.digest_after
    told = 0
    for reader_id, owners in waiting:
        reader = staff_email.one_at_a_time(session, User.id == reader_id)[0]
        if not staff_email.heard_since(session, [reader], "digest", rested):
            told += _tell_owner(session, reader, owners, until, context, now)
    return told


def _tell_owner(
    session: Session,
    reader: User,
    owners: Mapping[int, int],
    until: Mapping[int, datetime | None],
    context: Context,
    now: datetime,
) -> int:
    """Notify one reader of these follow-ups, unless their owner has changed since they were read."""
    found = notified_follow_ups.locked(session, FollowUp.id.in_(owners))
    tasks = [task for task in found if task.owner_id == owners[task.id]]
    fresh = [task for task in tasks if _is_news(task)]
    due = [(task, promise) for task in tasks for promise in _due_promises(task, until[owners[task.id]], now)]
    only_due = [(task, promise) for task, promise in due if task not in fresh]
    if not fresh and not only_due:
        return 0
    letter = FollowUpLetter(translator_for(reader, context.settings), reader, context.settings)
    sections = [letter.fresh(fresh), letter.running_out(only_due)]
    letter.send(session, sections, "digest", context.providers, now)
    for task in fresh:
        task.owner_told_at = now
        notified_follow_ups.note(session, task, "told", [reader], now)
    for task, promise in due:
        setattr(task, promise.reminded_at.key, now)
        if task not in fresh:  # the notification contains the target time
            notified_follow_ups.note(session, task, promise.reminded, [reader], now)
    session.flush()
    return 1


def _reminded_until(session: Session, settings: Settings, now: datetime) -> dict[int, datetime | None]:
    """Owner id -> the time up to which targets are reminded of now; None outside their business hours."""
    working = select(FollowUp.owner_id).where(FollowUp.state != State.CLOSED)
    ahead = settings.alerts.remind_before
    found: dict[int, datetime | None] = {}
    for owner in session.scalars(select(User).where(User.active, User.id.in_(working))):
        calendar = calendar_of(owner, settings.followup)
        is_time = ahead > timedelta(0) and calendar.is_open(now)
        found[owner.id] = calendar.reaches(now, ahead) if is_time else None
    return found


def _owed(until: Mapping[int, datetime | None]) -> Select[FollowUp]:
    """Candidates for notifications, read without locks; some of them turn out to need none."""
    horizon = max((moment for moment in until.values() if moment), default=None)
    wanted: list[ColumnElement[bool]] = [
        FollowUp.owner_told_at.is_(None) & FollowUp.state.in_((State.OPEN, State.TAKEN))
    ]
    if horizon is not None:
        wanted += [and_(each.open, each.reminded_at.is_(None), each.due_at <= horizon) for each in PROMISES]
    return (
        select(FollowUp)
        .where(FollowUp.state != State.CLOSED, FollowUp.owner_id.is_not(None), or_(*wanted))
        .order_by(FollowUp.id)
    )


def _is_news(task: FollowUp) -> bool:
    return task.owner_told_at is None and task.state in (State.OPEN, State.TAKEN)


def _due_promises(task: FollowUp, until: datetime | None, now: datetime) -> list[Promise]:
    return [promise for promise in PROMISES if _runs_out(task, promise, until, now)]


def _runs_out(task: FollowUp, promise: Promise, until: datetime | None, now: datetime) -> bool:
    """Whether a reminder is due: close to the target, but not before half of the time has passed."""
    due = promise.due(task)
    if until is None or due > until or not promise.is_open(task) or task.state == State.CLOSED:
        return False
    return getattr(task, promise.reminded_at.key) is None and now - task.opened_at >= due - now
