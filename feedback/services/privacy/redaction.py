"""Taking the person out of rows that stay: what somebody wrote, and where it was sent. Counts remain true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from feedback.core.lifecycle import MessageState
from feedback.store.models import (
    AnswerRow,
    FollowUp,
    FollowUpEntry,
    InboundReply,
    Invitation,
    Message,
    Response,
)

NOTHING = ""


def messages(session: Session, *which: ColumnElement[bool]) -> None:
    """Text and address of messages. One that has not gone out is cancelled: there is nobody to send it to."""
    session.execute(
        update(Message)
        .where(*which, Message.state == MessageState.QUEUED)
        .values(state=MessageState.CANCELLED, state_reason="erased")
    )
    session.execute(
        update(Message)
        .where(*which)
        .values(recipient=NOTHING, subject=None, body=NOTHING, html=None, headers={}, detail=None, match=None)
    )


def replies(session: Session, now: datetime, *which: ColumnElement[bool]) -> None:
    """Text and sender of what customers wrote to us. Nobody needs to look at an empty reply."""
    session.execute(
        update(InboundReply)
        .where(*which)
        .values(sender=NOTHING, body=NOTHING, handled_note=None, needs_person=False)
    )
    session.execute(
        update(InboundReply).where(*which, InboundReply.handled_at.is_(None)).values(handled_at=now)
    )


def answers(session: Session, responses: Sequence[int]) -> None:
    """The words in answers and the notes on them; scores, choices and what reports break down by stay."""
    session.execute(update(AnswerRow).where(AnswerRow.response_id.in_(responses)).values(text=None))
    session.execute(update(Response).where(Response.id.in_(responses)).values(evidence={}, visit=None))
    tasks = select(FollowUp.id).where(FollowUp.response_id.in_(responses)).scalar_subquery()
    session.execute(update(FollowUp).where(FollowUp.id.in_(tasks)).values(closing_note=None))
    session.execute(
        update(FollowUpEntry).where(FollowUpEntry.follow_up_id.in_(tasks)).values(text=None, detail={})
    )


def invitations(session: Session, *which: ColumnElement[bool]) -> None:
    """What links and letters were filled with; the link itself stops working."""
    session.execute(
        update(Invitation)
        .where(*which)
        .values(piping={}, token=None, conversation=None, reply_key=None, remind_at=None)
    )


def is_worded(responses: type[Response]) -> ColumnElement[bool]:
    """Whether an answer of the response still has words in it."""
    return (
        select(func.count())
        .select_from(AnswerRow)
        .where(AnswerRow.response_id == responses.id, AnswerRow.text.is_not(None))
        .correlate(responses)
        .scalar_subquery()
        > 0
    )
