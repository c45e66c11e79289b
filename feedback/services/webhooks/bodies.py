"""The bodies of events: `type`, `timestamp`, and as `data` the object in the shape of the API.

Bodies are made for many events at once, from the rows as they are at that moment. One that follows another event of the
same object within seconds may therefore show a later state, never an earlier one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import and_, select
from sqlalchemy.orm import Session, selectinload

from feedback.core.metrics.several_items import several_items
from feedback.core.webhook_events import EVENT_TYPES
from feedback.services.context import Context
from feedback.services.shapes.campaigns import campaign_shapes
from feedback.services.shapes.follow_ups import follow_up_shape
from feedback.services.shapes.invitations import invitation_shape, suppression_shapes
from feedback.services.shapes.responses import CommentOut, response_shapes
from feedback.store.models import (
    AnswerRow,
    Campaign,
    Contact,
    FollowUp,
    Invitation,
    Response,
    Score,
    Suppression,
    WebhookEvent,
)


@dataclass(frozen=True, slots=True)
class WebhookBody:
    """What an event says, and the facts that filters compare."""

    data: BaseModel
    facts: Mapping[str, Any]


Bodies = dict[int, WebhookBody]
"""Event id -> body; an event whose object is gone has none."""
Make = Callable[[Session, Sequence[WebhookEvent], Context, datetime], Bodies]


def made(session: Session, events: Iterable[WebhookEvent], context: Context, now: datetime) -> Bodies:
    """The bodies of these events."""
    of_shape: dict[str, list[WebhookEvent]] = defaultdict(list)
    for event in events:
        if event.type in EVENT_TYPES:
            of_shape[EVENT_TYPES[event.type].shape].append(event)
    found: Bodies = {}
    for shape, some in of_shape.items():
        found.update(_MAKERS[shape](session, some, context, now))
    return found


def written(type_: str, at: datetime, data: Mapping[str, Any]) -> str:
    """The body as it is signed and sent: JSON with the keys in this order, and letters as they are."""
    body = {"type": type_, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


# --- Responses -----------------------------------------------------------------------------------


def _responses(session: Session, events: Sequence[WebhookEvent], _: Context, __: datetime) -> Bodies:
    rows = _responses_of(session, {event.subject_id for event in events})
    shapes = {each.id: each for each in response_shapes(session, list(rows.values()), {"answers"})}
    return {
        event.id: WebhookBody(shapes[event.subject_id], _facts(rows[event.subject_id]))
        for event in events
        if event.subject_id in shapes
    }


def _responses_of(session: Session, ids: set[int]) -> dict[int, Response]:
    wanted = select(Response).where(Response.id.in_(ids))
    related = (
        selectinload(Response.contact),
        selectinload(Response.account),
        selectinload(Response.scores),
    )
    return {row.id: row for row in session.scalars(wanted.options(*related).order_by(Response.id))}


def _facts(row: Response) -> dict[str, Any]:
    return {
        "questionnaire": row.questionnaire,
        "stage": row.stage,
        "segment": row.segment,
        "channel": row.channel,
        "score": min(
            (score.value for score in row.scores if several_items(score.metric) is None), default=None
        ),
    }


def _comments(session: Session, events: Sequence[WebhookEvent], _: Context, __: datetime) -> Bodies:
    rows = _responses_of(session, {event.subject_id for event in events})
    answers = _texts(session, rows)
    tasks = session.execute(
        select(FollowUp.response_id, FollowUp.id).where(
            FollowUp.response_id.in_(rows), FollowUp.kind == "recovery"
        )
    )
    follow_ups = {task.response_id: task.id for task in tasks}
    found: Bodies = {}
    for event in events:
        answer = answers.get((event.subject_id, str(event.detail.get("question"))))
        if answer is not None:
            row = rows[event.subject_id]
            found[event.id] = WebhookBody(_comment(row, answer, follow_ups.get(row.id)), _facts(row))
    return found


def _texts(session: Session, rows: Mapping[int, Response]) -> dict[tuple[int, str], AnswerRow]:
    wanted = select(AnswerRow).where(AnswerRow.response_id.in_(rows), AnswerRow.text.is_not(None))
    return {(each.response_id, each.question): each for each in session.scalars(wanted) if each.text}


def _comment(row: Response, answer: AnswerRow, follow_up: int | None) -> CommentOut:
    scored: Score | None = min(row.scores, key=lambda score: score.id, default=None)
    return CommentOut(
        id=answer.id,
        response=row.id,
        at=row.answered_at,
        text=answer.text or "",
        questionnaire=row.questionnaire,
        question=answer.question,
        language=row.language,
        stage=row.stage,
        segment=row.segment,
        channel=row.channel,
        metric=scored.metric if scored else None,
        value=scored.value if scored else None,
        band=scored.band if scored else None,
        account=row.account.external_id if row.account else None,
        follow_up=follow_up,
    )


# --- What follows from them ----------------------------------------------------------------------


def _follow_ups(session: Session, events: Sequence[WebhookEvent], _: Context, __: datetime) -> Bodies:
    related = (
        selectinload(FollowUp.account),
        selectinload(FollowUp.contact),
        selectinload(FollowUp.owner),
        selectinload(FollowUp.response),
    )
    wanted = select(FollowUp).where(FollowUp.id.in_({event.subject_id for event in events})).options(*related)
    rows = {row.id: row for row in session.scalars(wanted)}
    found: Bodies = {}
    for event in events:
        row = rows.get(event.subject_id)
        if row is not None:
            facts = {
                "questionnaire": row.response.questionnaire,
                "stage": row.response.stage,
                "segment": row.response.segment,
                "channel": row.response.channel,
                "score": row.score,
            }
            found[event.id] = WebhookBody(follow_up_shape(row), facts)
    return found


def _invitations(session: Session, events: Sequence[WebhookEvent], context: Context, now: datetime) -> Bodies:
    related = (
        selectinload(Invitation.account),
        selectinload(Invitation.contact),
        selectinload(Invitation.version),
    )
    ids = {event.subject_id for event in events}
    rows = {
        row.id: row
        for row in session.scalars(select(Invitation).where(Invitation.id.in_(ids)).options(*related))
    }
    found: Bodies = {}
    for event in events:
        row = rows.get(event.subject_id)
        if row is not None:
            facts = {
                "questionnaire": row.version.key,
                "stage": row.stage,
                "channel": row.channel,
                "segment": row.account.segment if row.account else None,
            }
            found[event.id] = WebhookBody(invitation_shape(row, context.settings, now), facts)
    return found


def _suppressions(session: Session, events: Sequence[WebhookEvent], _: Context, __: datetime) -> Bodies:
    """An opt-out of somebody who was erased since has no body: their address is not given to anybody."""
    ids = {event.detail.get("suppression") for event in events}
    rows = session.scalars(
        select(Suppression).where(Suppression.id.in_(ids), Suppression.reason != "erased")
    ).all()
    shapes = {each.id: each for each in suppression_shapes(session, rows)}
    people = _people(session, {event.contact_id for event in events if event.contact_id is not None})
    found: Bodies = {}
    for event in events:
        shape = shapes.get(int(event.detail.get("suppression", 0)))
        if shape is None or shape.address.startswith("sha256:"):
            continue
        if event.contact_id is None:
            found[event.id] = WebhookBody(shape, {"channel": shape.channel})
        elif event.contact_id in people:
            person = people[event.contact_id]
            facts = {
                "channel": shape.channel,
                "segment": person.account.segment if person.account else None,
            }
            found[event.id] = WebhookBody(shape.model_copy(update={"contact": person.external_id}), facts)
    return found


def _people(session: Session, ids: set[int]) -> dict[int, Contact]:
    wanted = select(Contact).where(and_(Contact.id.in_(ids), Contact.erased_at.is_(None)))
    return {row.id: row for row in session.scalars(wanted.options(selectinload(Contact.account)))}


# --- Campaigns -----------------------------------------------------------------------------------


def _campaigns(session: Session, events: Sequence[WebhookEvent], _: Context, __: datetime) -> Bodies:
    ids = {event.subject_id for event in events}
    rows = session.scalars(select(Campaign).where(Campaign.id.in_(ids)).order_by(Campaign.id)).all()
    shapes = {each.id: each for each in campaign_shapes(session, rows)}
    return {
        event.id: WebhookBody(shape, {"questionnaire": shape.questionnaire})
        for event in events
        if (shape := shapes.get(event.subject_id)) is not None
    }


_MAKERS: Mapping[str, Make] = {
    "response": _responses,
    "comment": _comments,
    "follow_up": _follow_ups,
    "invitation": _invitations,
    "suppression": _suppressions,
    "campaign": _campaigns,
}
"""The shape of a type of event -> how the bodies are made."""
