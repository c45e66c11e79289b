"""What customers answer to a message of a follow-up: it lands in the follow-up, and in the inbox until it is read.

A reply by SMS belongs to whichever of us spoke last: to the follow-up if somebody wrote in it after the last question
of a survey, so "10" is then a time of day and no score.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.followup import Action, State, transition
from feedback.core.lifecycle import MESSAGE_LOST, MessageState
from feedback.services import audit
from feedback.services.access import Viewer
from feedback.services.followups import reported_changes, timeline
from feedback.services.messaging import outbox
from feedback.store.models import FollowUp, InboundReply, Invitation, Message

MEANING = "to_follow_up"
LISTENS_FOR = timedelta(days=30)
"""A reply within this time after the last message of a follow-up belongs to it, also if it was closed since."""
ASKING = ("invitation", "reminder", "question", "comment_prompt", "reprompt")
"""Purposes of messages that a reply by SMS can answer in a survey."""
_NEVER_SEEN = (MessageState.QUEUED, MessageState.CANCELLED, *sorted(MESSAGE_LOST))


def answered_message(
    session: Session, addresses: Collection[str], survey: Invitation | None, at: datetime
) -> Message | None:
    """The message of a follow-up that a text message from one of these numbers answers; None if it answers the
    `survey`, or nothing. `at` is when it was written."""
    reached = func.coalesce(Message.sent_at, Message.due_at)
    last = session.scalar(
        select(Message)
        .where(Message.recipient.in_(addresses), Message.purpose == outbox.FOLLOW_UP)
        .where(Message.channel == "sms", Message.state.not_in(_NEVER_SEEN))
        .where(Message.created_at > at - LISTENS_FOR - outbox.FOLLOW_UP_LIFE)
        .where(reached <= at, reached > at - LISTENS_FOR)
        .order_by(reached.desc(), Message.id.desc())
        .limit(1)
    )
    if last is None or session.get(FollowUp, last.follow_up_id or 0) is None:
        return None
    asked = _asked_at(session, survey, at)
    return None if asked is not None and asked > (last.sent_at or last.due_at) else last


def _asked_at(session: Session, survey: Invitation | None, at: datetime) -> datetime | None:
    """When the survey asked its last question by SMS; None if it expects no answer any more."""
    if survey is None or survey.expires_at <= at or survey.conversation == "done":
        return None
    reached = func.max(func.coalesce(Message.sent_at, Message.due_at))
    return session.scalar(
        select(reached)
        .where(Message.invitation_id == survey.id, Message.channel == "sms")
        .where(Message.purpose.in_(ASKING), Message.state.not_in(_NEVER_SEEN))
    )


def land(session: Session, reply: InboundReply, message: Message, now: datetime) -> None:
    """Put a reply into the follow-up of the message that it answers.

    A snoozed follow-up returns to the queue, and the customer counts as reached. A closed one stays closed: whether it
    has to be reopened, a person decides.
    """
    task = session.scalar(
        select(FollowUp)
        .where(FollowUp.id == message.follow_up_id)
        .with_for_update(of=FollowUp)
        .execution_options(populate_existing=True)
    )
    if task is None:
        return
    reply.follow_up_id, reply.contact_id = task.id, message.contact_id
    task.revision += 1
    kind = "replied_email" if message.channel == "email" else "replied_sms"
    timeline.add(session, task.id, kind, now=now, detail={"reply": reply.id})
    if not reply.needs_person:  # an automatic reply, or a word that was obeyed
        return
    task.first_contact_at = task.first_contact_at or max(reply.received_at, task.opened_at)
    if task.state == State.SNOOZED:
        task.state, task.snoozed_until = transition(State(task.state), Action.WAKE), None
        timeline.add(session, task.id, "woken", now=now)
    reported_changes.report(session, "follow_up.replied", task, now)


def mark_read(session: Session, task_id: int, viewer: Viewer, now: datetime) -> int:
    """Somebody has read the replies in a follow-up that the viewer may see: they leave the inbox. Returns their number.

    One that may be an opt-out stays: that has to be decided there.
    """
    unread = session.scalars(
        select(InboundReply)
        .where(InboundReply.follow_up_id == task_id, InboundReply.needs_person.is_(True))
        .where(InboundReply.meaning != "maybe_stop")
        .order_by(InboundReply.id)
        .with_for_update()
    ).all()
    for reply in unread:
        reply.needs_person, reply.handled_as = False, "handled"
        reply.handled_at, reply.handled_by_id = now, viewer.user_id
        audit.record(session, "handled", "reply", reply.id, by=viewer.user_id, now=now)
    return len(unread)
