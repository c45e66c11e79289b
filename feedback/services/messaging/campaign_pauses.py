"""Paused campaigns: their queued messages are kept back at once, and then moved out of the sender's way.

A campaign that somebody pauses may have thousands of queued messages. The condition of `stopped` keeps them back from
this moment on, but reads past all of them for every batch. So a worker parks them in portions: they become due when
they expire. Resuming makes them due again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from feedback.core.campaign import ON_HOLD, stage_key
from feedback.core.lifecycle import MessageState
from feedback.store.models import Campaign, Invitation, Message

SURVEYS = ("invitation", "reminder")
"""Purposes that a pause keeps back; who is answering by SMS goes on getting answers."""
PARKED = "paused"
"""The `state_reason` of a queued message that waits for its campaign."""


def on_hold(session: Session) -> Sequence[int]:
    """Ids of the campaigns of which nothing is sent at the moment."""
    return session.scalars(select(Campaign.id).where(Campaign.state.in_(ON_HOLD))).all()


def stopped(session: Session) -> list[ColumnElement[bool]]:
    """SQL conditions on messages: those of campaigns of which nothing is sent at the moment."""
    keys = [stage_key(each) for each in on_hold(session)]
    return [_belongs_to(keys)] if keys else []


def to_park(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """Ids of due messages that a pause keeps back, at most `limit`."""
    due = (Message.state == MessageState.QUEUED, Message.due_at <= now)
    ids = select(Message.id).where(*due, *(stopped(session) or [Message.id.is_(None)]))
    return session.scalars(ids.order_by(Message.due_at, Message.id).limit(limit)).all()


def park(session: Session, message_ids: Collection[int]) -> int:
    """Let these messages wait for their campaign. Returns how many of them still did."""
    conditions = stopped(session)
    if not conditions:
        return 0
    wanted = select(Message).where(
        Message.id.in_(message_ids), Message.state == MessageState.QUEUED, *conditions
    )
    waiting = session.scalars(wanted.with_for_update(skip_locked=True, of=Message)).all()
    for message in waiting:
        assert message.invitation  # noqa: S101 - `stopped` finds no others
        message.due_at, message.state_reason = message.invitation.expires_at, PARKED
    return len(waiting)


def parked(session: Session, campaign_id: int, limit: int) -> Sequence[int]:
    """Ids of the messages that wait for a campaign, at most `limit`."""
    waiting = (Message.state == MessageState.QUEUED, Message.state_reason == PARKED)
    ids = select(Message.id).where(*waiting, _belongs_to([stage_key(campaign_id)]))
    return session.scalars(ids.order_by(Message.id).limit(limit)).all()


def release(session: Session, message_ids: Collection[int], now: datetime) -> int:
    """Make parked messages due again. Returns how many of them were."""
    wanted = select(Message).where(
        Message.id.in_(message_ids), Message.state == MessageState.QUEUED, Message.state_reason == PARKED
    )
    waiting = session.scalars(wanted.with_for_update(skip_locked=True, of=Message)).all()
    for message in waiting:
        message.due_at, message.state_reason = now, None
    return len(waiting)


def _belongs_to(keys: Collection[str]) -> ColumnElement[bool]:
    """A condition on Message: it asks or reminds at one of these stages."""
    asked = select(Invitation.id).where(Invitation.id == Message.invitation_id, Invitation.stage.in_(keys))
    return and_(Message.purpose.in_(SURVEYS), asked.exists())
