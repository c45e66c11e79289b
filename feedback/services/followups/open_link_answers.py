"""Gathers low scores that come through one open link into one follow-up.

Nobody can be called back about them, so a person who looks once an hour sees as much as from a hundred follow-ups; and
a stranger who stuffs the link cannot fill the queue.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.followup import State
from feedback.core.questionnaire import FollowUpRule, Questionnaire
from feedback.core.questions import TextQuestion
from feedback.services.followups import timeline
from feedback.services.followups.answer_changes import GATHERED
from feedback.store.models import FollowUp, FollowUpEntry, Response, Score

WITHIN = timedelta(hours=1)


def join(
    session: Session,
    response: Response,
    questionnaire: Questionnaire,
    rule: FollowUpRule,
    scored: Score | None,
    *,
    now: datetime,
) -> bool:
    """Add a response to the follow-up of this kind that the same link has opened within the hour and nobody has taken.

    False if it needs a follow-up of its own: there is none to join, it comes from an invited contact, or somebody has
    left a contact detail.
    """
    if response.link_id is None or response.contact_id is not None or _left_details(response, questionnaire):
        return False
    if _has_joined(session, response):
        return True
    task = session.scalar(
        select(FollowUp)
        .join(Response, Response.id == FollowUp.response_id)
        .where(Response.link_id == response.link_id, Response.id != response.id)
        .where(FollowUp.kind == rule.kind, FollowUp.state == State.OPEN, FollowUp.opened_at > now - WITHIN)
        .order_by(FollowUp.id)
        .limit(1)
        .with_for_update(of=FollowUp)
    )
    if task is None:
        return False
    detail = {"response": response.id, "score": scored.value if scored else None}
    timeline.add(session, task.id, GATHERED, now=now, detail=detail)
    return True


def _left_details(response: Response, questionnaire: Questionnaire) -> bool:
    asked = {each.key for each in questionnaire.questions if isinstance(each, TextQuestion) and each.contact}
    return any(answer.question in asked and answer.text for answer in response.answers)


def _has_joined(session: Session, response: Response) -> bool:
    entry = (
        select(FollowUpEntry.id)
        .join(FollowUp, FollowUp.id == FollowUpEntry.follow_up_id)
        .join(Response, Response.id == FollowUp.response_id)
        .where(Response.link_id == response.link_id, FollowUpEntry.kind == GATHERED)
        .where(FollowUpEntry.detail["response"].as_integer() == response.id)
        .limit(1)
    )
    return session.scalar(entry) is not None
