"""The figures of sent messages: counts from the database for /metrics and the exports page, and cost estimates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.lifecycle import MESSAGE_HANDED_OVER, MessageState
from feedback.services.messaging import provider_holds
from feedback.store.models import DuplicateSend, Enrolment, Message, ProviderHold, WebhookCall


@dataclass(frozen=True, slots=True)
class Figures:
    """The current figures. Keys: (provider, state) of `messages`, (state, reason) of `surveys`,
    provider of
    `oldest_due`, (chat, state) of `notices`.

    `oldest_due` is the number of seconds since the longest waiting message became due.
    """

    messages: Mapping[tuple[str, str], int]
    surveys: Mapping[tuple[str, str], int]
    oldest_due: Mapping[str, float]
    segments: int
    duplicates: int
    holds: tuple[ProviderHold, ...]
    notices: Mapping[tuple[str, str], int]


def figures(session: Session, now: datetime) -> Figures:
    """All figures, from a few counting queries over indexed columns."""
    messages = session.execute(
        select(Message.provider, Message.state, func.count(), func.sum(Message.segments)).group_by(
            Message.provider, Message.state
        )
    ).all()
    surveys = session.execute(
        select(Enrolment.state, func.coalesce(Enrolment.reason, ""), func.count()).group_by(
            Enrolment.state, Enrolment.reason
        )
    ).all()
    due = session.execute(
        select(Message.provider, func.min(Message.due_at))
        .where(Message.state == MessageState.QUEUED, Message.due_at <= now)
        .group_by(Message.provider)
    ).all()
    notices = session.execute(
        select(WebhookCall.kind, WebhookCall.state, func.count()).group_by(
            WebhookCall.kind, WebhookCall.state
        )
    ).all()
    return Figures(
        messages={(provider, state): number for provider, state, number, _ in messages},
        surveys={(state, reason): number for state, reason, number in surveys},
        oldest_due={provider: (now - since).total_seconds() for provider, since in due},
        segments=sum(int(parts or 0) for _, state, _, parts in messages if state in MESSAGE_HANDED_OVER),
        duplicates=session.scalar(select(func.count()).select_from(DuplicateSend)) or 0,
        holds=tuple(provider_holds.in_force(session)),
        notices={(chat, state): number for chat, state, number in notices},
    )
