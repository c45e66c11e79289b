"""Everything that happened with a contact or an account as one line, the latest first, a page at a time.

Each kind of entry is read from its own table, at most one page of it, and merged. `KINDS` is the order of entries of
one moment, and with the time and the row's id the key by which pages follow each other.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from feedback.errors import NotFound
from feedback.services import audit
from feedback.services.access import Viewer, without_or_in_accounts_of
from feedback.store.models import (
    Account,
    AuditEntry,
    Consent,
    Contact,
    FollowUp,
    InboundReply,
    JourneyEvent,
    Message,
    Response,
    Suppression,
    UsagePoint,
    User,
)

PAGE = 30


@dataclass(frozen=True, slots=True)
class ActivityEntry:
    """`row` is the row behind the entry, of the table that `kind` names in `KINDS`; `by` the user of an audit entry."""

    kind: str
    at: datetime
    id: int
    row: Any
    by: User | None = None


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """`more` is the key of the last entry, from which the next page goes on; empty if this is the last one."""

    entries: Sequence[ActivityEntry]
    more: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    table: Any
    at: InstrumentedAttribute[Any]
    of_contact: Callable[[int], ColumnElement[bool]] | None
    of_account: Callable[[int], ColumnElement[bool]] | None
    only: tuple[ColumnElement[bool], ...] = ()
    options: tuple[Any, ...] = field(default_factory=tuple)


def _people(account_id: int) -> Select[int]:
    return select(Contact.id).where(Contact.account_id == account_id)


def _audited(*actions: str) -> tuple[ColumnElement[bool], ...]:
    return (AuditEntry.action.in_(actions),)


KINDS: Mapping[str, _Kind] = {
    "follow_up_closed": _Kind(
        FollowUp, FollowUp.closed_at,
        lambda it: FollowUp.contact_id == it, lambda it: FollowUp.account_id == it,
        (FollowUp.closed_at.is_not(None),),
    ),
    "follow_up": _Kind(
        FollowUp, FollowUp.opened_at, lambda it: FollowUp.contact_id == it, lambda it: FollowUp.account_id == it
    ),
    "response": _Kind(
        Response, Response.answered_at,
        lambda it: Response.contact_id == it, lambda it: Response.account_id == it,
        options=(
            selectinload(Response.answers), selectinload(Response.scores), selectinload(Response.contact)
        ),
    ),
    "reply": _Kind(
        InboundReply, InboundReply.received_at,
        lambda it: InboundReply.contact_id == it, lambda it: InboundReply.contact_id.in_(_people(it)),
    ),
    "message": _Kind(
        Message, Message.created_at,
        lambda it: Message.contact_id == it, lambda it: Message.contact_id.in_(_people(it)),
        (Message.user_id.is_(None),),
    ),
    "event": _Kind(
        JourneyEvent, JourneyEvent.occurred_at,
        lambda it: JourneyEvent.contact_id == it, lambda it: JourneyEvent.contact_id.in_(_people(it)),
    ),
    "withdrawal": _Kind(
        Consent, Consent.withdrawn_at,
        lambda it: Consent.contact_id == it, None, (Consent.withdrawn_at.is_not(None),),
    ),
    "consent": _Kind(
        Consent, Consent.granted_at,
        lambda it: Consent.contact_id == it, None,
        (or_(Consent.withdrawn_at.is_(None), Consent.withdrawn_at > Consent.granted_at),),
    ),
    "lifted": _Kind(
        Suppression, Suppression.lifted_at,
        lambda it: Suppression.contact_id == it, None, (Suppression.lifted_at.is_not(None),),
    ),
    "suppressed": _Kind(Suppression, Suppression.created_at, lambda it: Suppression.contact_id == it, None),
    "usage": _Kind(UsagePoint, UsagePoint.at, None, lambda it: UsagePoint.account_id == it),
    "audit": _Kind(
        AuditEntry, AuditEntry.at,
        lambda it: and_(AuditEntry.subject == "contact", AuditEntry.subject_id == it),
        lambda it: and_(AuditEntry.subject == "account", AuditEntry.subject_id == it),
        _audited("added", "changed", "merged", "exported"),
    ),
}  # fmt: skip
"""Kind -> its table, its time, and whose it is; None for a kind that contacts or accounts do not have."""
_RANK = {kind: rank for rank, kind in enumerate(KINDS)}


def find_contact(session: Session, viewer: Viewer, contact_id: int) -> Contact:
    """A contact that the viewer sees. Raises NotFound, also for an erased one."""
    wanted = select(Contact).where(Contact.id == contact_id, Contact.erased_at.is_(None))
    found = session.scalar(wanted.where(without_or_in_accounts_of(viewer, Contact.account_id)))
    if found is None:
        raise NotFound("Contact not found.")
    return found


def of_contact(session: Session, contact: Contact, after: str = "") -> ActivityPage:
    """A page of what happened with a contact; `after` is `ActivityPage.more` of the page before."""
    wanted = {kind: each.of_contact(contact.id) for kind, each in KINDS.items() if each.of_contact}
    return _page(session, wanted, after)


def of_account(session: Session, account: Account, after: str = "") -> ActivityPage:
    """A page of what happened with an account and its contacts."""
    wanted = {kind: each.of_account(account.id) for kind, each in KINDS.items() if each.of_account}
    return _page(session, wanted, after)


def _page(session: Session, wanted: Mapping[str, ColumnElement[bool]], after: str) -> ActivityPage:
    seen = _read(after)
    sources = [_latest(session, kind, whose, seen) for kind, whose in wanted.items()]
    merged = heapq.merge(*sources, key=lambda each: (-each.at.timestamp(), _RANK[each.kind], -each.id))
    entries = [each for _, each in zip(range(PAGE + 1), merged, strict=False)]
    more = _written(entries[PAGE - 1]) if len(entries) > PAGE else ""
    return ActivityPage(list(_with_users(session, entries[:PAGE])), more)


def _latest(
    session: Session, kind: str, whose: ColumnElement[bool], seen: tuple[datetime, int, int] | None
) -> Iterator[ActivityEntry]:
    source = KINDS[kind]
    query = select(source.table).where(whose, *source.only).options(*source.options)
    if seen is not None:
        at, rank, row_id = seen
        if _RANK[kind] < rank:
            query = query.where(source.at < at)
        elif _RANK[kind] > rank:
            query = query.where(source.at <= at)
        else:
            query = query.where(or_(source.at < at, and_(source.at == at, source.table.id < row_id)))
    rows = session.scalars(query.order_by(source.at.desc(), source.table.id.desc()).limit(PAGE + 1))
    return (ActivityEntry(kind, getattr(row, source.at.key), row.id, row) for row in rows.all())


def _with_users(session: Session, entries: Sequence[ActivityEntry]) -> Iterator[ActivityEntry]:
    ids = {each.row.user_id for each in entries if each.kind == "audit" and each.row.user_id != audit.SYSTEM}
    people = {each.id: each for each in session.scalars(select(User).where(User.id.in_(ids - {None})))}
    for each in entries:
        by = people.get(each.row.user_id) if each.kind == "audit" else None
        yield ActivityEntry(each.kind, each.at, each.id, each.row, by)


def _written(entry: ActivityEntry) -> str:
    microseconds = round(entry.at.timestamp() * 1_000_000)
    return f"{microseconds}-{_RANK[entry.kind]}-{entry.id}"


def _read(key: str) -> tuple[datetime, int, int] | None:
    """The key of an entry; None for one that no page has written, and the line then begins at its beginning."""
    try:
        at, rank, row_id = map(int, key.split("-"))
        return datetime.fromtimestamp(at / 1_000_000, UTC), rank, row_id
    except (ValueError, OverflowError, OSError):
        return None
