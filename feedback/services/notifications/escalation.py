"""Notifies the leads of missed targets by e-mail, once each, also if the follow-up is snoozed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_
from sqlalchemy.orm import Session

from feedback.core.followup import State
from feedback.services.context import Context
from feedback.services.followups import opening
from feedback.services.notifications import notified_follow_ups, staff_email
from feedback.services.notifications.follow_up_letter import FollowUpLetter
from feedback.services.notifications.promises import PROMISES, Promise
from feedback.services.staff.accounts import RoleName
from feedback.services.staff.readers import translator_for
from feedback.store.models import FollowUp, Role, User


def escalate(session: Session, context: Context, now: datetime) -> int:
    """Notify the leads of missed targets in one message. Returns the number of follow-ups."""
    leads = _leads(session, now)
    rested = now - context.settings.alerts.digest_after
    if (
        not leads
        or not staff_email.can_write(context.providers)
        or staff_email.heard_since(session, leads, "escalation", rested)
    ):
        return 0
    late = or_(*(and_(each.open, each.escalated_at.is_(None), each.due_at < now) for each in PROMISES))
    tasks = notified_follow_ups.locked(session, FollowUp.state != State.CLOSED, late)
    missed = [(task, promise) for task in tasks for promise in PROMISES if _is_missed(task, promise, now)]
    if not missed:
        return 0
    for lead in leads:
        letter = FollowUpLetter(translator_for(lead, context.settings), lead, context.settings)
        letter.send(session, letter.missed(missed), "escalation", context.providers, now)
    for task, promise in missed:
        setattr(task, promise.escalated_at.key, now)
        notified_follow_ups.note(session, task, promise.escalated, leads, now)
    session.flush()
    return len({task.id for task, _ in missed})


def _is_missed(task: FollowUp, promise: Promise, now: datetime) -> bool:
    is_late = promise.is_open(task) and promise.due(task) < now
    return is_late and getattr(task, promise.escalated_at.key) is None


def _leads(session: Session, now: datetime) -> Sequence[User]:
    """The leads who are not absent, or all leads if all are absent."""
    leads = staff_email.one_at_a_time(
        session, User.active.is_(True), User.roles.any(Role.name == RoleName.LEAD)
    )
    return [lead for lead in leads if opening.present(session, lead, now) is lead] or leads
