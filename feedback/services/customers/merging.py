"""Two contacts who are one person become one: everything moves, and the stricter permission wins.

The external id of the contact that goes is kept as an alias of the other one. Events and imports under it reach the
merged contact, so the next file of the CRM does not bring the duplicate back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.lifecycle import EnrolmentState
from feedback.errors import NotFound, Rejected
from feedback.services import audit
from feedback.services.access import Viewer, without_or_in_accounts_of
from feedback.services.contact import suppression
from feedback.services.customers.activity import find_contact
from feedback.store.models import (
    CampaignMember,
    Consent,
    Contact,
    ContactAlias,
    Enrolment,
    FollowUp,
    InboundReply,
    Invitation,
    JourneyEvent,
    Message,
    Response,
    Suppression,
    WebhookEvent,
)

GROUPS = 50
"""Shared addresses on the page of duplicates."""
MOVED: Sequence[Any] = (
    Consent, Suppression, JourneyEvent, Invitation, Message, InboundReply, Response, FollowUp, ContactAlias,
)  # fmt: skip
FILLED = ("name", "phone", "email", "language", "country", "time_zone", "account_id")
"""Fields that the merged contact takes over where it has none."""
_LONGEST_OCCURRENCE = 128


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Contacts with the same phone number (`kind` sms) or e-mail address. A family or an office can share one."""

    kind: str
    address: str
    contacts: Sequence[Contact]


def alike(session: Session, viewer: Viewer, contact: Contact) -> Sequence[Contact]:
    """Other contacts that the viewer sees with a phone number or an e-mail address of this one, at most ten."""
    ways = [
        (Contact.phone if kind == "sms" else Contact.email).in_(suppression.same(address))
        for kind, address in contact.addresses.items()
    ]
    if not ways:
        return []
    others = select(Contact).where(or_(*ways), Contact.id != contact.id, Contact.erased_at.is_(None))
    others = others.where(without_or_in_accounts_of(viewer, Contact.account_id))
    return session.scalars(others.order_by(Contact.id).limit(10)).all()


def duplicates(session: Session, viewer: Viewer) -> list[DuplicateGroup]:
    """The first `GROUPS` shared addresses of contacts that the viewer sees."""
    found: list[DuplicateGroup] = []
    columns: Mapping[str, InstrumentedAttribute[str | None]] = {"email": Contact.email, "sms": Contact.phone}
    for kind, column in columns.items():
        seen = (Contact.erased_at.is_(None), without_or_in_accounts_of(viewer, Contact.account_id))
        shared = select(column).where(column.is_not(None), *seen).group_by(column).having(func.count() > 1)
        addresses = session.scalars(shared.order_by(column).limit(GROUPS - len(found))).all()
        rows = session.scalars(select(Contact).where(column.in_(addresses), *seen).order_by(Contact.id)).all()
        for address in filter(None, addresses):
            same = [each for each in rows if getattr(each, column.key) == address]
            found.append(DuplicateGroup(kind, address, same))
    return found


def merge(session: Session, viewer: Viewer, keep_id: int, drop_id: int, *, now: datetime) -> Contact:
    """Move everything of one contact to another, and delete the first. Returns the merged contact.

    Raises NotFound if the viewer does not see both, Rejected if they are the same.
    """
    if keep_id == drop_id:
        raise Rejected("Choose two different contacts.")
    ids = sorted((keep_id, drop_id))
    session.scalars(select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id).with_for_update()).all()
    keep, drop = (find_contact(session, viewer, each) for each in (keep_id, drop_id))
    addresses = {*keep.addresses.items(), *drop.addresses.items()}
    refusal = _refusal(session, ids, addresses)
    withdrawn = suppression.refused(session, set(ids))
    _free_places(session, keep_id, drop_id, now)
    for table in (*MOVED, Enrolment):
        session.execute(update(table).where(table.contact_id == drop_id).values(contact_id=keep_id))
    _keep_on_lists(session, keep_id, drop_id)
    _move_webhooks(session, keep_id, drop_id)
    _fill(keep, drop, now)
    session.add(ContactAlias(external_id=drop.external_id, contact_id=keep_id, created_at=now))
    session.delete(drop)
    session.flush()
    session.expire(keep)
    _withdraw(session, keep_id, {(kind, address) for _, kind, address in withdrawn}, now)
    if refusal is not None:
        for kind, address in sorted(addresses):
            source = f"merge by user {viewer.user_id}"
            suppression.suppress(
                session, kind, address, reason=refusal, source=source, now=now, contact_id=keep_id
            )
    audit.record(session, "merged", "contact", keep_id, by=viewer.user_id, now=now, other=drop_id)
    return keep


def _keep_on_lists(session: Session, keep_id: int, drop_id: int) -> None:
    """Put the kept contact on the lists of campaigns on which only the other one is."""
    of_kept = select(CampaignMember.campaign_id).where(CampaignMember.contact_id == keep_id)
    session.execute(
        update(CampaignMember)
        .where(CampaignMember.contact_id == drop_id, CampaignMember.campaign_id.not_in(of_kept))
        .values(contact_id=keep_id)
    )


def _move_webhooks(session: Session, keep_id: int, drop_id: int) -> None:
    """Events of both halves, each by its own index."""
    for half in (WebhookEvent.spread_at.is_(None), WebhookEvent.spread_at.is_not(None)):
        theirs = update(WebhookEvent).where(half, WebhookEvent.contact_id == drop_id)
        session.execute(theirs.values(contact_id=keep_id))


def resolve(session: Session, external_id: str) -> int:
    """The id of the contact that has this external id, or had it before a merge. Raises NotFound."""
    own = select(Contact.id).where(Contact.external_id == external_id, Contact.erased_at.is_(None))
    alias = select(ContactAlias.contact_id).where(ContactAlias.external_id == external_id)
    found = session.scalar(own) or session.scalar(alias)
    if found is None:
        raise NotFound("There is no such contact.")
    return found


def _refusal(session: Session, ids: Sequence[int], addresses: set[tuple[str, str]]) -> str | None:
    """The strongest wish of the person not to be asked, of either contact; None without any."""
    at = [
        and_(Suppression.kind == kind, Suppression.address.in_(suppression.same(address)))
        for kind, address in addresses
    ]
    reasons = session.scalars(
        select(Suppression.reason)
        .where(Suppression.lifted_at.is_(None), Suppression.reason.in_(suppression.SAID))
        .where(or_(Suppression.contact_id.in_(ids), *at))
    )
    return max(reasons, key=lambda reason: suppression.FIRMNESS[reason], default=None)


def _free_places(session: Session, keep_id: int, drop_id: int, now: datetime) -> None:
    """Let enrolments move whose round the other contact has as well. One that was still to be sent is cancelled:
    nobody is asked twice."""
    own = select(Enrolment.stage, Enrolment.occurrence).where(Enrolment.contact_id == keep_id)
    taken = {(stage, occurrence) for stage, occurrence in session.execute(own)}
    for enrolment in session.scalars(select(Enrolment).where(Enrolment.contact_id == drop_id)):
        if (enrolment.stage, enrolment.occurrence) in taken:
            mark = f"~{enrolment.id}"
            enrolment.occurrence = enrolment.occurrence[: _LONGEST_OCCURRENCE - len(mark)] + mark
            if enrolment.state == EnrolmentState.SCHEDULED:
                enrolment.state, enrolment.reason = EnrolmentState.CANCELLED, "merged"
                enrolment.decided_at = now
    session.flush()


def _fill(keep: Contact, drop: Contact, now: datetime) -> None:
    """Take over what the merged contact lacks; another address of the person becomes a property."""
    for name in FILLED:
        if getattr(keep, name) is None:
            setattr(keep, name, getattr(drop, name))
    others = {
        f"other_{name}": getattr(drop, name)
        for name in ("email", "phone")
        if getattr(drop, name) not in (None, getattr(keep, name))
    }
    keep.properties = {**drop.properties, **others, **keep.properties}
    keep.updated_at = now


def _withdraw(session: Session, contact_id: int, ways: set[tuple[str, str]], now: datetime) -> None:
    """A permission that one of the two had withdrawn is withdrawn."""
    for kind, address in ways:
        session.execute(
            update(Consent)
            .where(Consent.contact_id == contact_id, Consent.kind == kind, Consent.withdrawn_at.is_(None))
            .where(func.lower(Consent.address).in_(suppression.same(address)))
            .values(withdrawn_at=now)
        )
