"""Delivery in numbers, counted in the database: for the collector, for `doctor`, and for the delivery page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.message import segments
from feedback.services.messaging import provider_holds
from feedback.settings import Settings
from feedback.store.days import local_day
from feedback.store.models import ChannelHold, DuplicateSend, Enrolment, Message, WebhookCall

LEFT = ("sent", "delivered", "undelivered")
"""States of a message that a provider has taken, and bills."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How it stands. Keys: (channel, state) of `messages`, (state, reason) of `surveys`, channel of `oldest_due`,
    (chat, state) of `notices`.

    `oldest_due` is in seconds since the longest waiting message was due.
    """

    messages: Mapping[tuple[str, str], int]
    surveys: Mapping[tuple[str, str], int]
    oldest_due: Mapping[str, float]
    segments: int
    duplicates: int
    holds: tuple[ChannelHold, ...]
    notices: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Spent:
    """What one sender sent on one day; `cost` is in the currency of `twilio.cost_per_segment`."""

    day: date
    channel: str
    sender: str
    messages: int
    segments: int
    cost: float


@dataclass(frozen=True, slots=True)
class SegmentEstimate:
    """What a text will cost: `units` of `per_part` in each of `segments`; `costly` forces the dearer encoding."""

    segments: int
    encoding: str
    units: int
    per_part: int
    costly: str | None
    recipients: int
    cost: float


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


def exposition(found: Figures) -> str:
    """The figures in Prometheus' text format (version 0.0.4), to be appended to /metrics."""
    lines = [
        "# HELP feedback_messages Messages by channel and state.",
        "# TYPE feedback_messages gauge",
        *(
            f'feedback_messages{{channel="{channel}",state="{state}"}} {number}'
            for (channel, state), number in sorted(found.messages.items())
        ),
        "# HELP feedback_surveys Decisions to survey somebody, by state and reason.",
        "# TYPE feedback_surveys gauge",
        *(
            f'feedback_surveys{{state="{state}",reason="{reason}"}} {number}'
            for (state, reason), number in sorted(found.surveys.items())
        ),
        "# HELP feedback_oldest_due_seconds How long the longest waiting message is due.",
        "# TYPE feedback_oldest_due_seconds gauge",
        *(
            f'feedback_oldest_due_seconds{{channel="{channel}"}} {seconds:.0f}'
            for channel, seconds in sorted(found.oldest_due.items())
        ),
        "# HELP feedback_segments_total SMS segments that a provider has taken.",
        "# TYPE feedback_segments_total counter",
        f"feedback_segments_total {found.segments}",
        "# HELP feedback_duplicates_total Messages that reached a provider twice.",
        "# TYPE feedback_duplicates_total counter",
        f"feedback_duplicates_total {found.duplicates}",
        "# HELP feedback_channel_held Whether a channel waits for a person.",
        "# TYPE feedback_channel_held gauge",
        *(
            f'feedback_channel_held{{channel="{each.channel}",country="{each.country}"}} 1'
            for each in found.holds
        ),
        "# HELP feedback_notices Calls to chats (Slack, Teams) by state.",
        "# TYPE feedback_notices gauge",
        *(
            f'feedback_notices{{chat="{chat}",state="{state}"}} {number}'
            for (chat, state), number in sorted(found.notices.items())
        ),
    ]
    return "\n".join(lines) + "\n"


def spent(session: Session, settings: Settings, now: datetime, days: int = 30) -> list[Spent]:
    """Messages, segments and cost per day, channel and sender, newest day first."""
    day = local_day(session, Message.sent_at, now - timedelta(days=days), now)
    rows = session.execute(
        select(
            day, Message.channel, func.coalesce(Message.sender, ""), Message.kind, func.count(),
            func.sum(Message.segments),
        )
        .where(Message.state.in_(LEFT), Message.sent_at > now - timedelta(days=days))
        .group_by(day, Message.channel, Message.sender, Message.kind)
        .order_by(day.desc(), Message.channel, Message.sender)
    )  # fmt: skip
    price = settings.twilio.cost_per_segment
    return [
        Spent(on, channel, sender, number, parts, parts * price if kind == "sms" else 0.0)
        for on, channel, sender, kind, number, parts in ((*row[:5], int(row[5] or 0)) for row in rows)
    ]


def estimate(text: str, recipients: int, settings: Settings) -> SegmentEstimate:
    """What sending `text` to so many people will cost, and which character makes it dear."""
    counted = segments(text)
    return SegmentEstimate(
        segments=counted.count,
        encoding=counted.encoding,
        units=counted.units,
        per_part=counted.per_part,
        costly=counted.first_costly.text if counted.first_costly else None,
        recipients=recipients,
        cost=counted.count * recipients * settings.twilio.cost_per_segment,
    )
