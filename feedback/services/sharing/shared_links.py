"""Links that show a page of reports to everybody who has them: signed, for a time, and revocable.

The address holds the number of the row and a signature, so one cannot be guessed from another, and an address that is
not ours costs no query. The row says what is shown, so that an address stays the same if its maker looks it up again.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from feedback.core.time.period import Period, quarter_of
from feedback.errors import Conflict, Gone, NotFound, Rejected
from feedback.i18n import _
from feedback.services import audit
from feedback.services.rollups import DIMENSIONS
from feedback.settings import Settings
from feedback.store.models import SharedLink, User

SUBJECT = "shared_link"
ENDED = _("This link no longer works. Ask for a new one where you got it from.")
LONGEST_NAME = 120
LONGEST = timedelta(days=366)
"""The longest time for which a link may work."""
NAMELESS = tuple(each for each in DIMENSIONS if each != "owner")
"""Dimensions of which a shared page may show a group: an owner is a person's name."""
_USE_IS_NOTED_EVERY = timedelta(hours=1)
_TOKEN = re.compile(r"(?P<id>[0-9a-f]{1,13})-(?P<mac>[0-9a-f]{32})")


class SharedView(StrEnum):
    """What a link shows."""

    OVERVIEW = "overview"
    QUARTER = "quarter"
    WALLBOARD = "wallboard"


@dataclass(frozen=True, slots=True)
class SharedFilters:
    """The filters that a link freezes.

    `preset` is a period that moves on, such as 90 or last-quarter; or `period` holds two days that do not. `group` is
    written as segment:vip, and empty for everybody. `against_year` compares with a year before.
    """

    preset: str = ""
    period: Period | None = None
    group: str = ""
    against_year: bool = False

    def stored(self) -> dict[str, Any]:
        days = [self.period.start.isoformat(), self.period.end.isoformat()] if self.period else None
        return {"preset": self.preset, "days": days, "group": self.group, "against_year": self.against_year}

    @classmethod
    def from_stored(cls, row: dict[str, Any]) -> SharedFilters:
        days = [date.fromisoformat(each) for each in row.get("days") or ()]
        period = Period(*days) if days else None
        return cls(row.get("preset", ""), period, row.get("group", ""), bool(row.get("against_year")))


@dataclass(frozen=True, slots=True)
class LinkWish:
    """What somebody wants to share. `language` is empty for that of the reader's browser."""

    name: str
    view: str
    filters: SharedFilters
    expires_at: datetime
    comments: bool = False
    language: str = ""


def create(session: Session, wish: LinkWish, *, by: int, now: datetime) -> SharedLink:
    """Share a page. Raises Rejected for what cannot be shared like this."""
    _check(wish, now)
    row = SharedLink(
        name=wish.name.strip(),
        view=wish.view,
        filters=wish.filters.stored(),
        comments=wish.comments and wish.view != SharedView.WALLBOARD,
        language=wish.language,
        maker_id=by,
        created_at=now,
        expires_at=wish.expires_at,
    )
    session.add(row)
    session.flush()
    audit.record(
        session, "created", SUBJECT, row.id, by=by, now=now, view=wish.view, comments=int(row.comments)
    )
    return row


def _check(wish: LinkWish, now: datetime) -> None:
    if not 0 < len(wish.name.strip()) <= LONGEST_NAME:
        raise Rejected("Give the link a name with at most 120 characters, such as for whom it is.")
    if wish.view not in set(SharedView):
        raise Rejected("Choose what the link shows.")
    if not now < wish.expires_at <= now + LONGEST:
        raise Rejected("Choose a last day in the future, at most a year from now.")
    dimension, _colon, key = wish.filters.group.partition(":")
    if wish.filters.group and (dimension not in NAMELESS or not key):
        raise Rejected(
            "Choose another group: a shared page shows no groups by owner, because they have names."
        )
    if wish.view == SharedView.QUARTER and not _is_quarter(wish.filters):
        raise Rejected("Choose a quarter for the quarterly report.")


def _is_quarter(filters: SharedFilters) -> bool:
    if filters.period is not None:
        return quarter_of(filters.period.start) == filters.period
    return filters.preset in ("quarter", "last-quarter")


def revoke(session: Session, link_id: int, *, by: int, now: datetime) -> SharedLink:
    """Stop a link immediately. Raises NotFound, or Conflict if it is revoked already."""
    row = session.get(SharedLink, link_id, with_for_update=True)
    if row is None:
        raise NotFound("There is no such link.")
    if row.revoked_at is not None:
        raise Conflict("This link is already revoked.")
    row.revoked_at = now
    audit.record(session, "revoked", SUBJECT, row.id, by=by, now=now)
    return row


def every_link(session: Session) -> Sequence[SharedLink]:
    """All links with their makers, the newest first; also those that no longer work."""
    makers = selectinload(SharedLink.maker).selectinload(User.roles)
    return session.scalars(select(SharedLink).options(makers).order_by(SharedLink.id.desc())).all()


def is_over(row: SharedLink, now: datetime) -> bool:
    """Whether a link was revoked, or its time is over, or its maker was deactivated."""
    return row.revoked_at is not None or row.expires_at <= now or not row.maker.active


def token_of(settings: Settings, row: SharedLink) -> str:
    """The signed part of a link's address."""
    body = f"{row.id:x}"
    return f"{body}-{_mac(_keys(settings)[0], body)}"


def find(session: Session, settings: Settings, token: str, now: datetime) -> SharedLink:
    """The link of a token, with its maker and their roles. Raises NotFound for one that is not ours, Gone if it no
    longer works."""
    found = _TOKEN.fullmatch(token)
    if found is None or not any(
        hmac.compare_digest(_mac(key, found["id"]), found["mac"]) for key in _keys(settings)
    ):
        raise NotFound("Copy all of the link: this is only a part of it, or it was mistyped.")
    row = session.get(SharedLink, int(found["id"], 16))
    if row is None or is_over(row, now):
        raise Gone(ENDED)
    return row


def is_use_worth_noting(row: SharedLink, now: datetime) -> bool:
    """Whether to record the use: once an hour, because each record costs a commit."""
    return row.last_used_at is None or now - row.last_used_at >= _USE_IS_NOTED_EVERY


def note_use(session: Session, link_id: int, now: datetime) -> None:
    """Record the time of the last use, which shows whether a link is still needed."""
    session.get_one(SharedLink, link_id).last_used_at = now


def _keys(settings: Settings) -> list[bytes]:
    """The keys that sign, the present one first."""
    secrets = (settings.web.secret_key, settings.web.secret_key_previous)
    return [secret.reveal().encode() for secret in secrets if secret]


def _mac(key: bytes, body: str) -> str:
    """128 bits of HMAC-SHA256 (RFC 2104), with a prefix of its own, as the key signs other things as well."""
    return hmac.digest(key, f"shared:{body}".encode(), "sha256").hex()[:32]
