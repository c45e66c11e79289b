"""Counts answers through an open link, per network and per device, so that one visitor cannot stuff it.

The counts are in the database, because they have to survive a restart and hold for all processes. Visitors are stored
as digests with a secret key, which change every day; old ones are deleted.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import bindparam, delete, text
from sqlalchemy.orm import Session

from feedback.store.models import Link, LinkVisitor

KEPT = timedelta(days=2)
"""A day can begin earlier elsewhere, so yesterday's counts are kept as well."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who answers: `network` is the network that counts as one visitor, `device` what the browser says of itself."""

    network: str
    device: str


def count(session: Session, link: Link, visitor: Visitor, day: date, key: bytes) -> tuple[int, int]:
    """Count one more response through `link`. Returns the responses of this day, this one included, from (the same
    network, the same device in it). `key` is the secret key of the digests."""
    of_network = _count(session, link, day, _digest(key, link, day, visitor.network))
    of_device = _count(session, link, day, _digest(key, link, day, visitor.network, visitor.device))
    return of_network, of_device


def forget(session: Session, today: date) -> int:
    """Delete the counts of earlier days. Returns their number."""
    old = session.execute(delete(LinkVisitor).where(LinkVisitor.day <= today - KEPT))
    return int(getattr(old, "rowcount", 0))


def _digest(key: bytes, link: Link, day: date, *parts: str) -> str:
    content = "\0".join((str(link.id), day.isoformat(), *parts)).encode("utf-8", "replace")
    return hmac.digest(key, content, "sha256").hex()[:32]


_ONE_MORE = text(
    "INSERT INTO link_visitor (link_id, day, visitor, responses) VALUES (:link_id, :day, :visitor, 1) "
    "ON CONFLICT (link_id, day, visitor) DO UPDATE SET responses = link_visitor.responses + 1 RETURNING responses"
).bindparams(bindparam("day", type_=LinkVisitor.__table__.c.day.type))


def _count(session: Session, link: Link, day: date, visitor: str) -> int:
    values = {"link_id": link.id, "day": day, "visitor": visitor}
    return int(session.execute(_ONE_MORE, values).scalar_one())
