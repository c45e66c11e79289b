"""What must not be sent unasked after a restore: everything that was waiting to be sent when the backup was made.

Most of it was sent after that, by the installation that was lost. So a text message is looked up at its provider, and
sent only if the provider does not have it. A mail cannot be looked up and is held for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from feedback.core.lifecycle import MESSAGE_WAITING, EnrolmentState, MessageState
from feedback.services.messaging import outbox
from feedback.store.models import Attempt, Enrolment, Message, WorkerHeartbeat

REASON = "restored"
AT_ONCE = 500


def doubt_everything(session: Session, now: datetime) -> Mapping[MessageState, int]:
    """Put every queued message in doubt. Returns how many are `unconfirmed` and how many are `held`."""
    session.execute(delete(WorkerHeartbeat))  # those workers ran elsewhere
    done: Counter[MessageState] = Counter()
    while waiting := session.scalars(
        select(Message).where(Message.state.in_(MESSAGE_WAITING)).order_by(Message.id).limit(AT_ONCE)
    ).all():
        begun = outbox.begun(session, waiting)
        for message in waiting:
            if message.state == MessageState.QUEUED or message.id not in begun:
                _suppose_a_call(session, message, now)
            outbox.doubted(message, REASON)
            done[message.state] += 1
        session.flush()
        session.expunge_all()
    return done


def due(session: Session, now: datetime) -> int:
    """How many surveys are planned for a time that has passed, and may have been sent by the lost installation."""
    planned = select(func.count()).where(Enrolment.state == EnrolmentState.SCHEDULED, Enrolment.due_at <= now)
    return session.scalar(planned) or 0


def _suppose_a_call(session: Session, message: Message, now: datetime) -> None:
    """A call of the lost installation: it may have been made at any time since the message was written."""
    message.attempt += message.state == MessageState.QUEUED
    call = Attempt(
        message_id=message.id,
        number=message.attempt,
        worker=REASON,
        started_at=message.created_at,
        ended_at=now,
        outcome=REASON,
    )
    session.add(call)
