"""Consent, and the one list of addresses that nothing is ever sent to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback.core.token import looks_like_token
from feedback.errors import NotFound
from feedback.store.models import Consent, Contact, Invitation, Message, Suppression

STOPS_MESSAGES = ("queued",)
"""Messages in these states are cancelled when their address is suppressed; one in flight cannot be called back."""


FIRMNESS = {
    "soft_bounces": 0, "maybe_opt_out": 1, "bad_number": 2, "hard_bounce": 2, "opt_out": 3, "manual": 4,
    "complaint": 5, "erased": 6,
}  # fmt: skip
"""A reason gives way only to a firmer one: what the person said outlasts what became of the address."""
SAID = ("opt_out", "maybe_opt_out", "complaint", "manual")
"""Reasons that are about the person and not about one address."""
PAUSE = timedelta(days=30)
"""How long an address rests after several temporary failures."""


def is_suppressed(session: Session, kind: str, address: str) -> bool:
    """True where nothing may be sent to `address` (E.164 or e-mail)."""
    return bool(suppressed(session, [(kind, address)]))


def suppressed(session: Session, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of `wanted` (kind of channel, address) to which nothing may be sent; one statement."""
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
    """Those of a contact's `ways` to which nothing may be sent; one statement.

    They are on the list, or came to us after the person had asked to be left alone: a new address in an import is no
    change of mind.
    """
    of = {way: {(way[0], form) for form in forms(way[1])} for way in ways}
    addresses = {address for each in of.values() for _, address in each}
    rows = session.execute(
        select(
            Suppression.kind,
            Suppression.address,
            Suppression.reason,
            Suppression.contact_id,
            Suppression.lifted_at,
        ).where(or_(Suppression.address.in_(addresses), Suppression.contact_id == contact_id))
    ).all()
    known = {(row.kind, row.address) for row in rows}
    listed = {(row.kind, row.address) for row in rows if row.lifted_at is None}
    alone = any(row.lifted_at is None and row.contact_id == contact_id and row.reason in SAID for row in rows)
    return {way for way, each in of.items() if each & listed or (alone and not each & known)}


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
    """Put an address on the list and cancel what is queued for it. False where it was there already.

    A firmer reason replaces a weaker one, and the same one again counts from `now`; START lifts an opt-out, but not a
    complaint.
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
    """Take an address off the list if it is there for one of `reasons`; a complaint is not lifted by START.

    What was listed later than `listed_by` stays.
    """
    row = session.scalar(
        select(Suppression).where(
            Suppression.kind == kind,
            Suppression.address.in_(forms(address)),
            Suppression.lifted_at.is_(None),
            Suppression.reason.in_(reasons),
        )
    )
    if row is None or (listed_by and row.created_at > listed_by):
        return False
    row.lifted_at = now
    return True


def lift_pauses(session: Session, now: datetime) -> int:
    """Addresses that were paused because mail came back for a while get another chance; returns how many."""
    rested = session.scalars(
        select(Suppression)
        .where(Suppression.reason == "soft_bounces", Suppression.lifted_at.is_(None))
        .where(Suppression.created_at <= now - PAUSE)
    ).all()
    for row in rested:
        row.lifted_at = now
    return len(rested)


def opt_out(
    session: Session, kind: str, address: str, *, source: str, now: datetime, reason: str = "opt_out"
) -> bool:
    """The person behind `address` wants no more surveys, on this or any other way to reach them.

    Their other addresses are put on the list as well: an objection is to the organisation, not to a wire.
    `reason` is opt_out or complaint. False where this address was on the list already.
    """
    contacts = _behind(session, kind, address)
    fresh = [
        suppress(session, *way, reason=reason, source=source, now=now, contact_id=contact_id)
        for way, contact_id in _ways_to(contacts, kind, address).items()
    ]
    for contact in contacts:
        _withdraw_invitations(session, contact.id)
    return fresh[0]


def suspend(session: Session, kind: str, address: str, *, source: str, now: datetime) -> None:
    """The person behind `address` may have asked to be left alone: nothing goes to them, on this or any other way,
    until somebody has decided what they meant."""
    for way, contact_id in _ways_to(_behind(session, kind, address), kind, address).items():
        suppress(session, *way, reason="maybe_opt_out", source=source, now=now, contact_id=contact_id)


def resume(session: Session, kind: str, address: str, *, now: datetime) -> None:
    """They have not: what `suspend` closed is open again."""
    for way in _ways_to(_behind(session, kind, address), kind, address):
        lift(session, *way, reasons=("maybe_opt_out",), now=now)


def who_asks(session: Session, token: str) -> Invitation:
    """Whose link `token` is; raises NotFound. A link that is closed to answers is still a way out."""
    asked = select(Invitation).where(Invitation.token == token)
    invitation = session.scalar(asked) if looks_like_token(token) else None
    if invitation is None:
        raise NotFound("Link not found.")
    return invitation


def opt_out_by_link(session: Session, invitation: Invitation, now: datetime) -> None:
    """The holder of an invitation's link wants no more surveys, at any address that it was sent to."""
    sent = session.execute(
        select(Message.kind, Message.recipient).where(Message.invitation_id == invitation.id).distinct()
    )
    contact = session.get(Contact, invitation.contact_id) if invitation.contact_id else None
    addresses = {(row.kind, row.recipient) for row in sent}
    if contact:
        addresses |= {
            (kind, address) for kind, address in (("sms", contact.phone), ("email", contact.email)) if address
        }
    for kind, address in sorted(addresses):
        opt_out(session, kind, address, source=f"link of invitation {invitation.id}", now=now)


def opt_in(session: Session, kind: str, address: str, *, source: str, now: datetime) -> bool:
    """The person has asked to hear from us again (START): only the address that asked.

    `now` is when they asked. A START that reaches us late does not undo the STOP that came after it.
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
    text_version: str | None = None,
    reference: str | None = None,
) -> Consent:
    """Record permission for a contact point; the same permission twice is one row."""
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
            contact_id=contact.id, kind=kind, address=address, basis=basis, source=source,
            text_version=text_version, reference=reference, granted_at=now,
        )  # fmt: skip
        session.add(row)
    return row


def refused(session: Session, contacts: set[int]) -> set[tuple[int, str, str]]:
    """(contact, kind of channel, address) where the last word of `contacts` on being written to was a no."""
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
    """The form in which addresses are compared: phone numbers are E.164 already, mail ignores case."""
    return address.lower() if "@" in address else address


def digest(address: str) -> str:
    """What is kept of an address after its person was erased: enough to recognise it, not to read it."""
    return "sha256:" + hashlib.sha256(normal(address).encode()).hexdigest()


def forms(address: str) -> tuple[str, str]:
    """How an address may stand on the list: as it is, or as a digest if its person was erased."""
    return normal(address), digest(address)


def _opened(session: Session, kind: str, address: str, contact_id: int, source: str, now: datetime) -> bool:
    """Open an address that is closed because of the person's others; False where it is not."""
    if not closed_ways(session, contact_id, [(kind, address)]):
        return False
    row = _row(session, kind, address, now, contact_id)
    row.reason, row.source, row.lifted_at = "opt_out", source, now
    return True


def _row(session: Session, kind: str, address: str, now: datetime, contact_id: int | None) -> Suppression:
    wanted = select(Suppression).where(Suppression.kind == kind, Suppression.address == normal(address))
    if (row := session.scalar(wanted.with_for_update())) is not None:
        return row
    row = Suppression(
        kind=kind, address=normal(address), reason="", source="", contact_id=contact_id, created_at=now
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return session.scalars(wanted.with_for_update()).one()
    return row


def _behind(session: Session, kind: str, address: str) -> Sequence[Contact]:
    """Everybody who is reached at `address`: a family, or an office, may share a number."""
    return session.scalars(select(Contact).where(_belongs(kind, address)).order_by(Contact.id)).all()


def _ways_to(contacts: Sequence[Contact], kind: str, address: str) -> dict[tuple[str, str], int | None]:
    """`address` first, then every other one of the contacts behind it; with the contact, where there is one."""
    ways: dict[tuple[str, str], int | None] = {(kind, address): contacts[0].id if contacts else None}
    for contact in contacts:
        for other_kind, other in (("sms", contact.phone), ("email", contact.email)):
            if other:
                ways.setdefault((other_kind, other), contact.id)
    return ways


def _belongs(kind: str, address: str) -> ColumnElement[bool]:
    """Whether a contact is reached at `address`; the letters of a mail address may be stored as they came."""
    return Contact.phone == address if kind == "sms" else func.lower(Contact.email) == normal(address)


def _withdraw_consent(session: Session, kind: str, address: str, now: datetime) -> None:
    session.execute(
        update(Consent)
        .where(Consent.kind == kind, func.lower(Consent.address) == normal(address))
        .where(Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )


def _cancel_queued(session: Session, kind: str, address: str) -> None:
    """Call off what waits for this address, and the invitations that only waited to go there."""
    ours = (
        Message.kind == kind,
        func.lower(Message.recipient) == normal(address),
        Message.user_id.is_(None),
        Message.purpose != "opt_out_confirmation",
    )
    stopped = session.scalars(
        update(Message)
        .where(*ours, Message.state.in_(STOPS_MESSAGES))
        .values(state="cancelled", state_reason="suppressed")
        .returning(Message.invitation_id)
    ).all()
    session.execute(
        update(Invitation)
        .where(Invitation.id.in_([each for each in stopped if each]), Invitation.state == "queued")
        .values(state="skipped", state_reason="suppressed", reply_key=None)
    )


def _withdraw_invitations(session: Session, contact_id: int) -> None:
    """Invitations that have not gone out end here; links that are out can still be answered, if the customer likes."""
    session.execute(
        update(Invitation)
        .where(Invitation.contact_id == contact_id, Invitation.state == "queued")
        .values(state="skipped", state_reason="suppressed", reply_key=None)
    )
    session.execute(update(Invitation).where(Invitation.contact_id == contact_id).values(remind_at=None))
