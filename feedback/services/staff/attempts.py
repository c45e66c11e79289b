"""Limits on guessing, counted in the database, so that they hold for all processes together.

An attempt is counted before it is checked, in one statement, so that attempts at the same moment cannot pass together.
An attempt that succeeds is given back. Each count has a window of fixed length that begins with its first attempt;
within any hour, up to twice the limit is therefore possible.

Decision 12 says what is counted by what.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, text
from sqlalchemy.orm import Session

from feedback.core.contact.recipient import EmailAddress
from feedback.store.models import AccountNotice, AttemptCount
from feedback.store.types import UtcDateTime


@dataclass(frozen=True, slots=True)
class AttemptLimit:
    """At most `most` attempts of a kind `within` a time."""

    kind: str
    most: int
    within: timedelta


HOUR = timedelta(hours=1)
PASSWORDS = AttemptLimit("password", 20, HOUR)
CODES = AttemptLimit("code", 10, HOUR)
"""Codes of an authenticator app and recovery codes together."""
RESETS = AttemptLimit("reset", 3, HOUR)
PAGE = (AttemptLimit("page", 10, timedelta(minutes=1)), AttemptLimit("page", 60, HOUR))
"""What one network posts to one page."""
CHALLENGES = AttemptLimit("challenge", 1, HOUR)
"""Uses of one challenge of a passkey; it is valid for a minute."""
LOGOUT_TOKENS = AttemptLimit("logout token", 1, HOUR)
"""Uses of one logout token of the provider; older ones are not taken."""
FAILURES_OF_UNKNOWN = AttemptLimit("failure", 500, HOUR)
"""Audit entries about addresses without an account; strangers must not fill a log that nobody can shorten."""
LETTERS = AttemptLimit("letter", 1, timedelta(days=1))
"""E-mails to an owner that a limit is reached."""

RESET = "reset link"
"""The kind of an AccountNotice that asks for a reset link; the other kinds are those of limits that were reached."""

_COUNT = text(
    "INSERT INTO attempt_count (key, attempts, ends_at) VALUES (:key, 1, :ends_at) ON CONFLICT (key) DO UPDATE SET "
    "attempts = CASE WHEN attempt_count.ends_at <= :now THEN 1 ELSE attempt_count.attempts + 1 END, "
    "ends_at = CASE WHEN attempt_count.ends_at <= :now THEN :ends_at ELSE attempt_count.ends_at END "
    "RETURNING attempts"
).bindparams(bindparam("now", type_=UtcDateTime), bindparam("ends_at", type_=UtcDateTime))
_GIVE_BACK = text(
    "UPDATE attempt_count SET attempts = attempts - 1 WHERE key = :key AND attempts > 0 AND ends_at > :now"
).bindparams(bindparam("now", type_=UtcDateTime))
_NOTE = text(
    "INSERT INTO account_notice (account, kind, at) VALUES (:account, :kind, :at) ON CONFLICT (account, kind) "
    "DO NOTHING"
).bindparams(bindparam("at", type_=UtcDateTime))


def account_digest(salt: str, address: str) -> str:
    """The keyed digest of an e-mail address, however it is written. `salt` is the setting web.password_salt.

    An unreadable address has a digest, too, so that it is counted like any other.
    """
    try:
        normal = EmailAddress.parse(address[:_LONGEST]).key
    except ValueError:
        normal = address[:_LONGEST].strip().lower()
    return _digest(salt, "account", normal)


_LONGEST = 320
"""Characters of the longest e-mail address (RFC 5321: 64 before the @, 255 after it)."""


def count(session: Session, limit: AttemptLimit, who: str, salt: str, now: datetime) -> int:
    """Count an attempt and return the number of attempts in the present window, this one included."""
    values = {"key": _key(limit, who, salt), "now": now, "ends_at": now + limit.within}
    attempts: int = session.execute(_COUNT, values).scalar_one()
    return attempts


def give_back(session: Session, limit: AttemptLimit, who: str, salt: str, now: datetime) -> None:
    """Do not count an attempt any more, because it succeeded."""
    session.execute(_GIVE_BACK, {"key": _key(limit, who, salt), "now": now})


def note(session: Session, account: str, kind: str, now: datetime) -> None:
    """Leave a notice about the account with this digest to the worker; one notice of each kind is enough."""
    session.execute(_NOTE, {"account": account, "kind": kind, "at": now})


def purge(session: Session, now: datetime) -> None:
    """Delete counts whose window is over."""
    session.execute(delete(AttemptCount).where(AttemptCount.ends_at <= now))
    session.execute(delete(AccountNotice).where(AccountNotice.at <= now - timedelta(days=1)))


def _key(limit: AttemptLimit, who: str, salt: str) -> str:
    return _digest(salt, limit.kind, str(int(limit.within.total_seconds())), who)


def _digest(salt: str, *parts: str) -> str:
    return hmac.new(salt.encode(), "\0".join(parts).encode(), hashlib.sha256).hexdigest()
