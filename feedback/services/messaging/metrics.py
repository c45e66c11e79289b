"""Delivery figures from the database, for /metrics and the delivery page, and cost estimates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.lifecycle import MESSAGE_HANDED_OVER, MessageState
from feedback.core.message import segments
from feedback.providers import sms_terms, terms_of
from feedback.services.messaging import provider_holds
from feedback.settings import Settings
from feedback.store.days import local_day
from feedback.store.models import DuplicateSend, Enrolment, Message, ProviderHold, WebhookCall


@dataclass(frozen=True, slots=True)
class Figures:
    """The current figures. Keys: (provider, state) of `messages`, (state, reason) of `surveys`,
    provider of `oldest_due`, (chat, state) of `notices`.

    `oldest_due` is the number of seconds since the longest waiting message became due.
    """

    messages: Mapping[tuple[str, str], int]
    surveys: Mapping[tuple[str, str], int]
    oldest_due: Mapping[str, float]
    segments: int
    duplicates: int
    holds: tuple[ProviderHold, ...]
    notices: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Spent:
    """The messages of one sender on one day; `cost` is in the currency of the organisation."""

    day: date
    provider: str
    sender: str
    messages: int
    segments: int
    cost: float


@dataclass(frozen=True, slots=True)
class SegmentEstimate:
    """The cost of a text: `units` in `segments` of `per_part` units; `costly` forces the expensive encoding."""

    segments: int
    encoding: str
    units: int
    per_part: int
    costly: str | None
    recipients: int
    cost: float


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


def exposition(found: Figures) -> str:
    """The figures in the Prometheus text format (version 0.0.4), for /metrics."""
    lines = [
        "# HELP feedback_messages Messages by provider and state.",
        "# TYPE feedback_messages gauge",
        *(
            f'feedback_messages{{provider="{provider}",state="{state}"}} {number}'
            for (provider, state), number in sorted(found.messages.items())
        ),
        "# HELP feedback_surveys Decisions to survey somebody, by state and reason.",
        "# TYPE feedback_surveys gauge",
        *(
            f'feedback_surveys{{state="{state}",reason="{reason}"}} {number}'
            for (state, reason), number in sorted(found.surveys.items())
        ),
        "# HELP feedback_oldest_due_seconds Seconds since the longest waiting message became due.",
        "# TYPE feedback_oldest_due_seconds gauge",
        *(
            f'feedback_oldest_due_seconds{{provider="{provider}"}} {seconds:.0f}'
            for provider, seconds in sorted(found.oldest_due.items())
        ),
        "# HELP feedback_segments_total SMS segments that a provider has accepted.",
        "# TYPE feedback_segments_total counter",
        f"feedback_segments_total {found.segments}",
        "# HELP feedback_duplicates_total Messages that reached a provider twice.",
        "# TYPE feedback_duplicates_total counter",
        f"feedback_duplicates_total {found.duplicates}",
        "# HELP feedback_provider_held Whether a provider is held until somebody releases it.",
        "# TYPE feedback_provider_held gauge",
        *(
            f'feedback_provider_held{{provider="{each.provider}",country="{each.country}"}} 1'
            for each in found.holds
        ),
        "# HELP feedback_notices Notifications to chats (Slack, Teams) by state.",
        "# TYPE feedback_notices gauge",
        *(
            f'feedback_notices{{chat="{chat}",state="{state}"}} {number}'
            for (chat, state), number in sorted(found.notices.items())
        ),
    ]
    return "\n".join(lines) + "\n"


def spent(session: Session, settings: Settings, now: datetime, days: int = 30) -> list[Spent]:
    """Messages, segments and cost per day, provider and sender, newest day first."""
    day = local_day(session, Message.sent_at, now - timedelta(days=days), now)
    rows = session.execute(
        select(
            day, Message.provider, func.coalesce(Message.sender, ""), func.count(),
            func.sum(Message.segments),
        )
        .where(Message.state.in_(MESSAGE_HANDED_OVER), Message.sent_at > now - timedelta(days=days))
        .group_by(day, Message.provider, Message.sender)
        .order_by(day.desc(), Message.provider, Message.sender)
    )  # fmt: skip
    return [
        Spent(on, provider, sender, number, parts, parts * terms_of(provider, settings).cost_per_segment)
        for on, provider, sender, number, parts in ((*row[:4], int(row[4] or 0)) for row in rows)
    ]


def estimate(text: str, recipients: int, settings: Settings) -> SegmentEstimate:
    """The cost of sending `text` to `recipients` people, and the character that makes it expensive."""
    counted = segments(text)
    return SegmentEstimate(
        segments=counted.count,
        encoding=counted.encoding,
        units=counted.units,
        per_part=counted.per_part,
        costly=counted.first_costly.text if counted.first_costly else None,
        recipients=recipients,
        cost=counted.count * recipients * sms_terms(settings).cost_per_segment,
    )
