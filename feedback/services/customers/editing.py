"""Contacts and accounts that a person adds or changes on a page.

A change names the `updated_at` that its author saw. If the row has changed since, it is refused, and the page shows
both: nobody overwrites what somebody else, an import or a program has written meanwhile.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.services.access import Viewer, sees_account
from feedback.services.contact import suppression
from feedback.services.customers.activity import find_contact
from feedback.services.customers.storing import erased
from feedback.store.models import Account, Contact

CONTACT_FIELDS = ("name", "phone", "email", "language", "country", "time_zone", "account_id")
ACCOUNT_FIELDS = (
    "name", "owner_id", "segment", "recurring_revenue", "currency", "contract_started_on", "renewal_on",
)  # fmt: skip
MADE_HERE = "page-"
"""Begins the external id of a row that somebody added without one."""


@dataclass(frozen=True, slots=True)
class NewPermission:
    """A permission that a colleague records: `channel` is sms or email, `basis` one of `fields.BASES`."""

    channel: str
    basis: str
    source: str


def add_contact(
    session: Session, viewer: Viewer, values: Mapping[str, Any], external_id: str = "", *, now: datetime
) -> Contact:
    """Store a new contact. Raises Conflict if the external id is taken, Rejected if its person was erased."""
    key = external_id or f"{MADE_HERE}{secrets.token_hex(6)}"
    if erased(session.connection(), [key]):
        raise Rejected("This person was erased on request and cannot be added again.")
    if session.scalar(select(Contact.id).where(Contact.external_id == key)) is not None:
        raise Conflict("Another contact has this external ID. Leave it empty, or open that contact.")
    _check_account(session, viewer, values.get("account_id"))
    contact = Contact(external_id=key, properties={}, created_at=now, updated_at=now, **dict(values))
    session.add(contact)
    session.flush()
    audit.record(session, "added", "contact", contact.id, by=viewer.user_id, now=now)
    return contact


def change_contact(
    session: Session, viewer: Viewer, contact_id: int, values: Mapping[str, Any], seen: str, *, now: datetime
) -> None:
    """Change a contact's fields (`CONTACT_FIELDS`). Raises Conflict if it has changed since `seen` (`version`)."""
    contact = find_contact(session, viewer, contact_id)
    session.refresh(contact, with_for_update=True)
    if values.get("account_id") != contact.account_id:
        _check_account(session, viewer, values.get("account_id"))
    _change(session, contact, "contact", values, seen, by=viewer.user_id, now=now)


def add_account(
    session: Session, viewer: Viewer, values: Mapping[str, Any], external_id: str = "", *, now: datetime
) -> Account:
    """Store a new account. Raises Conflict if the external id is taken."""
    key = external_id or f"{MADE_HERE}{secrets.token_hex(6)}"
    if session.scalar(select(Account.id).where(Account.external_id == key)) is not None:
        raise Conflict("Another account has this external ID. Leave it empty, or open that account.")
    account = Account(external_id=key, properties={}, created_at=now, updated_at=now, **dict(values))
    session.add(account)
    session.flush()
    audit.record(session, "added", "account", account.id, by=viewer.user_id, now=now)
    return account


def find_account(session: Session, viewer: Viewer, account_id: int) -> Account:
    """An account that the viewer sees. Raises NotFound."""
    found = session.scalar(select(Account).where(Account.id == account_id, sees_account(viewer)))
    if found is None:
        raise NotFound("Account not found.")
    return found


def change_account(
    session: Session, viewer: Viewer, account_id: int, values: Mapping[str, Any], seen: str, *, now: datetime
) -> None:
    """Change an account's fields (`ACCOUNT_FIELDS`). Raises Conflict if it has changed since `seen`."""
    account = find_account(session, viewer, account_id)
    session.refresh(account, with_for_update=True)
    _change(session, account, "account", values, seen, by=viewer.user_id, now=now)


def version(row: Contact | Account) -> str:
    """What a form keeps of the row that its author saw."""
    return row.updated_at.isoformat()


def permit(session: Session, viewer: Viewer, contact_id: int, given: NewPermission, *, now: datetime) -> None:
    """Record a permission for the contact's present address. Raises Rejected without an address, and for a person who
    has opted out: only they can undo that."""
    contact = find_contact(session, viewer, contact_id)
    address = contact.addresses.get(given.channel)
    if address is None:
        raise Rejected("Add an address for this channel first.")
    if not given.source.strip():
        raise Rejected("Say where the permission comes from, such as the contract or a form.")
    if suppression.closed_ways(session, contact.id, [(given.channel, address)]):
        raise Rejected(
            "This person has opted out or their address is blocked. Only they can undo an opt-out."
        )
    suppression.grant(
        session,
        contact,
        given.channel,
        address,
        basis=given.basis,
        source=given.source.strip()[:255],
        now=now,
    )
    audit.record(
        session, "changed", "contact", contact.id, by=viewer.user_id, now=now, permission=given.channel
    )


def opt_out(session: Session, viewer: Viewer, contact_id: int, *, now: datetime) -> None:
    """Opt a contact out at all addresses, because they said so to a colleague. Raises Rejected without an address."""
    contact = find_contact(session, viewer, contact_id)
    if not contact.addresses:
        raise Rejected("Add an address for this channel first.")
    for kind, address in contact.addresses.items():
        suppression.opt_out(session, kind, address, source=f"user {viewer.user_id}", now=now)
    audit.record(session, "changed", "contact", contact.id, by=viewer.user_id, now=now, permission="opt_out")


def _check_account(session: Session, viewer: Viewer, account_id: int | None) -> None:
    if account_id is not None:
        find_account(session, viewer, account_id)


def _change(
    session: Session, row: Contact | Account, subject: str, values: Mapping[str, Any], seen: str,
    *, by: int, now: datetime,
) -> None:  # fmt: skip
    if version(row) != seen:
        raise Conflict("Somebody else has changed this meanwhile. Compare both and save again.")
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(row, name, values[name])
    row.updated_at = now
    session.flush()
    audit.record(session, "changed", subject, row.id, by=by, now=now, fields=", ".join(sorted(changed)))
