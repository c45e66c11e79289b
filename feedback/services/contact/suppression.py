"""Consent, and the suppression list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, union, update
from sqlalchemy.orm import Session

from feedback.core.contact.recipient import CARRIERS, canonical, spellings
from feedback.core.lifecycle import InvitationState, MessageState
from feedback.core.token import looks_like_token
from feedback.errors import NotFound
from feedback.services import changes
from feedback.services.changes import ReportedChange
from feedback.store.database import add_once
from feedback.store.models import Consent, Contact, Invitation, Message, Suppression
from feedback.store.prepared import PreparedStatement

FIRMNESS = {
    "soft_bounces": 0, "maybe_opt_out": 1, "bad_number": 2, "hard_bounce": 2, "opt_out": 3, "manual": 4,
    "complaint": 5, "erased": 6,
}  # fmt: skip
"""The strength of reasons; a reason is only replaced by a stronger one. The person's wishes are the strongest."""
SAID = ("opt_out", "maybe_opt_out", "complaint", "manual")
"""Reasons that apply to the person and not only to one address."""
PAUSE = timedelta(days=30)
"""How long an address is paused after several temporary failures."""
_LIST: Any = Suppression.__table__.c
_LISTED = select(_LIST.kind, _LIST.address, _LIST.reason, _LIST.contact_id, _LIST.lifted_at)
_ON_LIST = PreparedStatement(
    union(  # not OR: PostgreSQL would read the whole list
        _LISTED.where(
            _LIST.kind.in_(bindparam("kinds", expanding=True)),
            _LIST.address.in_(bindparam("addresses", expanding=True)),
        ),
        _LISTED.where(_LIST.contact_id.in_(bindparam("ids", expanding=True))),
    )
)


def is_suppressed(session: Session, kind: str, address: str) -> bool:
    """Whether `address` (E.164 or e-mail) is suppressed."""
    return bool(suppressed(session, [(kind, address)]))


def suppressed(session: Session, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """The suppressed ones of `wanted` (kind of channel, address), with one statement."""
    ways = {way: {(way[0], form) for form in forms(way[1])} for way in wanted}
    if not ways:
        return set()
    rows = session.execute(
        select(Suppression.kind, Suppression.address)
        .where(Suppression.address.in_({address for each in ways.values() for _, address in each}))
        .where(Suppression.lifted_at.is_(None))
    )
    listed = {(row.kind, row.address) for row in rows}
    return {way for way, each in ways.items() if each & listed}


def closed_ways(session: Session, contact_id: int, ways: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """The suppressed ones of a contact's addresses; see `closed_ways_of`."""
    return closed_ways_of(session, {contact_id: list(ways)})[contact_id]


def closed_ways_of(
    session: Session, ways: Mapping[int, Sequence[tuple[str, str]]]
) -> dict[int, set[tuple[str, str]]]:
    """The suppressed ones of the addresses of each contact (by its id), with one statement.

    An address is suppressed if it is on the list, or if the person has opted out at another address: a new address in
    an import does not undo an opt-out.
    """
    of = {way: {(way[0], form) for form in forms(way[1])} for each in ways.values() for way in each}
    every = {address for each in of.values() for _, address in each}
    wanted = {"kinds": list({kind for kind, _ in of}), "addresses": list(every), "ids": list(ways)}
    session.flush()  # only statements about ORM objects do that by themselves
    rows = _ON_LIST.rows(session.connection(), wanted)
    known = {(row.kind, row.address) for row in rows}
    listed = {(row.kind, row.address) for row in rows if row.lifted_at is None}
    said_no = {row.contact_id for row in rows if row.lifted_at is None and row.reason in SAID}
    return {
        contact_id: {
            way for way in each if of[way] & listed or (contact_id in said_no and not of[way] & known)
        }
        for contact_id, each in ways.items()
    }


def reason_of(session: Session, contact_id: int, way: tuple[str, str]) -> str:
    """Why nothing is sent to an address of a contact, the firmest reason; empty if it is not on the list."""
    wanted = {"kinds": [way[0]], "addresses": list(forms(way[1])), "ids": [contact_id]}
    session.flush()  # only statements about ORM objects do that by themselves
    rows = _ON_LIST.rows(session.connection(), wanted)
    listed = {(way[0], form) for form in forms(way[1])}
    reasons = [
        row.reason
        for row in rows
        if row.lifted_at is None and ((row.kind, row.address) in listed or row.reason in SAID)
    ]
    return max(reasons, key=lambda each: FIRMNESS.get(each, 0), default="")


def suppress(
    session: Session,
    kind: str,
    address: str,
    *,
    reason: str,
    source: str,
    now: datetime,
    contact_id: int | None = None,
) -> bool:
    """Suppress an address and cancel its queued messages. Returns False if it was suppressed already.

    A stronger reason replaces a weaker one, and the same reason is renewed with the time `now`.
    """
    row = _row(session, kind, address, now, contact_id)
    fresh = row.lifted_at is not None or row.source == ""
    if fresh or FIRMNESS.get(reason, 0) >= FIRMNESS.get(row.reason, 0):
        row.reason, row.source, row.lifted_at = reason, source, None
        row.contact_id = contact_id or row.contact_id
        row.created_at = now if fresh else max(now, row.created_at)
    if reason in ("opt_out", "complaint"):
        _withdraw_consent(session, kind, address, now)
    _cancel_queued(session, kind, address)
    return fresh


def lift(
    session: Session,
    kind: str,
    address: str,
    *,
    reasons: tuple[str, ...],
    now: datetime,
    listed_by: datetime | None = None,
) -> bool:
    """Remove an address from the list if it is there for one of `reasons`.

    Entries that were added after `listed_by` stay.
    """
    rows = session.scalars(
        select(Suppression).where(
            Suppression.kind == kind,
            Suppression.address.in_(forms(address)),
            Suppression.lifted_at.is_(None),
            Suppression.reason.in_(reasons),
        )
    ).all()
    lifted = [row for row in rows if not (listed_by and row.created_at > listed_by)]
    for row in lifted:
        row.lifted_at = now
    return bool(lifted)


def lift_pauses(session: Session, now: datetime, limit: int = 1_000) -> int:
    """End at most `limit` expired pauses of addresses with temporary failures. Returns their number."""
    rested = session.scalars(
        select(Suppression)
        .where(Suppression.reason == "soft_bounces", Suppression.lifted_at.is_(None))
        .where(Suppression.created_at <= now - PAUSE)
        .limit(limit)
    ).all()
    for row in rested:
        row.lifted_at = now
    return len(rested)


def opt_out(
    session: Session, kind: str, address: str, *, source: str, now: datetime, reason: str = "opt_out"
) -> bool:
    """Opt out the person with this address, at all their addresses.

    Their other addresses are suppressed as well, because an objection applies to the organisation. `reason` is
    opt_out or complaint. Returns False if this address was suppressed already.
    """
    contacts = _behind(session, kind, address)
    fresh = [
        suppress(session, *way, reason=reason, source=source, now=now, contact_id=contact_id)
        for way, contact_id in _ways_to(contacts, kind, address).items()
    ]
    for contact in contacts:
        _withdraw_invitations(session, contact.id)
    if fresh[0]:
        _tell_others(session, kind, address, [contact.id for contact in contacts], now)
    return fresh[0]


def _tell_others(session: Session, kind: str, address: str, contacts: Sequence[int], now: datetime) -> None:
    """Tell other systems of an opt-out: once for each contact with the address, or of the address alone."""
    row = _row(session, kind, address, now, None)
    session.flush()
    told = [
        ReportedChange("contact.opted_out", "contact", each, contact_id=each, detail={"suppression": row.id})
        for each in contacts
    ]
    nobody = ReportedChange("contact.opted_out", "suppression", row.id, detail={"suppression": row.id})
    changes.report(session, told or [nobody], now)


def suspend(session: Session, kind: str, address: str, *, source: str, now: datetime) -> None:
    """Suspend sending to the person with this address, at all their addresses, because of a possible opt-out, until
    somebody has decided on it."""
    for way, contact_id in _ways_to(_behind(session, kind, address), kind, address).items():
        suppress(session, *way, reason="maybe_opt_out", source=source, now=now, contact_id=contact_id)


def resume(session: Session, kind: str, address: str, *, now: datetime) -> None:
    """Undo `suspend`, because it was no opt-out."""
    for way in _ways_to(_behind(session, kind, address), kind, address):
        lift(session, *way, reasons=("maybe_opt_out",), now=now)


def who_asks(session: Session, token: str) -> Invitation:
    """The invitation of a link, also of a closed one, so that it can be used to opt out. Raises NotFound."""
    asked = select(Invitation).where(Invitation.token == token)
    invitation = session.scalar(asked) if looks_like_token(token) else None
    if invitation is None:
        raise NotFound("Link not found.")
    return invitation


def opt_out_by_link(session: Session, invitation: Invitation, now: datetime) -> None:
    """Opt out the contact of an invitation, at every address to which it was sent."""
    sent = session.execute(
        select(Message.channel, Message.recipient).where(Message.invitation_id == invitation.id).distinct()
    )
    contact = session.get(Contact, invitation.contact_id) if invitation.contact_id else None
    addresses = {(row.channel, row.recipient) for row in sent}
    if contact:
        addresses |= set(contact.addresses.items())
    for kind, address in sorted(addresses):
        opt_out(session, kind, address, source=f"link of invitation {invitation.id}", now=now)


def opt_in(session: Session, kind: str, address: str, *, source: str, now: datetime) -> bool:
    """Opt in again (START), only for the address that sent it.

    `now` is the time of the request. A START that arrives late does not undo a later STOP.
    """
    contacts = _behind(session, kind, address)
    lifted = lift(session, kind, address, reasons=("opt_out", "maybe_opt_out"), now=now, listed_by=now)
    if not lifted and not is_suppressed(session, kind, address):
        lifted = any(_opened(session, kind, address, each.id, source, now) for each in contacts)
    if lifted:
        for contact in contacts:
            stored = (contact.phone if kind == "sms" else contact.email) or address
            grant(session, contact, kind, stored, basis="consent", source=source, now=now)
    return lifted


def grant(
    session: Session,
    contact: Contact,
    kind: str,
    address: str,
    *,
    basis: str,
    source: str,
    now: datetime,
) -> Consent:
    """Record consent for an address; the same consent is stored once."""
    row = session.scalar(
        select(Consent).where(
            Consent.contact_id == contact.id,
            Consent.kind == kind,
            Consent.address == address,
            Consent.withdrawn_at.is_(None),
        )
    )
    if row is None:
        row = Consent(
            contact_id=contact.id, kind=kind, address=address, basis=basis, source=source, granted_at=now
        )
        session.add(row)
    return row


def refused(session: Session, contacts: set[int]) -> set[tuple[int, str, str]]:
    """(contact, kind of channel, address) for which the latest consent of `contacts` is a refusal."""
    if not contacts:
        return set()
    rows = session.execute(
        select(Consent.contact_id, Consent.kind, Consent.address, Consent.withdrawn_at)
        .where(Consent.contact_id.in_(contacts))
        .order_by(Consent.id)
    )
    last = {(row.contact_id, row.kind, normal(row.address)): row.withdrawn_at for row in rows}
    return {place for place, withdrawn_at in last.items() if withdrawn_at}


def normal(address: str) -> str:
    """The form of an address for comparisons: e-mail addresses in lower case, phone numbers as `recipient.canonical`.

    Never send to it.
    """
    return address.lower() if "@" in address else canonical(address)


def same(address: str) -> tuple[str, ...]:
    """All that an address may be stored as: an e-mail address in lower case, a number in each of its spellings."""
    return (address.lower(),) if "@" in address else spellings(address)


def digest(address: str) -> str:
    """The digest of an address or an external id, which is stored after its person was erased."""
    exact = address.lower() if "@" in address else address
    return "sha256:" + hashlib.sha256(exact.encode()).hexdigest()


def forms(address: str) -> tuple[str, ...]:
    """The forms of an address on the list: plain, or a digest if its person was erased.

    Also with a provider's prefix, with which the list was written up to version 0.1.
    """
    written = same(address)
    marked = () if "@" in address else tuple(f"{each}{written[0]}" for each in CARRIERS)
    return (*written, *map(digest, written), *marked)


def _opened(session: Session, kind: str, address: str, contact_id: int, source: str, now: datetime) -> bool:
    """Open an address that is suppressed because of the person's other addresses. Returns False if it is not."""
    if not closed_ways(session, contact_id, [(kind, address)]):
        return False
    row = _row(session, kind, address, now, contact_id)
    row.reason, row.source, row.lifted_at = "opt_out", source, now
    return True


def _row(session: Session, kind: str, address: str, now: datetime, contact_id: int | None) -> Suppression:
    listed_first = (Suppression.lifted_at.is_not(None), Suppression.id)
    of_it = (Suppression.kind == kind, Suppression.address.in_(same(address)))
    wanted = select(Suppression).where(*of_it).order_by(*listed_first).limit(1)
    if (row := session.scalar(wanted.with_for_update())) is not None:
        return row
    row = Suppression(
        kind=kind, address=normal(address), reason="", source="", contact_id=contact_id, created_at=now
    )
    if not add_once(session, row):
        return session.scalars(wanted.with_for_update()).one()
    return row


def _behind(session: Session, kind: str, address: str) -> Sequence[Contact]:
    """All contacts with this address, which a family or an office can share."""
    return session.scalars(select(Contact).where(_belongs(kind, address)).order_by(Contact.id)).all()


def _ways_to(contacts: Sequence[Contact], kind: str, address: str) -> dict[tuple[str, str], int | None]:
    """(kind, address) -> contact id or None: `address` first, then all other addresses of its contacts."""
    ways: dict[tuple[str, str], int | None] = {(kind, address): contacts[0].id if contacts else None}
    for contact in contacts:
        for way in contact.addresses.items():
            ways.setdefault(way, contact.id)
    return ways


def _belongs(kind: str, address: str) -> ColumnElement[bool]:
    """A SQL condition: the contact has this address; stored e-mail addresses can have capitals."""
    return Contact.phone.in_(same(address)) if kind == "sms" else func.lower(Contact.email) == normal(address)


def _withdraw_consent(session: Session, kind: str, address: str, now: datetime) -> None:
    session.execute(
        update(Consent)
        .where(Consent.kind == kind, func.lower(Consent.address).in_(same(address)))
        .where(Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )


def _cancel_queued(session: Session, kind: str, address: str) -> None:
    """Cancel queued messages to this address, and skip their invitations that have not been sent."""
    ours = (
        Message.channel == kind,
        func.lower(Message.recipient).in_(same(address)),
        Message.user_id.is_(None),
        Message.purpose != "opt_out_confirmation",
    )
    stopped = session.scalars(
        update(Message)
        .where(*ours, Message.state == MessageState.QUEUED)
        .values(state=MessageState.CANCELLED, state_reason="suppressed")
        .returning(Message.invitation_id)
    ).all()
    session.execute(
        update(Invitation)
        .where(
            Invitation.id.in_([each for each in stopped if each]), Invitation.state == InvitationState.QUEUED
        )
        .values(state=InvitationState.SKIPPED, state_reason="suppressed", reply_key=None)
    )


def _withdraw_invitations(session: Session, contact_id: int) -> None:
    """Skip invitations that have not been sent, and plan no more reminders. Sent links can still be answered."""
    session.execute(
        update(Invitation)
        .where(Invitation.contact_id == contact_id, Invitation.state == InvitationState.QUEUED)
        .values(state=InvitationState.SKIPPED, state_reason="suppressed", reply_key=None)
    )
    session.execute(update(Invitation).where(Invitation.contact_id == contact_id).values(remind_at=None))
