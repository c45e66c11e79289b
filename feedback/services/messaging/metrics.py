"""What waits, what was sent and what is held, counted in the database. `web/monitoring.py` exports it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.services.messaging import provider_holds
from feedback.store.models import ChannelHold, DuplicateSend, Enrolment, Message, WebhookCall

LEFT = ("sent", "delivered", "undelivered")
"""States of a message that a provider has taken, and bills."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts at one moment. Keys: (channel, state) of `messages`, (state, reason) of `surveys`, channel of
    `oldest_due`, (chat, state) of `notices`.

    `oldest_due` is in seconds since the longest waiting message was due.
    """

    messages: Mapping[tuple[str, str], int]
    surveys: Mapping[tuple[str, str], int]
    oldest_due: Mapping[str, float]
    segments: int
    duplicates: int
    holds: tuple[ChannelHold, ...]
    notices: Mapping[tuple[str, str], int]


def figures(session: Session, now: datetime) -> Figures:
    """Everything in a few counting queries over indexed columns."""
    messages = session.execute(
        select(Message.channel, Message.state, func.count(), func.sum(Message.segments)).group_by(
            Message.channel, Message.state
        )
    ).all()
    surveys = session.execute(
        select(Enrolment.state, func.coalesce(Enrolment.reason, ""), func.count()).group_by(
            Enrolment.state, Enrolment.reason
        )
    ).all()
    due = session.execute(
        select(Message.channel, func.min(Message.due_at))
        .where(Message.state == "queued", Message.due_at <= now)
        .group_by(Message.channel)
    ).all()
    notices = session.execute(
        select(WebhookCall.kind, WebhookCall.state, func.count()).group_by(
            WebhookCall.kind, WebhookCall.state
        )
    ).all()
    return Figures(
        messages={(channel, state): number for channel, state, number, _ in messages},
        surveys={(state, reason): number for state, reason, number in surveys},
        oldest_due={channel: (now - since).total_seconds() for channel, since in due},
        segments=sum(int(parts or 0) for _, state, _, parts in messages if state in LEFT),
        duplicates=session.scalar(select(func.count()).select_from(DuplicateSend)) or 0,
        holds=tuple(provider_holds.in_force(session)),
        notices={(chat, state): number for chat, state, number in notices},
    )
