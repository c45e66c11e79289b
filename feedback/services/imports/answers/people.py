"""Who gave past answers: contacts by external id, otherwise by an address in any spelling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.services.contact import suppression
from feedback.services.customers import ContactDraft, Journal, erased, store_contacts
from feedback.store.models import Account, Contact, ContactAlias, Suppression


@dataclass(frozen=True, slots=True)
class Answerer:
    """What a row says about the person who answered; all empty for anonymous answers."""

    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    language: str | None = None

    @property
    def is_anonymous(self) -> bool:
        return not (self.external_id or self.email or self.phone)

    @property
    def key(self) -> str:
        """What makes two rows those of one person: the external id, else the addresses."""
        return self.external_id or (self.email or "").lower() or suppression.normal(self.phone or "")


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A contact, with what is stored of their account at the time of an answer."""

    id: int
    account_id: int | None
    segment: str | None
    owner_id: int | None
    language: str | None
    is_demo: bool


def find(session: Session, wanted: Sequence[Answerer]) -> dict[Answerer, KnownPerson]:
    """The contacts of those that are known; the oldest one of an address that several have."""
    ids = {each.external_id for each in wanted if each.external_id}
    emails = {each.email.lower() for each in wanted if each.email}
    phones = {spelling for each in wanted if each.phone for spelling in suppression.same(each.phone)}
    merged = _merged(session, ids)
    by_id = _people(session, Contact.external_id, ids) | {
        external_id: person
        for external_id, contact_id in merged.items()
        for person in _people(session, Contact.id, {contact_id}).values()
    }
    by_email = _people(session, Contact.email, emails)  # they are stored in lower case
    by_phone = _people(session, Contact.phone, phones)
    found = {}
    for each in wanted:
        person = by_id.get(each.external_id or "") or by_email.get((each.email or "").lower())
        if person is None and each.phone:
            person = next((by_phone[one] for one in suppression.same(each.phone) if one in by_phone), None)
        if person is not None:
            found[each] = person
    return found


def gone(session: Session, wanted: Iterable[Answerer]) -> set[Answerer]:
    """Those who were erased on request, as far as digests of their ids and addresses were kept."""
    listed = list(wanted)
    ids = erased(session.connection(), {each.external_id for each in listed if each.external_id})
    addresses = {
        suppression.digest(form): each
        for each in listed
        for address in (each.email, each.phone)
        if address
        for form in suppression.same(address)
    }
    hidden = select(Suppression.address).where(
        Suppression.reason == "erased",
        Suppression.address.in_(list(addresses)),
        Suppression.lifted_at.is_(None),
    )
    digests = set(session.scalars(hidden)) if addresses else set()
    known = {addresses[each] for each in digests}
    return {each for each in listed if each.external_id in ids or each in known}


def add(session: Session, wanted: Iterable[Answerer], now: datetime, journal: Journal | None) -> None:
    """Store people who are not known, without a permission: nobody has agreed to anything by an old answer."""
    drafts: dict[str, ContactDraft] = {}
    for each in wanted:
        external_id = each.external_id or each.email or each.phone
        values = {
            name: value
            for name, value in (
                ("email", each.email),
                ("phone", each.phone),
                ("name", each.name),
                ("language", each.language),
            )
            if value
        }
        if external_id:
            drafts.setdefault(external_id, ContactDraft(external_id, values))
    store_contacts(session.connection(), list(drafts.values()), {}, now, journal=journal)


def _people(session: Session, column: object, wanted: set[str] | set[int]) -> dict[object, KnownPerson]:
    if not wanted:
        return {}
    rows = session.execute(
        select(
            column,  # type: ignore[call-overload]
            Contact.id,
            Contact.account_id,
            Account.segment,
            Account.owner_id,
            Contact.language,
            Contact.is_demo,
        )
        .join(Account, Account.id == Contact.account_id, isouter=True)
        .where(column.in_(wanted), Contact.erased_at.is_(None))  # type: ignore[attr-defined]
        .order_by(Contact.id.desc())
    )
    return {row[0]: KnownPerson(*row[1:]) for row in rows}


def _merged(session: Session, external_ids: set[str]) -> dict[str, int]:
    """External id of a contact that was merged into another one -> that one's id."""
    if not external_ids:
        return {}
    rows = session.execute(
        select(ContactAlias.external_id, ContactAlias.contact_id).where(
            ContactAlias.external_id.in_(external_ids)
        )
    )
    return dict(row._tuple() for row in rows)
