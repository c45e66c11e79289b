"""Data subject rights: exporting everything that is stored about a person, and erasing the person.

Erasure leaves a tombstone: a contact without name, address or external id. Scores stay and count, because they
no longer refer to the person. So that the next import does not restore the person, SHA-256 digests of their
external id and addresses are put on the suppression list. That is pseudonymous, not anonymous: somebody with
the database who tries every phone number can find out that a number was erased. Without the digests the erasure
could not be kept; docs/privacy.md explains this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from feedback.core.followup import Outcome, State
from feedback.core.lifecycle import INVITATION_ENDED, EnrolmentState, InvitationState
from feedback.errors import NotFound
from feedback.services import audit
from feedback.services.contact import suppression
from feedback.services.privacy import redaction
from feedback.store.base import Base
from feedback.store.models import (
    Account,
    AnswerRow,
    AuditEntry,
    Consent,
    Contact,
    Enrolment,
    FollowUp,
    FollowUpEntry,
    InboundReply,
    Invitation,
    JourneyEvent,
    Message,
    Response,
    Score,
    SimulatedMessage,
    Suppression,
)

SECRETS = frozenset({"token", "reply_key", "worker", "lease_until", "attempt"})
"""Columns that are not about the person: tokens of links, and worker bookkeeping."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased. `account_left` is the external id of an account without any other contact: it may describe
    the same person, and somebody has to decide whether to erase it as well."""

    contact_id: int
    responses: int
    messages: int
    replies: int
    account_left: str | None = None


def find(session: Session, external_id: str) -> Contact:
    """The contact with this external id. Raises NotFound, also if the contact was erased."""
    found = session.scalar(
        select(Contact).where(Contact.external_id == external_id, Contact.erased_at.is_(None))
    )
    if found is None:
        raise NotFound("There is no such contact.")
    return found


def export(session: Session, contact: Contact, *, by: int | None, now: datetime) -> dict[str, Any]:
    """Everything that is stored about a person, as JSON values per table. The export is recorded in the audit log."""
    everything: dict[str, Any] = {"exported_at": now.isoformat(), "contact": _plain(contact)}
    everything["account"] = contact.account.external_id if contact.account else None
    for name, rows in _about(session, contact).items():
        everything[name] = [_plain(row) for row in rows]
    audit.record(session, "exported", "contact", contact.id, by=by, now=now)
    return everything


def erase(
    session: Session, contact: Contact, *, by: int | None, now: datetime, remember: bool = True
) -> Erased:
    """Erase a person irreversibly. With `remember`, imports and sends to them stay blocked.

    Copies elsewhere (CRM, backups, the SMS provider's and the mail server's records) are not erased.
    """
    session.refresh(contact, with_for_update=True)
    if contact.erased_at is not None:
        raise NotFound("There is no such contact.")
    counted = _counts(session, contact)
    account_left = _left_alone(session, contact)
    _forget_addresses(session, contact, now, remember=remember)
    _forget_alerts(session, contact)
    _forget_answers(session, contact, now, drop_account=account_left is not None)
    _forget_contacts_made(session, contact, now)
    _forget_journey(session, contact, now)
    _bury(session, contact, now)
    audit.record(session, "erased", "contact", contact.id, by=by, now=now, remembered=int(remember))
    session.flush()
    return Erased(contact.id, *counted, account_left=account_left)


def _about(session: Session, contact: Contact) -> Mapping[str, Iterable[Base]]:
    responses = select(Response.id).where(Response.contact_id == contact.id)
    tasks = select(FollowUp.id).where(FollowUp.response_id.in_(responses))
    addresses = contact.addresses.items()
    wanted: dict[str, tuple[type[Base], ColumnElement[bool]]] = {
        "consents": (Consent, Consent.contact_id == contact.id),
        "suppressions": (Suppression, or_(*(_on_list(kind, address) for kind, address in addresses))),
        "events": (JourneyEvent, JourneyEvent.contact_id == contact.id),
        "enrolments": (Enrolment, Enrolment.contact_id == contact.id),
        "invitations": (Invitation, Invitation.contact_id == contact.id),
        "messages": (Message, _messages_of(contact)),
        "replies": (InboundReply, _replies_of(contact)),
        "responses": (Response, Response.contact_id == contact.id),
        "answers": (AnswerRow, AnswerRow.response_id.in_(responses)),
        "scores": (Score, Score.response_id.in_(responses)),
        "follow_ups": (FollowUp, FollowUp.id.in_(tasks)),
        "follow_up_entries": (FollowUpEntry, FollowUpEntry.follow_up_id.in_(tasks)),
        "audit": (
            AuditEntry,
            (AuditEntry.subject == "contact") & (AuditEntry.subject_id == contact.id),
        ),
    }
    return {
        name: session.scalars(select(table).where(which).order_by(table.__table__.c.id))
        for name, (table, which) in wanted.items()
        if name != "suppressions" or addresses
    }


def _plain(row: Base) -> dict[str, Any]:
    """A row as JSON values."""
    columns = (column.key for column in row.__table__.columns if column.key not in SECRETS)
    return {name: _value(getattr(row, name)) for name in columns}


def _value(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _on_list(kind: str, address: str) -> ColumnElement[bool]:
    return (Suppression.kind == kind) & Suppression.address.in_(suppression.same(address))


def _messages_of(contact: Contact) -> ColumnElement[bool]:
    invited = select(Invitation.id).where(Invitation.contact_id == contact.id)
    return or_(Message.contact_id == contact.id, Message.invitation_id.in_(invited))


def _replies_of(contact: Contact) -> ColumnElement[bool]:
    return InboundReply.contact_id == contact.id


def _counts(session: Session, contact: Contact) -> tuple[int, int, int]:
    def count(table: type[Base], which: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count()).select_from(table).where(which)) or 0

    return (
        count(Response, Response.contact_id == contact.id),
        count(Message, _messages_of(contact)),
        count(InboundReply, _replies_of(contact)),
    )


def _left_alone(session: Session, contact: Contact) -> str | None:
    """The external id of the contact's account if it has no other contacts."""
    if contact.account_id is None:
        return None
    others = select(Contact.id).where(
        Contact.account_id == contact.account_id, Contact.id != contact.id, Contact.erased_at.is_(None)
    )
    if session.scalar(others.limit(1)) is not None:
        return None
    return session.scalar(select(Account.external_id).where(Account.id == contact.account_id))


def _forget_addresses(session: Session, contact: Contact, now: datetime, *, remember: bool) -> None:
    """Replace suppressed addresses by digests, except addresses that another contact shares."""
    for kind, address in contact.addresses.items():
        session.execute(
            delete(SimulatedMessage).where(
                SimulatedMessage.channel == kind, SimulatedMessage.address == address
            )
        )
        if _is_shared(session, contact, kind, address):
            continue
        listed = session.scalars(select(Suppression).where(_on_list(kind, address))).all()
        for row in listed:
            _digested(session, row)
        if remember and not listed:
            _remember(session, kind, suppression.digest(address), now)
    if remember:
        _remember(session, "contact", suppression.digest(contact.external_id), now)
    session.execute(delete(Consent).where(Consent.contact_id == contact.id))


def _is_shared(session: Session, contact: Contact, kind: str, address: str) -> bool:
    column = Contact.phone if kind == "sms" else Contact.email
    others = select(Contact.id).where(
        func.lower(column).in_(suppression.same(address)), Contact.id != contact.id
    )
    return session.scalar(others.limit(1)) is not None


def _digested(session: Session, row: Suppression) -> None:
    digest = suppression.digest(row.address)
    session.execute(delete(Suppression).where(Suppression.kind == row.kind, Suppression.address == digest))
    row.address, row.contact_id = digest, None
    session.flush()


def _remember(session: Session, kind: str, digest: str, now: datetime) -> None:
    row = session.scalar(select(Suppression).where(Suppression.kind == kind, Suppression.address == digest))
    if row is None:
        row = Suppression(kind=kind, address=digest, created_at=now)
        session.add(row)
    row.reason, row.source, row.lifted_at = "erased", "erasure", None
    session.flush()


def _forget_alerts(session: Session, contact: Contact) -> None:
    """Redact messages to staff, which can name the person; delivered e-mails cannot be recalled."""
    needles = list(_needles(session, contact))
    if needles:
        quotes = or_(*(Message.body.contains(needle, autoescape=True) for needle in needles))
        redaction.messages(session, Message.user_id.is_not(None), quotes)


def _needles(session: Session, contact: Contact) -> Iterator[str]:
    yield from (text for text in (contact.name, contact.phone, contact.email) if text)
    words = (
        select(AnswerRow.text)
        .join(Response, AnswerRow.response_id == Response.id)
        .where(Response.contact_id == contact.id, AnswerRow.text.is_not(None))
    )
    yield from (text for text in session.scalars(words) if text and len(text) > 3)


def _forget_answers(session: Session, contact: Contact, now: datetime, *, drop_account: bool) -> None:
    responses = list(session.scalars(select(Response.id).where(Response.contact_id == contact.id)))
    _close_tasks(session, responses, now)
    redaction.answers(session, responses)
    if drop_account:  # an account with one person describes that person
        session.execute(update(Response).where(Response.id.in_(responses)).values(account_id=None))
        session.execute(update(FollowUp).where(FollowUp.response_id.in_(responses)).values(account_id=None))
        session.execute(update(Invitation).where(Invitation.contact_id == contact.id).values(account_id=None))


def _close_tasks(session: Session, responses: list[int], now: datetime) -> None:
    """Close the open follow-ups: the person can no longer be contacted."""
    session.execute(
        update(FollowUp)
        .where(FollowUp.response_id.in_(responses), FollowUp.state != State.CLOSED)
        .values(state=State.CLOSED, outcome=Outcome.OTHER, closed_at=now, revision=FollowUp.revision + 1)
    )


def _forget_contacts_made(session: Session, contact: Contact, now: datetime) -> None:
    redaction.messages(session, _messages_of(contact))
    redaction.replies(session, now, _replies_of(contact))
    redaction.invitations(session, Invitation.contact_id == contact.id)
    session.execute(
        update(Invitation)
        .where(Invitation.contact_id == contact.id, Invitation.state.not_in(INVITATION_ENDED))
        .values(state=InvitationState.WITHDRAWN, state_reason="erased")
    )


def _forget_journey(session: Session, contact: Contact, now: datetime) -> None:
    """Redact events: their keys often contain a ticket number or the person's id."""
    for event in session.scalars(select(JourneyEvent).where(JourneyEvent.contact_id == contact.id)):
        event.key, event.properties = f"erased:{event.id}", {}
    session.execute(
        update(Enrolment)
        .where(Enrolment.contact_id == contact.id, Enrolment.state == EnrolmentState.SCHEDULED)
        .values(state=EnrolmentState.CANCELLED, reason="erased", decided_at=now)
    )
    session.execute(update(Enrolment).where(Enrolment.contact_id == contact.id).values(explanation=[]))


def _bury(session: Session, contact: Contact, now: datetime) -> None:
    for name in ("account_id", "name", "phone", "email", "language", "time_zone", "country"):
        setattr(contact, name, None)
    contact.external_id = f"erased:{contact.id}"
    contact.properties = {}
    contact.turn = 0  # it was made from the external id
    contact.erased_at = contact.updated_at = now
    session.flush()
