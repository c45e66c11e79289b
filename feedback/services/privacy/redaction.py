"""Redacts personal data in rows that stay, so that counts do not change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from feedback.core.lifecycle import MessageState
from feedback.services.themes import counting
from feedback.store import personal
from feedback.store.models import (
    AnswerRow,
    Bounce,
    CommentTheme,
    FollowUp,
    FollowUpEntry,
    InboundReply,
    Invitation,
    Message,
    Response,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEvent,
)

NOTHING = ""


def messages(session: Session, *which: ColumnElement[bool]) -> None:
    """Redact text and address of messages and of their bounces, and cancel those that have not been sent."""
    session.execute(
        update(Message)
        .where(*which, Message.state == MessageState.QUEUED)
        .values(state=MessageState.CANCELLED, state_reason="erased")
    )
    session.execute(update(Message).where(*which).values(personal.emptied(Message)))
    redacted = select(Message.id).where(*which).scalar_subquery()
    session.execute(update(Bounce).where(Bounce.message_id.in_(redacted)).values(personal.emptied(Bounce)))


def replies(session: Session, now: datetime, *which: ColumnElement[bool]) -> None:
    """Redact text and sender of replies, and remove them from the inbox."""
    session.execute(
        update(InboundReply).where(*which).values(personal.emptied(InboundReply) | {"needs_person": False})
    )
    session.execute(
        update(InboundReply).where(*which, InboundReply.handled_at.is_(None)).values(handled_at=now)
    )


def answers(session: Session, responses: Sequence[int]) -> None:
    """Redact the texts of answers and the notes on them; scores, choices and the dimensions of reports stay."""
    counting.mark_responses(session, responses)
    given = select(AnswerRow.id).where(AnswerRow.response_id.in_(responses)).scalar_subquery()
    session.execute(delete(CommentTheme).where(CommentTheme.answer_id.in_(given)))
    tasks = select(FollowUp.id).where(FollowUp.response_id.in_(responses)).scalar_subquery()
    for table, which in (
        (AnswerRow, AnswerRow.response_id.in_(responses)),
        (Response, Response.id.in_(responses)),
        (FollowUp, FollowUp.response_id.in_(responses)),
        (FollowUpEntry, FollowUpEntry.follow_up_id.in_(tasks)),
    ):
        session.execute(update(table).where(which).values(personal.emptied(table)))
    _webhooks(session, WebhookEvent.spread_at.is_not(None) & WebhookEvent.response_id.in_(responses))


def _webhooks(session: Session, which: ColumnElement[bool]) -> None:
    """Empty bodies and the receivers' answers; what has not been sent will be dropped."""
    session.execute(update(WebhookEvent).where(which).values(personal.emptied(WebhookEvent)))
    sent = (
        select(WebhookDelivery.id)
        .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
        .where(which)
    )
    told = WebhookAttempt.delivery_id.in_(sent.scalar_subquery())
    session.execute(update(WebhookAttempt).where(told).values(personal.emptied(WebhookAttempt)))


def invitations(session: Session, *which: ColumnElement[bool]) -> None:
    """Redact the placeholder values of invitations, and disable their links."""
    session.execute(
        update(Invitation).where(*which).values(personal.emptied(Invitation) | {"remind_at": None})
    )


def is_worded(responses: type[Response]) -> ColumnElement[bool]:
    """A SQL condition: an answer of the response still has text."""
    return (
        select(func.count())
        .select_from(AnswerRow)
        .where(AnswerRow.response_id == responses.id, AnswerRow.text.is_not(None))
        .correlate(responses)
        .scalar_subquery()
        > 0
    )
