"""E-mails to staff, through the same outbox as all messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from feedback.core.lifecycle import MessageState
from feedback.providers.base import Provider
from feedback.services.messaging import outbox
from feedback.store.models import Message, User

Providers = Mapping[str, Provider]


def tell(
    session: Session,
    user: User,
    subject: str,
    body: str,
    *,
    providers: Providers,
    now: datetime,
    purpose: str = "alert",
) -> Message | None:
    """Queue an e-mail to a member of staff, due immediately; None if no e-mail provider is enabled."""
    provider = next((key for key, provider in providers.items() if provider.channel == "email"), None)
    if provider is None:
        return None
    message = Message(
        user_id=user.id,
        purpose=purpose,
        provider=provider,
        channel="email",
        recipient=user.email,
        subject=subject,
        body=body,
        language=user.language or "en",
        headers={},
        state=MessageState.QUEUED,
        due_at=now,
        created_at=now,
        is_demo=user.is_demo,
    )
    session.add(message)
    return message


def tell_secret(
    session: Session, user: User, subject: str, body: str, *, providers: Providers, now: datetime
) -> Message | None:
    """Like `tell`, for an e-mail with a link or a code that signs in: it is sent within `outbox.SIGN_IN_LIFE` or not at
    all, and its text is emptied as soon as it is sent."""
    message = tell(session, user, subject, body, providers=providers, now=now, purpose=outbox.SIGN_IN)
    if message is not None:
        message.not_after = now + outbox.SIGN_IN_LIFE
    return message


def can_write(providers: Providers) -> bool:
    return any(provider.channel == "email" for provider in providers.values())


def one_at_a_time(session: Session, *conditions: ColumnElement[bool]) -> Sequence[User]:
    """Lock readers, so that two workers do not each send them half of the news.

    They are locked in the order of their ids, and only one group per transaction, to prevent deadlocks. Inserting
    rows that only refer to a reader does not wait.
    """
    query = select(User).where(*conditions).order_by(User.id).with_for_update(of=User, key_share=True)
    return session.scalars(query).all()


def heard_since(session: Session, users: Iterable[User], purpose: str, since: datetime) -> bool:
    """Whether one of these users got a message with this purpose since `since`."""
    sent = select(func.count()).where(
        Message.recipient.in_([user.email for user in users]),
        Message.created_at > since,
        Message.purpose == purpose,
        Message.user_id.is_not(None),
    )
    return bool(session.scalar(sent))
