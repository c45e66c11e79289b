"""Lists of contacts and accounts, a page at a time, however many there are.

Pages follow a key (the name as it is sorted, then the id), so the thousandth page costs what the first one does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from feedback.core.contact.policy import ConsentState, Policy
from feedback.core.lifecycle import INVITATION_NOT_CONTACTED
from feedback.services.access import Viewer, sees_account, without_or_in_accounts_of
from feedback.services.contact import eligibility
from feedback.store.models import Account, Consent, Contact, Invitation

PAGE = 50
COUNTED = 10_000
"""Rows that are counted at most: to count more takes longer than anybody looks at the number."""
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
    """Rows in the order of their names; `before` and `after` are the places of the pages around it."""

    rows: Sequence[Row]
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
    session: Session, viewer: Viewer, which: ColumnElement[bool], place: PagePlace = BEGINNING
) -> CustomerPage[Contact]:
    """A page of the contacts that the viewer sees and that fit a condition (`filters.condition`)."""
    query = seen_contacts(viewer, which).options(joinedload(Contact.account).joinedload(Account.owner))
    return _page(session, Contact, query, place)


def accounts(
    session: Session, viewer: Viewer, which: ColumnElement[bool], place: PagePlace = BEGINNING
) -> CustomerPage[Account]:
    """A page of the accounts that the viewer sees and that fit a condition (`filters.account_condition`)."""
    query = select(Account).where(sees_account(viewer), which).options(joinedload(Account.owner))
    return _page(session, Account, query, place)


def count(
    session: Session, viewer: Viewer, table: type[Contact] | type[Account], which: ColumnElement[bool]
) -> int:
    """How many rows fit and can be seen by the viewer; `COUNTED` + 1 if they are more than that."""
    sees = sees_account(viewer) if table is Account else without_or_in_accounts_of(viewer, Contact.account_id)
    some = select(table.id).where(sees, which).limit(COUNTED + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def count_beside(
    session: Session, viewer: Viewer, page: CustomerPage[Row], table: type[Row], which: ColumnElement[bool]
) -> int:
    """`count`, without asking for it if the page already has everything."""
    if page.before is None and page.after is None:
        return len(page.rows)
    return count(session, viewer, table, which)


def seen_contacts(viewer: Viewer, which: ColumnElement[bool]) -> Select[Contact]:
    """The contacts that fit and can be seen by the viewer, for statements that add to it."""
    return select(Contact).where(without_or_in_accounts_of(viewer, Contact.account_id), which)


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


def _page(session: Session, table: type[Row], query: Select[Any], place: PagePlace) -> CustomerPage[Row]:
    key = tuple_(table.sort_name, table.id)
    backwards = place.before is not None
    beside = _key_of(session, table, place.before if backwards else place.after)
    if beside is not None:
        query = query.where(key < beside if backwards else key > beside)
    order = (table.sort_name.desc(), table.id.desc()) if backwards else (table.sort_name, table.id)
    rows = list(session.scalars(query.order_by(*order).limit(PAGE + 1)).unique())
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if backwards:
        rows.reverse()
    if not rows:
        return CustomerPage(rows)
    earlier = more if backwards else beside is not None
    later = beside is not None if backwards else more
    return CustomerPage(
        rows,
        PagePlace(before=rows[0].id) if earlier else None,
        PagePlace(after=rows[-1].id) if later else None,
    )


def _key_of(session: Session, table: type[Row], row_id: int | None) -> Any:
    """The key of a row; None if it is gone, and the list then begins at its beginning."""
    if row_id is None:
        return None
    row = session.execute(select(table.sort_name, table.id).where(table.id == row_id)).first()
    return tuple_(*row) if row else None
