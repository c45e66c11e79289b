"""Reads from the database what `core.contact.policy` needs for its decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, union
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from feedback.core.contact.hours import Hours, rules_on_days
from feedback.core.contact.policy import (
    ConsentState,
    Decision,
    History,
    Intended,
    PastContact,
    Policy,
    Reach,
    Reason,
    Recipient,
    decide,
)
from feedback.core.contact.recipient import PhoneNumber
from feedback.core.lifecycle import INVITATION_NOT_CONTACTED, EnrolmentState
from feedback.providers import channel_of
from feedback.services.contact import suppression
from feedback.settings import Settings
from feedback.store.models import Account, Consent, Contact, Enrolment, Invitation


def decide_for(
    session: Session,
    contact: Contact,
    intended: Intended,
    rules: Policy,
    now: datetime,
    *,
    enrolment_id: int | None = None,
) -> Decision:
    """The policy's decision on a survey to `contact` as intended. Lock the contact's row before you call this."""
    return decide(
        intended, recipient(session, contact), history(session, contact, now, rules, enrolment_id), rules, now
    )


def decide_again(
    session: Session,
    contact: Contact,
    channels: tuple[str, ...],
    expires: datetime,
    rules: Policy,
    now: datetime,
    priority: int,
) -> Decision:
    """The decision on another message of the same survey (reminder, other channel), without the fatigue limits."""
    intended = Intended(priority, channels, now, expires)
    return decide(intended, recipient(session, contact), History(), rules, now)


def lock(session: Session, contact_ids: set[int]) -> list[Contact]:
    """Lock contacts and their accounts, so that decisions about them are made one after the other.

    Anybody who shares an address with them is locked, too.

    Contacts are locked before accounts, and each in the order of their ids, to prevent deadlocks.
    """
    together = contact_ids | _at_addresses_of(session, contact_ids)
    locked = session.scalars(
        select(Contact).where(Contact.id.in_(together)).order_by(Contact.id).with_for_update()
    ).all()
    contacts = [each for each in locked if each.id in contact_ids]
    shared = {each.account_id for each in contacts if each.account_id}
    if shared:
        accounts = select(Account).where(Account.id.in_(shared)).order_by(Account.id).with_for_update()
        found = {each.id: each for each in session.scalars(accounts)}
        for contact in contacts:
            if contact.account_id:
                set_committed_value(contact, "account", found[contact.account_id])
    return contacts


def policy(settings: Settings) -> Policy:
    """The installation's policy. Its hours narrow every country's hours; its weekdays apply to countries without
    their own days, unless it names those. Before any provider is set up, every channel counts as there: what is
    reported meanwhile waits, because nothing is sent, and is decided again when it is."""
    contact = settings.contact
    day = Hours(contact.quiet_to, contact.quiet_from)
    own = tuple((code, frozenset(map(int, days))) for code, days in contact.weekdays_by_country.items())
    countries = dict(rules_on_days(day, frozenset(map(int, contact.weekdays)), own))
    if contact.consent_required:
        everywhere = frozenset({"sms", "email"})
        countries = {code: replace(rules, consent_required=everywhere) for code, rules in countries.items()}
    return Policy(
        gap=contact.min_gap,
        important_gap=contact.important_gap,
        account_limit=contact.account_max,
        account_window=contact.account_window,
        blackout=frozenset(contact.blackout_dates),
        default_zone=str(settings.organisation.time_zone),
        countries=countries,
        channels=frozenset(channel_of(key) for key in settings.providers.enabled) or None,
    )


def recipient(session: Session, contact: Contact) -> Recipient:
    """The contact as the policy's Recipient."""
    number = PhoneNumber(contact.phone) if contact.phone else None
    return Recipient(
        reach=_reach(session, contact),
        suppressed="erased" if contact.erased_at else None,
        country=contact.country,
        time_zone=contact.time_zone,
        number_country=number.region if number else None,
        number_zones=number.time_zones() if number else (),
    )


def history(
    session: Session, contact: Contact, now: datetime, rules: Policy, enrolment_id: int | None = None
) -> History:
    """Sent and scheduled surveys of the person and the account, without `enrolment_id`.

    The person is everybody with one of the contact's addresses: a duplicate in the CRM or a couple with one number
    is one phone, and it rests as one.
    """
    person = {contact.id} | _at_addresses_of(session, {contact.id})
    own: ColumnElement[bool] = Invitation.contact_id.in_(person)
    if contact.account_id is not None:
        own |= Invitation.account_id == contact.account_id
    since = now - max(rules.gap, rules.account_window)
    rows = session.execute(
        select(
            Invitation.contact_id,
            Invitation.account_id,
            Invitation.sent_at,
            Invitation.created_at,
            Invitation.priority,
        )
        .where(own, func.coalesce(Invitation.sent_at, Invitation.created_at) >= since)
        .where(Invitation.state.not_in(INVITATION_NOT_CONTACTED))
        .where(or_(Invitation.enrolment_id.is_(None), Invitation.enrolment_id != enrolment_id))
    ).all()
    everybody = [(row, PastContact(row.sent_at or row.created_at, row.priority)) for row in rows]
    return History(
        contact=tuple(past for row, past in everybody if row.contact_id in person),
        account=tuple(
            past
            for row, past in everybody
            if contact.account_id and (row.contact_id == contact.id or row.account_id == contact.account_id)
        ),
    )


def _at_addresses_of(session: Session, contact_ids: set[int]) -> set[int]:
    """The contacts with the phone number or the e-mail address of one of these; without their own ids if they share
    nothing."""
    own = aliased(Contact)
    same = (
        select(Contact.id).join(own, address == of_own).where(own.id.in_(contact_ids))
        for address, of_own in ((Contact.phone, own.phone), (Contact.email, own.email))
    )
    return set(session.scalars(union(*same)))


def explained(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Reasons in JSON form."""
    return [{"code": reason.code, "params": dict(reason.params)} for reason in reasons]


def planned(session: Session, contact_id: int) -> list[Enrolment]:
    """Surveys that are scheduled for a contact and not sent yet."""
    return list(
        session.scalars(
            select(Enrolment).where(
                Enrolment.contact_id == contact_id, Enrolment.state == EnrolmentState.SCHEDULED
            )
        )
    )


def _reach(session: Session, contact: Contact) -> dict[str, Reach]:
    """The state of the contact's channels, read with two statements."""
    known = list(contact.addresses.items())
    if not known:
        return {}
    rows = session.scalars(select(Consent).where(Consent.contact_id == contact.id).order_by(Consent.id))
    latest = {(row.kind, row.address): row for row in rows}
    closed = suppression.closed_ways(session, contact.id, known)
    return {
        channel: Reach(
            has_address=True,
            consent=_consent(latest.get((channel, address))),
            suppressed="on_the_list" if (channel, address) in closed else None,
            is_express=_is_express(latest.get((channel, address))),
        )
        for channel, address in known
    }


def _is_express(row: Consent | None) -> bool:
    return row is not None and row.basis == "consent"


def _consent(row: Consent | None) -> ConsentState:
    if row is None:
        return ConsentState.UNKNOWN
    return ConsentState.REFUSED if row.withdrawn_at else ConsentState.GIVEN
