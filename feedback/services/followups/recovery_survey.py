"""Recovery surveys: after a complaint is closed, the customer is asked how it was handled.

Closing a follow-up writes nothing else. The worker looks for complaints that ended well and records a journey
event for each, with a key made from the follow-up's id, so that it is recorded once. The journey and the contact
policy decide whether a survey is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, cast, literal, select
from sqlalchemy.orm import Session

from feedback.core import reserved
from feedback.core.followup import Outcome
from feedback.core.lifecycle import EnrolmentState
from feedback.core.metrics import METRICS
from feedback.errors import Conflict
from feedback.services.context import Context
from feedback.services.journey import enrolments
from feedback.store.models import (
    Contact,
    Enrolment,
    FollowUp,
    Invitation,
    JourneyEvent,
    Response,
    Score,
)
from feedback.store.portions import TOGETHER, Portions

EVENT = reserved.FOLLOW_UP_CLOSED
ENDED_WELL = (Outcome.RECOVERED, Outcome.SAVED_BY_OFFER)
CATCH_UP = timedelta(days=7)
"""Complaints closed longer ago get no survey (after downtime, or if the stage is new in the journey)."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """The recovery survey of one complaint and its state; `score` is its answer."""

    enrolment: Enrolment
    invitation: Invitation | None
    score: Score | None


def tell_journey_of_all(portions: Portions, context: Context, now: datetime) -> None:
    """Record an event for each complaint that ended well and has none yet."""
    with portions.database.reading() as session:
        closed = closed_well(session, context, now)
    portions.each(closed, lambda session, some: _tell(session, some, context, now), least=TOGETHER)


def tell_journey(session: Session, context: Context, now: datetime) -> int:
    """What `tell_journey_of_all` does, in one transaction. Returns the number of complaints."""
    closed = closed_well(session, context, now)
    _tell(session, closed, context, now)
    return len(closed)


def closed_well(session: Session, context: Context, now: datetime) -> list[enrolments.Event]:
    """The events of complaints that ended well and have none yet."""
    if not context.library.journey.for_event(EVENT):
        return []
    closed = session.execute(
        select(FollowUp.id, FollowUp.closed_at, Contact.external_id)
        .join(Contact, Contact.id == FollowUp.contact_id)
        .where(FollowUp.kind == "recovery", FollowUp.outcome.in_(ENDED_WELL), Contact.erased_at.is_(None))
        .where(FollowUp.closed_at > now - CATCH_UP, ~select(JourneyEvent.id).where(_tells_of()).exists())
        .order_by(Contact.id, FollowUp.id)
    )
    return [
        enrolments.Event(_key(task_id), EVENT, contact, closed_at or now)
        for task_id, closed_at, contact in closed
    ]


def _tell(session: Session, events: Sequence[enrolments.Event], context: Context, now: datetime) -> None:
    for result in enrolments.record_events(session, events, context, now, source=reserved.SOURCE):
        if isinstance(result, Conflict):
            raise result


def find_for(session: Session, task: FollowUp) -> Recovery | None:
    """The recovery survey of this complaint; None if there is none."""
    row = session.execute(
        select(Enrolment, Invitation, Score)
        .join(JourneyEvent, JourneyEvent.id == Enrolment.event_id)
        .outerjoin(Invitation, Invitation.enrolment_id == Enrolment.id)
        .outerjoin(Response, (Response.invitation_id == Invitation.id) & Response.provisional.is_(False))
        .outerjoin(Score, Score.response_id == Response.id)
        .where(JourneyEvent.key == _key(task.id))
        .order_by(Score.id)
        .limit(1)
    ).first()
    return Recovery(*row) if row else None


def forget_plan(session: Session, task: FollowUp) -> None:
    """Forget that this complaint was closed, unless its survey has been issued: it is not over yet, and is told to the
    journey when it is closed again."""
    event = session.scalar(select(JourneyEvent).where(JourneyEvent.key == _key(task.id)).with_for_update())
    if event is None:
        return
    planned = select(Enrolment).where(Enrolment.event_id == event.id).with_for_update()
    entered = session.scalars(planned).all()
    if any(each.state == EnrolmentState.ISSUED for each in entered):
        return
    for each in entered:
        session.delete(each)
    session.flush()
    session.delete(event)


def scored_again(session: Session, task: FollowUp) -> Score | None:
    """The same person's first score in the same series after the complaint was closed.

    None if the complaint is open, or if there is no later score yet.
    """
    if task.contact_id is None or task.closed_at is None:
        return None
    same = {score.trend for score in task.response.scores if score.metric == task.metric}
    return session.scalar(
        select(Score)
        .join(Response, Response.id == Score.response_id)
        .where(Response.contact_id == task.contact_id, Response.provisional.is_(False))
        .where(Score.metric == task.metric, Score.trend.in_(same), Score.at > task.closed_at)
        .order_by(Score.at, Score.id)
        .limit(1)
    )


def is_better(metric: str, before: int, after: int) -> bool | None:
    """Whether `after` is the better score; None if they are equal. On some scales low values are good."""
    change = METRICS[metric].badness(before) - METRICS[metric].badness(after)
    return change > 0 if change else None


def scores(session: Session, task_ids: list[int]) -> Mapping[int, tuple[bool, int | None]]:
    """Follow-up id -> (whether its recovery survey was sent, its score), in one query."""
    rows = session.execute(
        select(FollowUp.id, Invitation.sent_at, Score.value)
        .join(JourneyEvent, _tells_of())
        .join(Enrolment, Enrolment.event_id == JourneyEvent.id)
        .join(Invitation, Invitation.enrolment_id == Enrolment.id)
        .outerjoin(Response, (Response.invitation_id == Invitation.id) & Response.provisional.is_(False))
        .outerjoin(Score, (Score.response_id == Response.id) & (Score.metric == "csat"))
        .where(FollowUp.id.in_(task_ids))
    )
    return {task_id: (sent_at is not None, value) for task_id, sent_at, value in rows}


def _tells_of() -> ColumnElement[bool]:
    """The join condition of an event and the follow-up in its key."""
    return JourneyEvent.key == literal(reserved.FOLLOW_UP) + cast(FollowUp.id, String)


def _key(task_id: int) -> str:
    return f"{reserved.FOLLOW_UP}{task_id}"
