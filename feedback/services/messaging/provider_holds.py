"""Channels that may not send until a person has acted: bad credentials, an unregistered sender, a closed country.

A held channel burns no messages: they stay queued, and go out when the hold is lifted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, CursorResult, and_, func, select, update
from sqlalchemy.orm import Session

from feedback.errors import ChannelHeld
from feedback.settings import Problem
from feedback.store.database import add_once
from feedback.store.models import ChannelHold, Message

log = structlog.get_logger()

EVERYWHERE = ""
"""The country of a hold that stops the whole channel."""


def hold(session: Session, channel: str, error: ChannelHeld, now: datetime) -> None:
    """Stop a channel, or one country of it; said once, however many messages and nodes notice."""
    row = ChannelHold(
        channel=channel, country=error.country or EVERYWHERE, code=error.code, reason=str(error), since=now
    )
    if (channel, row.country) in {(each.channel, each.country) for each in in_force(session)}:
        return
    if not add_once(session, row):  # another node noticed at the same moment
        return
    log.error("channel.held", channel=channel, code=error.code, country=error.country)


def lift(
    session: Session, channel: str, user_id: int | None, now: datetime, country: str | None = None
) -> int:
    """Let a held channel send again, or only one country of it; returns how many holds were lifted."""
    wanted = (
        update(ChannelHold)
        .where(ChannelHold.channel == channel, ChannelHold.lifted_at.is_(None))
        .values(lifted_at=now, lifted_by_id=user_id)
    )
    done = session.execute(wanted if country is None else wanted.where(ChannelHold.country == country))
    assert isinstance(done, CursorResult)  # noqa: S101 - what an UPDATE gives
    return done.rowcount


def in_force(session: Session) -> Sequence[ChannelHold]:
    """The holds that nobody has lifted yet, oldest first."""
    return session.scalars(
        select(ChannelHold).where(ChannelHold.lifted_at.is_(None)).order_by(ChannelHold.since)
    ).all()


def problems(session: Session) -> list[Problem]:
    """The holds in force, for `feedback doctor`."""
    return [
        Problem(
            "F110",
            f"{each.channel}{f' ({each.country})' if each.country else ''} sends nothing "
            f"since {each.since:%Y-%m-%d %H:%M} UTC: {each.reason}",
            "Mend the cause, then let it send again on the page Deliveries.",
        )
        for each in in_force(session)
    ]


def stopped(session: Session) -> list[ColumnElement[bool]]:
    """Conditions on messages, one for each hold: what it keeps back."""
    # A message of an unknown country is no message of the held one: NULL must not decide about it.
    country = func.coalesce(Message.country, "?")
    return [
        Message.channel == each.channel
        if each.country == EVERYWHERE
        else and_(Message.channel == each.channel, country == each.country)
        for each in in_force(session)
    ]
