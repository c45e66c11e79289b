"""The contact policy's facts read for one contact after the other, as plainly as possible: what reading them for many
at once is compared with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from feedback.core.contact.policy import (
    ConsentState,
    Decision,
    History,
    Intended,
    PastContact,
    Policy,
    Reach,
    Recipient,
    decide,
)
from feedback.core.contact.recipient import PhoneNumber
from feedback.services.contact import suppression
from feedback.store.models import Consent, Contact, Invitation, Suppression

NOT_ASKED = ("failed", "withdrawn", "skipped")


def decide_for(
    session: Session, contact: Contact, intended: Intended, rules: Policy, now: datetime
) -> Decision:
    return decide(intended, recipient(session, contact), history(session, contact, now, rules), rules, now)


def recipient(session: Session, contact: Contact) -> Recipient:
    number = PhoneNumber(contact.phone) if contact.phone else None
    return Recipient(
        reach={
            channel: reach(session, contact, channel, address)
            for channel, address in contact.addresses.items()
        },
        suppressed="erased" if contact.erased_at else None,
        country=contact.country,
        time_zone=contact.time_zone,
        number_country=number.region if number else None,
        number_zones=number.time_zones() if number else (),
    )


def reach(session: Session, contact: Contact, channel: str, address: str) -> Reach:
    of_way = (Consent.contact_id == contact.id, Consent.kind == channel, Consent.address == address)
    consent = session.scalars(select(Consent).where(*of_way).order_by(Consent.id.desc()).limit(1)).first()
    state = ConsentState.UNKNOWN
    if consent is not None:
        state = ConsentState.REFUSED if consent.withdrawn_at else ConsentState.GIVEN
    return Reach(
        has_address=True,
        consent=state,
        suppressed="on_the_list" if is_closed(session, contact, channel, address) else None,
        is_express=consent is not None and consent.basis == "consent",
    )


def is_closed(session: Session, contact: Contact, channel: str, address: str) -> bool:
    rows = session.scalars(
        select(Suppression).where(
            Suppression.kind == channel, Suppression.address.in_(suppression.forms(address))
        )
    ).all()
    if rows:
        return any(row.lifted_at is None for row in rows)
    said_no = select(Suppression.id).where(
        Suppression.contact_id == contact.id,
        Suppression.lifted_at.is_(None),
        Suppression.reason.in_(suppression.SAID),
    )
    return session.scalar(said_no.limit(1)) is not None


def history(session: Session, contact: Contact, now: datetime, rules: Policy) -> History:
    same = (Contact.phone == contact.phone if contact.phone else false(),
            Contact.email == contact.email if contact.email else false())  # fmt: skip
    person = {contact.id, *session.scalars(select(Contact.id).where(or_(*same)))}
    own: ColumnElement[bool] = Invitation.contact_id.in_(person)
    if contact.account_id is not None:
        own |= Invitation.account_id == contact.account_id
    since = now - max(rules.gap, rules.account_window)
    rows = session.scalars(
        select(Invitation)
        .where(own, func.coalesce(Invitation.sent_at, Invitation.created_at) >= since)
        .where(Invitation.state.not_in(NOT_ASKED))
    ).all()
    told = [(row, PastContact(row.sent_at or row.created_at, row.priority)) for row in rows]
    return History(
        contact=tuple(past for row, past in told if row.contact_id in person),
        account=tuple(
            past
            for row, past in told
            if contact.account_id and (row.contact_id == contact.id or row.account_id == contact.account_id)
        ),
    )
