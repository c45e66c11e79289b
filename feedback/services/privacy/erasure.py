"""Data subject rights: exporting everything that is stored about a person, and erasing the person.

Erasure leaves a tombstone: a contact without name, address or external id. Scores stay and count, because they
no longer refer to the person. So that the next import does not restore the person, SHA-256 digests of their
external id and addresses are put on the suppression list. That is pseudonymous, not anonymous: somebody with
the database who tries every phone number can find out that a number was erased. Without the digests the erasure
could not be kept; docs/privacy.md explains this.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from feedback.core import reserved
from feedback.core.followup import Outcome, State
from feedback.core.lifecycle import INVITATION_ENDED, EnrolmentState, InvitationState
from feedback.errors import NotFound
from feedback.services import audit
from feedback.services.contact import suppression
from feedback.services.privacy import persons, quotes, redaction
from feedback.services.privacy.persons import Person
from feedback.services.themes import counting
from feedback.store import personal
from feedback.store.base import Base
from feedback.store.models import (
    Account,
    AnswerRow,
    AuditEntry,
    Bounce,
    CommentTheme,
    Consent,
    Contact,
    ContactAlias,
    Enrolment,
    FollowUp,
    FollowUpEntry,
    ImportChange,
    InboundReply,
    Invitation,
    JourneyEvent,
    Message,
    Response,
    Score,
    SimulatedMessage,
    Suppression,
    WebhookAttempt,
    WebhookEvent,
)
from feedback.store.personal import Whose

BOOKKEEPING = frozenset({"worker", "lease_until", "attempt", "reply_key"})
"""Columns of the worker, which an export leaves out like the secrets of links."""

NOT_RESTORED = frozenset({Contact, Suppression, JourneyEvent})
"""Tables whose rows get something else than empty columns."""
DELETED = frozenset({CommentTheme, Consent, ContactAlias, ImportChange, SimulatedMessage})
"""Tables whose rows have no meaning without the person."""


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
    for name, rows in _about(session, contact):
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
    person = persons.look_up(session, contact)
    counted = _counts(session, person)
    account_left = _left_alone(session, contact)
    quotes.forget(session, contact, person)
    _end(session, person, now, drop_account=account_left is not None)
    _block(session, contact, person, now, remember=remember)
    _empty(session, person)
    _bury(session, contact, now)
    audit.record(session, "erased", "contact", contact.id, by=by, now=now, remembered=int(remember))
    session.flush()
    return Erased(contact.id, *counted, account_left=account_left)


def _about(session: Session, contact: Contact) -> Iterator[tuple[str, Iterable[Base]]]:
    person = persons.look_up(session, contact)
    wanted = persons.rows_about(person)
    wanted[Score] = Score.response_id.in_(person.responses)
    wanted[AuditEntry] = (AuditEntry.subject == "contact") & (AuditEntry.subject_id == contact.id)
    for table, which in wanted.items():
        if table is not Contact:
            yield _EXPORTED_AS[table], session.scalars(select(table).where(which).order_by(_key_of(table)))


_EXPORTED_AS: dict[type[Base], str] = {
    ContactAlias: "aliases",
    Consent: "consents",
    Suppression: "suppressions",
    JourneyEvent: "events",
    Enrolment: "enrolments",
    Invitation: "invitations",
    Message: "messages",
    Bounce: "bounces",
    SimulatedMessage: "simulated_messages",
    ImportChange: "imports",
    InboundReply: "replies",
    Response: "responses",
    AnswerRow: "answers",
    CommentTheme: "themes",
    Score: "scores",
    FollowUp: "follow_ups",
    FollowUpEntry: "follow_up_entries",
    WebhookEvent: "webhook_events",
    WebhookAttempt: "webhook_attempts",
    AuditEntry: "audit",
}


def _key_of(table: type[Base]) -> Any:
    return table.__table__.c.id


def _plain(row: Base) -> dict[str, Any]:
    """A row as JSON values."""
    hidden = BOOKKEEPING | {
        name for name, whose in personal.marks(row.__tablename__).items() if whose is Whose.KEY
    }
    columns = (column.key for column in row.__table__.columns if column.key not in hidden)
    return {name: _value(getattr(row, name)) for name in columns}


def _value(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _counts(session: Session, person: Person) -> tuple[int, int, int]:
    about = persons.rows_about(person)
    counts = (
        session.scalar(select(func.count()).select_from(table).where(about[table])) or 0
        for table in (Response, Message, InboundReply)
    )
    responses, messages, replies = counts
    return responses, messages, replies


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


def _end(session: Session, person: Person, now: datetime, *, drop_account: bool) -> None:
    """End all that was still to happen with the person: follow-ups, surveys, messages, replies in the inbox."""
    about = persons.rows_about(person)
    session.execute(
        update(FollowUp)
        .where(about[FollowUp], FollowUp.state != State.CLOSED)
        .values(state=State.CLOSED, outcome=Outcome.OTHER, closed_at=now, revision=FollowUp.revision + 1)
    )
    session.execute(
        update(Enrolment)
        .where(about[Enrolment], Enrolment.state == EnrolmentState.SCHEDULED)
        .values(state=EnrolmentState.CANCELLED, reason="erased", decided_at=now)
    )
    session.execute(
        update(Invitation)
        .where(about[Invitation], Invitation.state.not_in(INVITATION_ENDED))
        .values(state=InvitationState.WITHDRAWN, state_reason="erased")
    )
    redaction.messages(session, about[Message])
    redaction.replies(session, now, about[InboundReply])
    redaction.invitations(session, about[Invitation])
    if drop_account:  # an account with one person describes that person
        for table in (Response, FollowUp, Invitation):
            session.execute(update(table).where(about[table]).values(account_id=None))


def _empty(session: Session, person: Person) -> None:
    """Empty or delete what the columns of `feedback.store.personal` say about the person."""
    counting.mark_responses(session, person.responses)
    for table, which in persons.rows_about(person).items():
        if table in DELETED:
            session.execute(delete(table).where(which))
        elif table not in NOT_RESTORED:
            session.execute(update(table).where(which).values(personal.emptied(table)))
    for event in session.scalars(select(JourneyEvent).where(JourneyEvent.contact_id == person.contact_id)):
        # Its key often contains a ticket number or the person's id.
        event.key, event.properties = _tombstone(event.id), {}


def _block(session: Session, contact: Contact, person: Person, now: datetime, *, remember: bool) -> None:
    """Replace the person's entries of the suppression list by digests, and with `remember` add the present addresses
    and the external id. An address that another contact has too stays as it is."""
    listed = session.scalars(select(Suppression).where(persons.rows_about(person)[Suppression])).all()
    shared = {form for way in person.addresses - person.own for form in suppression.same(way[1])}
    for row in listed:
        if row.address in shared:
            row.contact_id = None
        else:
            _digested(session, row)
    if not remember:
        return
    for kind, address in contact.addresses.items():
        if (kind, address) in person.own and not suppression.is_suppressed(session, kind, address):
            _remember(session, kind, suppression.digest(address), now)
    former = select(ContactAlias.external_id).where(ContactAlias.contact_id == contact.id)
    for external_id in (contact.external_id, *session.scalars(former)):
        _remember(session, "contact", suppression.digest(external_id), now)


def _digested(session: Session, row: Suppression) -> None:
    row.contact_id = None
    if row.address.startswith(persons.DIGESTED):
        return
    digest = suppression.digest(suppression.normal(row.address))
    session.execute(delete(Suppression).where(Suppression.kind == row.kind, Suppression.address == digest))
    row.address = digest
    session.flush()


def _remember(session: Session, kind: str, digest: str, now: datetime) -> None:
    row = session.scalar(select(Suppression).where(Suppression.kind == kind, Suppression.address == digest))
    if row is None:
        row = Suppression(kind=kind, address=digest, created_at=now)
        session.add(row)
    row.reason, row.source, row.lifted_at = "erased", "erasure", None
    session.flush()


def _bury(session: Session, contact: Contact, now: datetime) -> None:
    contact.account_id = None
    for name, nothing in (personal.emptied(Contact) | {"external_id": _tombstone(contact.id)}).items():
        setattr(contact, name, nothing)
    contact.turn = 0  # it was made from the external id
    contact.erased_at = contact.updated_at = now
    session.flush()


def _tombstone(number: int) -> str:
    """A unique value that says nothing about the person, and that nobody can have stored before."""
    return f"{reserved.ERASED}{number}:{secrets.token_hex(8)}"
