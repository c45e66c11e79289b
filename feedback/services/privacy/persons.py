"""Where a person is in the database: every address they ever had, and the rows about them in every table.

`feedback.store.personal` lists the columns; export and erasure take the rows from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.contact.recipient import CARRIERS
from feedback.services.contact import suppression
from feedback.store.base import Base
from feedback.store.models import (
    AnswerRow,
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
    SimulatedMessage,
    Suppression,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEvent,
)

DIGESTED = "sha256:"


@dataclass(frozen=True, slots=True)
class Person:
    """A contact, and all addresses that were ever theirs, as they are stored: (channel, address).

    `own` are those that no other contact has now: a family shares a phone, and operators give old numbers to others.
    `invitations` and `responses` are ids; a response by an open link is the person's if they gave an own address in it.
    """

    contact_id: int
    addresses: frozenset[tuple[str, str]]
    own: frozenset[tuple[str, str]]
    invitations: tuple[int, ...]
    responses: tuple[int, ...]

    @property
    def written(self) -> list[str]:
        """Every form in which the person's own addresses can be stored."""
        return _written(self.own)


def look_up(session: Session, contact: Contact) -> Person:
    """The person with all addresses that consents, the suppression list, messages, bounces and replies know of."""
    invitations = _ids(session, Invitation.id, Invitation.contact_id == contact.id)
    known = frozenset(_known(session, contact, invitations))
    own = frozenset(way for way in known if not is_shared(session, contact, *way))
    answered = _ids(session, Response.id, Response.contact_id == contact.id)
    return Person(contact.id, known, own, invitations, answered + _signed(session, own))


def rows_about(person: Person) -> dict[type[Base], ColumnElement[bool]]:
    """Table -> a condition for the rows about the person, for every table that holds data of contacts."""
    return {model: where(person) for model, where in TABLES.items()}


def is_shared(session: Session, contact: Contact, kind: str, address: str) -> bool:
    """Whether another contact has this address now."""
    column = Contact.phone if kind == "sms" else Contact.email
    others = select(Contact.id).where(
        func.lower(column).in_(suppression.same(address)), Contact.id != contact.id
    )
    return session.scalar(others.limit(1)) is not None


def on_list(kind: str, address: str) -> ColumnElement[bool]:
    """A SQL condition: this entry of the suppression list is about the address in the clear."""
    return (Suppression.kind == kind) & Suppression.address.in_(_forms(address))


def _ids(session: Session, column: InstrumentedAttribute[int], which: ColumnElement[bool]) -> tuple[int, ...]:
    return tuple(session.scalars(select(column).where(which).order_by(column)))


def _signed(session: Session, own: Iterable[tuple[str, str]]) -> tuple[int, ...]:
    """Responses by open links in which one of these addresses was given as a contact detail."""
    forms = _written(own)
    if not forms:
        return ()
    given = (
        select(Response.id)
        .join(AnswerRow, AnswerRow.response_id == Response.id)
        .where(Response.link_id.is_not(None), Response.contact_id.is_(None), AnswerRow.text.in_(forms))
    )
    return tuple(session.scalars(given.distinct().order_by(Response.id)))


def _known(session: Session, contact: Contact, invitations: Sequence[int]) -> Iterator[tuple[str, str]]:
    yield from contact.addresses.items()
    consents = select(Consent.kind, Consent.address).where(Consent.contact_id == contact.id)
    listed = select(Suppression.kind, Suppression.address).where(Suppression.contact_id == contact.id)
    sent = select(Message.channel, Message.recipient).where(_messages_to(contact.id, invitations))
    replied = select(InboundReply.sender).where(InboundReply.contact_id == contact.id)
    for statement in (consents, listed, sent):
        found = session.execute(statement.distinct())
        yield from ((kind, address) for kind, address in found if _is_address(address))
    senders = (_without_carrier(each) for each in session.scalars(replied.distinct()))
    yield from (("email" if "@" in each else "sms", each) for each in senders if _is_address(each))


def _is_address(text: str) -> bool:
    return bool(text) and not text.startswith(DIGESTED)


def _without_carrier(sender: str) -> str:
    return next((sender.removeprefix(each) for each in CARRIERS if sender.startswith(each)), sender)


def _forms(address: str) -> set[str]:
    plain = {address, *suppression.same(address)}
    return plain if "@" in address else plain | {f"{each}{form}" for each in CARRIERS for form in plain}


def _written(ways: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({form for _, address in ways for form in _forms(address)})


def _messages_to(contact_id: int, invitations: Sequence[int]) -> ColumnElement[bool]:
    """Messages to staff are no messages to the person, even if they are about the person."""
    mine = or_(Message.contact_id == contact_id, Message.invitation_id.in_(invitations))
    return and_(mine, Message.user_id.is_(None))


def _messages(person: Person) -> ColumnElement[bool]:
    """Also those to a number that was no contact's yet."""
    unknown = and_(
        Message.contact_id.is_(None), Message.user_id.is_(None), Message.recipient.in_(person.written)
    )
    return or_(_messages_to(person.contact_id, person.invitations), unknown)


def _replies(person: Person) -> ColumnElement[bool]:
    """Also those that came before the address was a contact's."""
    unknown = InboundReply.contact_id.is_(None) & InboundReply.sender.in_(person.written)
    return or_(InboundReply.contact_id == person.contact_id, unknown)


def _sent(person: Person) -> Select[int]:
    return select(Message.id).where(_messages_to(person.contact_id, person.invitations))


def _suppressions(person: Person) -> ColumnElement[bool]:
    entries = (on_list(kind, address) for kind, address in sorted(person.own))
    return or_(Suppression.contact_id == person.contact_id, *entries)


def _answers(person: Person) -> Select[int]:
    return select(AnswerRow.id).where(AnswerRow.response_id.in_(person.responses))


def _follow_ups(person: Person) -> Select[int]:
    return select(FollowUp.id).where(FollowUp.response_id.in_(person.responses))


def _told(person: Person) -> ColumnElement[bool]:
    """Events that were reported to other systems; also those of responses in which the person gave an address."""
    theirs = or_(WebhookEvent.contact_id == person.contact_id, WebhookEvent.response_id.in_(person.responses))
    return and_(WebhookEvent.spread_at.is_not(None), theirs)  # the others have no body yet


def _deliveries(person: Person) -> Select[int]:
    events = select(WebhookEvent.id).where(_told(person))
    return select(WebhookDelivery.id).where(WebhookDelivery.event_id.in_(events))


TABLES: Mapping[type[Base], Callable[[Person], ColumnElement[bool]]] = {
    Contact: lambda person: Contact.id == person.contact_id,
    ContactAlias: lambda person: ContactAlias.contact_id == person.contact_id,
    Consent: lambda person: Consent.contact_id == person.contact_id,
    Suppression: _suppressions,
    JourneyEvent: lambda person: JourneyEvent.contact_id == person.contact_id,
    Enrolment: lambda person: Enrolment.contact_id == person.contact_id,
    Invitation: lambda person: Invitation.id.in_(person.invitations),
    Message: _messages,
    Bounce: lambda person: or_(Bounce.message_id.in_(_sent(person)), Bounce.address.in_(person.written)),
    SimulatedMessage: lambda person: or_(
        SimulatedMessage.message_id.in_(_sent(person)), SimulatedMessage.address.in_(person.written)
    ),
    ImportChange: lambda person: and_(
        ImportChange.subject == "contact", ImportChange.row_id == person.contact_id
    ),
    InboundReply: _replies,
    Response: lambda person: Response.id.in_(person.responses),
    AnswerRow: lambda person: AnswerRow.response_id.in_(person.responses),
    CommentTheme: lambda person: CommentTheme.answer_id.in_(_answers(person)),
    FollowUp: lambda person: FollowUp.response_id.in_(person.responses),
    FollowUpEntry: lambda person: FollowUpEntry.follow_up_id.in_(_follow_ups(person)),
    WebhookEvent: _told,
    WebhookAttempt: lambda person: WebhookAttempt.delivery_id.in_(_deliveries(person)),
}
"""Table -> how the rows about a person are found; one line for every table with data of contacts."""
