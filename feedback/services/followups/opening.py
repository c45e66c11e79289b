"""Opens the follow-ups that an answer needs, with an owner and target times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback.core.followup import State
from feedback.core.questionnaire import FollowUpRule, Questionnaire
from feedback.services.followups import answer_changes, open_link_answers, reported_changes, timeline
from feedback.services.staff.business_hours import calendar_of
from feedback.settings.table import FollowUpSettings
from feedback.store.models import Account, FollowUp, Response, Score, User


def open_if_needed(
    session: Session,
    response: Response,
    questionnaire: Questionnaire,
    rules: Sequence[FollowUpRule],
    *,
    followup: FollowUpSettings,
    now: datetime,
) -> list[FollowUp]:
    """Open the follow-ups that these rules need and that do not exist yet, with owners and due dates.

    There is at most one of each kind per response, and none for a response that looks like a machine's. Existing
    ones are updated if an answer is changed (`corrections`).
    """
    if not may_change(response, rules):  # most answers; they need no query
        return []
    scored = _score(response, questionnaire)
    known = {task.kind: task for task in _of(session, response)}
    opened = []
    for rule in rules:
        if (task := known.pop(rule.kind, None)) is not None:
            calendar = calendar_of(task.owner, followup)
            answer_changes.follow(session, task, rule, questionnaire, scored, calendar=calendar, now=now)
        elif task := _open(session, response, questionnaire, rule, scored, followup=followup, now=now):
            opened.append(task)
    answer_changes.call_off(session, known.values(), scored, now=now)
    return opened


class _Judged(Protocol):
    """A response as an object or as a row."""

    @property
    def provisional(self) -> bool: ...
    @property
    def edits(self) -> int: ...


def may_change(response: _Judged, rules: Sequence[FollowUpRule]) -> bool:
    """Whether an answer that set off these rules opens a follow-up or changes one; most do not."""
    return not response.provisional and bool(rules or response.edits)


def _of(session: Session, response: Response) -> Sequence[FollowUp]:
    """The follow-ups of a response, locked, because a colleague may take one at the same time."""
    wanted = select(FollowUp).where(FollowUp.response_id == response.id).with_for_update(of=FollowUp)
    return session.scalars(wanted.execution_options(populate_existing=True)).all()


def _score(response: Response, questionnaire: Questionnaire) -> Score | None:
    question = questionnaire.scored
    key = question.key if question else None
    return next((score for score in response.scores if score.question == key), None)


def _open(
    session: Session,
    response: Response,
    questionnaire: Questionnaire,
    rule: FollowUpRule,
    scored: Score | None,
    *,
    followup: FollowUpSettings,
    now: datetime,
) -> FollowUp | None:
    """Open one follow-up; None if another request has just opened it, or if an open one takes the response in."""
    if open_link_answers.join(session, response, questionnaire, rule, scored, now=now):
        return None
    owner = owner_for(session, response.account, followup=followup, now=now)
    calendar = calendar_of(owner, followup)
    task = FollowUp(
        response_id=response.id,
        account_id=response.account_id,
        contact_id=response.contact_id,
        owner_id=owner.id if owner else None,
        kind=rule.kind,
        **answer_changes.told_by(rule, questionnaire),
        state=State.OPEN,
        metric=scored.metric if scored else None,
        score=scored.value if scored else None,
        previous_score=previous_score(session, response, scored) if scored else None,
        opened_at=now,
        contact_due_at=calendar.add(now, rule.contact_within),
        close_due_at=calendar.add(now, rule.close_within),
        is_demo=response.is_demo,
    )
    try:
        with session.begin_nested():
            session.add(task)
    except IntegrityError:
        return None
    timeline.add(session, task.id, "opened", now=now)
    reported_changes.report(session, "follow_up.opened", task, now)
    return task


def owner_for(
    session: Session, account: Account | None, *, followup: FollowUpSettings, now: datetime
) -> User | None:
    """The account's owner, or their delegate during an absence, or the fallback owner; None if there is none."""
    owner = session.get(User, account.owner_id) if account and account.owner_id else None
    standing_in = present(session, owner, now)
    if standing_in is not None or not followup.fallback_owner:
        return standing_in
    fallback = session.scalar(select(User).where(func.lower(User.email) == followup.fallback_owner.lower()))
    return present(session, fallback, now)


def present(session: Session, user: User | None, now: datetime) -> User | None:
    """The user, or their delegate during an absence (followed repeatedly); None if everybody in a circle is away."""
    asked: set[int] = set()
    while user is not None and user.id not in asked:
        if user.active and (user.away_until is None or user.away_until <= now):
            return user
        asked.add(user.id)
        user = session.get(User, user.delegate_id) if user.delegate_id else None
    return None


def previous_score(session: Session, response: Response, scored: Score) -> int | None:
    """The previous score of the same person in this series; a colleague's score is never theirs."""
    if response.contact_id is None:
        return None
    return session.scalar(
        select(Score.value)
        .join(Response, Response.id == Score.response_id)
        .where(
            Response.id != response.id,
            Response.contact_id == response.contact_id,
            Response.provisional.is_(False),
            Score.metric == scored.metric,
            Score.trend == scored.trend,
            Score.at <= scored.at,
        )
        .order_by(Score.at.desc())
        .limit(1)
    )
