"""Lists of contacts and accounts, a page at a time, however many there are.

Pages follow a key (the name as it is sorted, then the id), so the thousandth page costs what the first one does. What
is rare is looked up once, counted and sorted; what is frequent is read along an index until a page is full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from feedback.core.contact.policy import ConsentState, Policy
from feedback.core.lifecycle import INVITATION_NOT_CONTACTED
from feedback.services.access import Viewer, sees_account, without_or_in_accounts_of
from feedback.services.contact import eligibility
from feedback.store.models import Account, Consent, Contact, Invitation

PAGE = 50
FEW = 1_000
"""Rows that are found at once and sorted afterwards; a page of more of them follows an index."""
COUNTED, LARGE = 10_000, 200_000
"""Rows that are counted at most; with so many rows in the table only `FEW`: to count more takes longer than anybody
looks at the number."""
MOST_VALUES = 100
"""Choices of a menu."""

Row = TypeVar("Row", Contact, Account)


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Where a page begins: behind the row with this id, or before it; at the beginning without either."""

    after: int | None = None
    before: int | None = None


BEGINNING = PagePlace()


@dataclass(frozen=True, slots=True)
class CustomerPage(Generic[Row]):
    """Rows, and the places of the pages around them. `count` is that of all rows that fit, at most `counted` + 1."""

    rows: Sequence[Row]
    count: int
    counted: int
    before: PagePlace | None = None
    after: PagePlace | None = None


@dataclass(frozen=True, slots=True)
class ContactStanding:
    """What a list says of a contact besides its own columns.

    `channels` says for each of its channels `given`, `unknown`, `refused` or `suppressed`.
    """

    asked_at: datetime | None = None
    channels: Mapping[str, str] = field(default_factory=dict)


def contacts(
    session: Session,
    viewer: Viewer,
    which: ColumnElement[bool],
    place: PagePlace = BEGINNING,
    *,
    searched: bool = False,
) -> CustomerPage[Contact]:
    """A page of the contacts that the viewer sees and that fit a condition (`filters.condition`), by name.

    If it has `searched` words and finds more than `FEW`, it is in the order in which they were stored: the names that
    fit stand together, and an index of names would be read up to where they are.
    """
    sees = without_or_in_accounts_of(viewer, Contact.account_id)
    options = joinedload(Contact.account).joinedload(Account.owner)
    return _page(session, Contact, (sees, which), options, place, by_id=searched)


def accounts(
    session: Session,
    viewer: Viewer,
    which: ColumnElement[bool],
    place: PagePlace = BEGINNING,
    *,
    searched: bool = False,
) -> CustomerPage[Account]:
    """A page of the accounts that the viewer sees and that fit a condition (`filters.account_condition`)."""
    return _page(
        session, Account, (sees_account(viewer), which), joinedload(Account.owner), place, by_id=searched
    )


def count(session: Session, viewer: Viewer, which: ColumnElement[bool]) -> int:
    """How many contacts fit and can be seen by the viewer; one more than `most_counted` if they are more than that."""
    return _count(session, Contact, (without_or_in_accounts_of(viewer, Contact.account_id), which))


def most_counted(session: Session, table: type[Contact] | type[Account] = Contact) -> int:
    """How many rows are counted at most."""
    return FEW if (session.scalar(select(func.max(table.id))) or 0) > LARGE else COUNTED


def standings(
    session: Session, people: Sequence[Contact], rules: Policy, now: datetime
) -> dict[int, ContactStanding]:
    """Contact id -> what a list says of it, with a fixed number of statements."""
    ids = [each.id for each in people]
    at = func.max(func.coalesce(Invitation.sent_at, Invitation.created_at))
    rows = session.execute(
        select(Invitation.contact_id, at)
        .where(Invitation.contact_id.in_(ids), Invitation.state.not_in(INVITATION_NOT_CONTACTED))
        .group_by(Invitation.contact_id)
    )
    asked = {row[0]: row[1] for row in rows}
    known = eligibility.know(session, people, rules, now, surveys=False)
    return {
        each.id: ContactStanding(
            asked.get(each.id),
            {
                channel: "suppressed" if reach.suppressed else _CONSENTS[reach.consent]
                for channel, reach in known.recipient(each).reach.items()
            },
        )
        for each in people
    }


_CONSENTS = {ConsentState.GIVEN: "given", ConsentState.REFUSED: "refused", ConsentState.UNKNOWN: "unknown"}


def consents(session: Session, contact: Contact) -> Sequence[Consent]:
    """The latest entry about each of the contact's present and former addresses, the newest first."""
    rows = session.scalars(select(Consent).where(Consent.contact_id == contact.id).order_by(Consent.id))
    latest = {(row.kind, row.address): row for row in rows}
    return sorted(latest.values(), key=lambda row: -row.id)


def contacts_of(session: Session, account_ids: Sequence[int]) -> dict[int, int]:
    """Account id -> the number of its contacts."""
    rows = session.execute(
        select(Contact.account_id, func.count())
        .where(Contact.account_id.in_(account_ids), Contact.erased_at.is_(None))
        .group_by(Contact.account_id)
    )
    return {row[0]: row[1] for row in rows if row[0] is not None}


def values_of(session: Session, column: InstrumentedAttribute[str | None]) -> list[str]:
    """The different values of an indexed column, at most `MOST_VALUES`, each found by a step along the index."""
    found: list[str] = []
    while len(found) < MOST_VALUES:
        step = select(func.min(column)).where(column > found[-1] if found else column.is_not(None))
        value = session.scalar(step)
        if value is None:
            break
        found.append(value)
    return [each for each in found if each]


def _page(
    session: Session, table: type[Row], fits: tuple[Any, ...], options: Any, place: PagePlace, *, by_id: bool
) -> CustomerPage[Row]:
    """A page of the rows that fit. If they are few, they are found once and sorted."""
    few = session.scalars(select(table.id).where(*fits).limit(FEW + 1)).all()
    query = select(table).options(options)
    key: tuple[Any, ...] = (table.sort_name, table.id)
    if len(few) <= FEW:
        count, query = len(few), query.where(table.id.in_(few))
    else:
        query = query.where(*fits)
        count = len(few) if most_counted(session, table) == FEW else _count(session, table, fits)
        key = (table.id,) if by_id else key
    backwards = place.before is not None
    beside = _key_of(session, table, key, place.before if backwards else place.after)
    if beside is not None:
        query = query.where(tuple_(*key) < beside if backwards else tuple_(*key) > beside)
    order = [each.desc() for each in key] if backwards else key
    rows = list(session.scalars(query.order_by(*order).limit(PAGE + 1)).unique())
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if backwards:
        rows.reverse()
    earlier = bool(rows) and (more if backwards else beside is not None)
    later = bool(rows) and (beside is not None if backwards else more)
    return CustomerPage(
        rows,
        count,
        most_counted(session, table),
        PagePlace(before=rows[0].id) if earlier else None,
        PagePlace(after=rows[-1].id) if later else None,
    )


def _count(session: Session, table: type[Contact] | type[Account], fits: tuple[Any, ...]) -> int:
    some = select(table.id).where(*fits).limit(most_counted(session, table) + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _key_of(session: Session, table: type[Row], key: Sequence[Any], row_id: int | None) -> Any:
    """The key of a row; None if it is gone, and the list then begins at its beginning."""
    if row_id is None:
        return None
    row = session.execute(select(*key).where(table.id == row_id)).first()
    return tuple_(*row) if row else None
