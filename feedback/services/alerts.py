"""Telling our own staff, by messages in the same outbox as all others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from feedback.channels.base import Channel
from feedback.store.models import Message, User


def tell(
    session: Session,
    user: User,
    subject: str,
    body: str,
    *,
    channels: Mapping[str, Channel],
    now: datetime,
    purpose: str = "alert",
) -> Message | None:
    """Queue an e-mail to a member of staff, due at once; None where no e-mail channel is enabled."""
    channel = next((key for key, channel in channels.items() if channel.kind == "email"), None)
    if channel is None:
        return None
    message = Message(
        user_id=user.id,
        purpose=purpose,
        channel=channel,
        kind="email",
        recipient=user.email,
        subject=subject,
        body=body,
        language=user.language or "en",
        headers={},
        state="queued",
        due_at=now,
        created_at=now,
        is_demo=user.is_demo,
    )
    session.add(message)
    return message
