"""Providers that may not send until a person has acted: bad credentials, an unregistered sender, a closed country.

A held provider burns no messages: they stay queued, and go out when the hold is lifted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, CursorResult, and_, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback.errors import ProviderHeld
from feedback.settings import Problem
from feedback.store.models import Message, ProviderHold

log = structlog.get_logger()

EVERYWHERE = ""
"""The country of a hold that stops the whole provider."""


def hold(session: Session, provider: str, error: ProviderHeld, now: datetime) -> None:
    """Stop a provider, or one country of it; said once, however many messages and nodes notice."""
    row = ProviderHold(
        provider=provider, country=error.country or EVERYWHERE, code=error.code, reason=str(error), since=now
    )
    if (provider, row.country) in {(each.provider, each.country) for each in in_force(session)}:
        return
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another node noticed at the same moment
        return
    log.error("provider.held", provider=provider, code=error.code, country=error.country)


def lift(
    session: Session, provider: str, user_id: int | None, now: datetime, country: str | None = None
) -> int:
    """Let a held provider send again, or only one country of it; returns how many holds were lifted."""
    wanted = (
        update(ProviderHold)
        .where(ProviderHold.provider == provider, ProviderHold.lifted_at.is_(None))
        .values(lifted_at=now, lifted_by_id=user_id)
    )
    done = session.execute(wanted if country is None else wanted.where(ProviderHold.country == country))
    assert isinstance(done, CursorResult)  # noqa: S101 - what an UPDATE gives
    return done.rowcount


def in_force(session: Session) -> Sequence[ProviderHold]:
    """The holds that nobody has lifted yet, oldest first."""
    return session.scalars(
        select(ProviderHold).where(ProviderHold.lifted_at.is_(None)).order_by(ProviderHold.since)
    ).all()


def problems(session: Session) -> list[Problem]:
    """The holds in force, for `feedback doctor`."""
    return [
        Problem(
            "F110",
            f"{each.provider}{f' ({each.country})' if each.country else ''} sends nothing "
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
        Message.provider == each.provider
        if each.country == EVERYWHERE
        else and_(Message.provider == each.provider, country == each.country)
        for each in in_force(session)
    ]
