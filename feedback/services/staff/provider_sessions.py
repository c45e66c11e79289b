"""Sessions that began at the provider of the single sign-on, and their end there.

Deleting a row of `provider_session` deletes the session here with it, on every node at once, because a session is over
when it has no row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from feedback.services import audit
from feedback.services.staff import provider_accounts
from feedback.store.models import ProviderSession, StaffSession, User

WAITING = timedelta(hours=1)
"""How long a sign-in at the provider may wait for our second factor."""


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """What the provider says of its session: its name there (empty if it names none), the token itself, and whether a
    second factor was asked for."""

    issuer: str
    sid: str
    id_token: str
    has_second_factor: bool


def begin(session: Session, user: User, answer: ProviderAnswer, now: datetime) -> ProviderSession:
    """Store a sign-in at the provider."""
    row = ProviderSession(
        user_id=user.id,
        issuer=answer.issuer,
        sid=answer.sid,
        id_token=answer.id_token,
        has_second_factor=answer.has_second_factor,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def find(session: Session, row_id: int, user_id: int, now: datetime) -> ProviderSession | None:
    """The sign-in with this id, if it is this user's, has not been ended, and is not too old to be completed."""
    row = session.get(ProviderSession, row_id)
    return row if row and row.user_id == user_id and now - row.created_at < WAITING else None


def end_by_provider(session: Session, issuer: str, sid: str, subject: str, now: datetime) -> int:
    """End the sessions that a logout token names: the one with this `sid`, or all of the subject if it names none.

    Returns their number. Sessions that began with a password stay. (OpenID Connect Back-Channel Logout 1.0, 2.7)
    """
    user_id = provider_accounts.linked(session, issuer, subject) if subject else None
    if subject and user_id is None:
        return 0
    named: list[ColumnElement[bool]] = [ProviderSession.issuer == issuer]
    if sid:  # a session that the provider did not name can only be found by its person
        named.append(ProviderSession.sid.in_([sid, ""] if subject else [sid]))
    if user_id is not None:
        named.append(ProviderSession.user_id == user_id)
    ended = session.execute(select(ProviderSession.id, ProviderSession.user_id).where(*named)).all()
    session.execute(delete(ProviderSession).where(ProviderSession.id.in_([row.id for row in ended])))
    for owner in sorted({row.user_id for row in ended}):
        audit.record(session, "signed out by provider", "user", owner, by=None, now=now)
    return len(ended)


def purge(session: Session, now: datetime) -> None:
    """Delete the sign-ins whose session here is over, or that were never completed."""
    kept = select(StaffSession.provider_session_id).where(StaffSession.provider_session_id.is_not(None))
    old = ProviderSession.created_at <= now - WAITING
    session.execute(delete(ProviderSession).where(old, ProviderSession.id.not_in(kept)))
