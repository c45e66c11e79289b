"""Provider holds: a provider sends nothing until somebody fixes its credentials, registration or country permission.

The messages of a held provider stay queued, and are sent when the hold is released.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy import ColumnElement, CursorResult, and_, func, select, update
from sqlalchemy.orm import Session

from feedback.core.lifecycle import MESSAGE_LOST, MessageState
from feedback.errors import ProviderHeld
from feedback.providers.base import Verdict
from feedback.settings import Problem
from feedback.store.database import add_once
from feedback.store.models import Attempt, Message, ProviderHold, Receipt

log = structlog.get_logger()

EVERYWHERE = ""
"""The country value of a hold on the whole provider."""
UNEXPLAINED_LIMIT = 3
"""So many messages in a row refused for an unexplained reason hold the provider: the rest of the queue would follow."""


def hold(session: Session, provider: str, error: ProviderHeld, now: datetime) -> None:
    """Hold a provider, or one country of it. There is one hold, even if many messages and nodes notice the problem."""
    row = ProviderHold(
        provider=provider, country=error.country or EVERYWHERE, code=error.code, reason=str(error), since=now
    )
    if (provider, row.country) in {(each.provider, each.country) for each in in_force(session)}:
        return
    if not add_once(session, row):  # another node has just stored it
        return
    log.error("provider.held", provider=provider, code=error.code, country=error.country)


def unexplained_answers(session: Session, provider: str) -> bool:
    """Whether the provider's last calls were all refused for an unexplained reason, each for another message."""
    last = session.execute(
        select(Attempt.message_id, Attempt.code)
        .join(Message, Message.id == Attempt.message_id)
        .where(Message.provider == provider, Attempt.ended_at.is_not(None))
        .where(Attempt.started_at > _last_lifted(session, provider))
        .order_by(Attempt.id.desc())
        .limit(UNEXPLAINED_LIMIT)
    )
    return _all_unexplained([(row.message_id, row.code) for row in last])


def unexplained_receipts(session: Session, provider: str) -> bool:
    """The same for the last messages of which the provider reported the end."""
    ended = [str(state) for state in (MessageState.DELIVERED, *MESSAGE_LOST)]
    last = session.execute(
        select(Receipt.message_id, Message.state_reason)
        .join(Message, Message.id == Receipt.message_id)
        .where(Receipt.provider == provider, Receipt.status.in_(ended))
        .where(Receipt.received_at > _last_lifted(session, provider))
        .order_by(Receipt.id.desc())
        .limit(UNEXPLAINED_LIMIT)
    )
    return _all_unexplained([(row.message_id, row.state_reason) for row in last])


def _all_unexplained(last: Sequence[tuple[int | None, str | None]]) -> bool:
    reasons = dict(last)
    return len(reasons) == UNEXPLAINED_LIMIT and set(reasons.values()) == {Verdict.UNEXPLAINED}


def _last_lifted(session: Session, provider: str) -> datetime:
    """When somebody last released the provider: what was counted before does not count again."""
    lifted = session.scalar(select(func.max(ProviderHold.lifted_at)).where(ProviderHold.provider == provider))
    return lifted or datetime(2000, 1, 1, tzinfo=UTC)


def lift(
    session: Session, provider: str, user_id: int | None, now: datetime, country: str | None = None
) -> int:
    """Release a held provider, or one country of it. Returns the number of released holds."""
    wanted = (
        update(ProviderHold)
        .where(ProviderHold.provider == provider, ProviderHold.lifted_at.is_(None))
        .values(lifted_at=now, lifted_by_id=user_id)
    )
    done = session.execute(wanted if country is None else wanted.where(ProviderHold.country == country))
    assert isinstance(done, CursorResult)  # noqa: S101 - what an UPDATE gives
    return done.rowcount


def lift_by_itself(session: Session, provider: str, code: str, now: datetime) -> int:
    """Release what was held for a cause that has ended. Returns the number of released holds."""
    mine = (ProviderHold.provider == provider, ProviderHold.code == code, ProviderHold.lifted_at.is_(None))
    done = session.execute(update(ProviderHold).where(*mine).values(lifted_at=now))
    assert isinstance(done, CursorResult)  # noqa: S101 - what an UPDATE gives
    return done.rowcount


def in_force(session: Session) -> Sequence[ProviderHold]:
    """The current holds, oldest first."""
    return session.scalars(
        select(ProviderHold).where(ProviderHold.lifted_at.is_(None)).order_by(ProviderHold.since)
    ).all()


def problems(session: Session) -> list[Problem]:
    """Problem F110 for each current hold, for `feedback doctor`."""
    return [
        Problem(
            "F110",
            f"{each.provider}{f' ({each.country})' if each.country else ''} has been held "
            f"since {each.since:%Y-%m-%d %H:%M} UTC: {each.reason}",
            "Fix the cause, then release the channel on the Deliveries page.",
        )
        for each in in_force(session)
    ]


def stopped(session: Session) -> list[ColumnElement[bool]]:
    """SQL conditions on messages, one per hold: the messages that it stops."""
    # A message without a country is not in a held country; NULL in the comparison would exclude it.
    country = func.coalesce(Message.country, "?")
    return [
        Message.provider == each.provider
        if each.country == EVERYWHERE
        else and_(Message.provider == each.provider, country == each.country)
        for each in in_force(session)
    ]
