"""Updates follow-ups when the customer changes the answer that opened them (for example after a mistap).

A follow-up that nobody has started follows the answer: it changes its rule, is closed, or is reopened. One that
somebody works on stays with them, with a line in its timeline. A target is never moved to a later time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from feedback.core.followup import Outcome, State
from feedback.core.questionnaire import FollowUpRule, Questionnaire
from feedback.core.time.business_time import BusinessCalendar
from feedback.services.followups import reported_changes, timeline
from feedback.store.models import FollowUp, Score

GATHERED = "gathered"
"""The kind of a timeline entry for another response through the same open link."""


def told_by(rule: FollowUpRule, questionnaire: Questionnaire) -> dict[str, Any]:
    """The columns of a follow-up that come from its rule, in all languages of the questionnaire."""
    languages = questionnaire.languages
    return {
        "rule": rule.key,
        "urgency": rule.urgency,
        "title": dict(rule.title.variants(languages)),
        "playbook": dict(rule.playbook.variants(languages)) if rule.playbook else {},
    }


def follow(
    session: Session,
    task: FollowUp,
    rule: FollowUpRule,
    questionnaire: Questionnaire,
    scored: Score | None,
    *,
    calendar: BusinessCalendar,
    now: datetime,
) -> None:
    """Update a follow-up that the changed answer still needs, possibly with another rule and score."""
    if task.state == State.CLOSED and task.outcome != Outcome.CORRECTED:
        return
    before = task.score
    if task.rule == rule.key and task.state != State.CLOSED and not _changes(task, scored):
        return
    if task.state == State.CLOSED:
        _reopen(task, rule, calendar, now)
        reported_changes.report(session, "follow_up.opened", task, now)
    elif task.rule != rule.key:
        task.contact_due_at = min(task.contact_due_at, calendar.add(now, rule.contact_within))
        task.close_due_at = min(task.close_due_at, calendar.add(now, rule.close_within))
    for column, value in told_by(rule, questionnaire).items():
        setattr(task, column, value)
    _corrected(session, task, before, scored, now)


def call_off(session: Session, tasks: Iterable[FollowUp], scored: Score | None, *, now: datetime) -> None:
    """Close follow-ups that the changed answer does not need any more, unless somebody works on them."""
    for task in tasks:
        if task.state == State.CLOSED:
            continue
        others = any(entry.kind == GATHERED for entry in task.entries)
        before, untouched = (
            task.score,
            task.state == State.OPEN and task.first_contact_at is None and not others,
        )
        if untouched:
            task.state, task.outcome, task.closed_at = State.CLOSED, Outcome.CORRECTED, now
            reported_changes.report(session, "follow_up.closed", task, now)
        if untouched or _changes(task, scored):
            _corrected(session, task, before, scored, now)


def _reopen(task: FollowUp, rule: FollowUpRule, calendar: BusinessCalendar, now: datetime) -> None:
    """Reopen a follow-up as if it were new: with new targets, and no notifications or reminders sent yet."""
    task.state, task.outcome, task.closed_at = State.OPEN, None, None
    task.contact_due_at = calendar.add(now, rule.contact_within)
    task.close_due_at = calendar.add(now, rule.close_within)
    task.owner_told_at = task.contact_reminded_at = task.close_reminded_at = None
    task.escalated_at = task.close_escalated_at = None


def _changes(task: FollowUp, scored: Score | None) -> bool:
    return scored is not None and task.score != scored.value


def _corrected(
    session: Session, task: FollowUp, before: int | None, scored: Score | None, now: datetime
) -> None:
    if scored is not None:
        task.score = scored.value
    task.revision += 1
    detail = {"before": before, "score": task.score}
    timeline.add(session, task.id, "corrected", now=now, detail=detail)
