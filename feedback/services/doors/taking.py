"""Stores what was read from a part of a body, by the services of imports and of the API: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from feedback.core import reserved
from feedback.core.lifecycle import ArrivalState
from feedback.core.text.translatable import message
from feedback.errors import Conflict, FeedbackError, Gone, NotFound, Rejected, StorageUnavailable
from feedback.services.context import Context
from feedback.services.customers import (
    ContactDraft,
    Draft,
    erased,
    owners,
    product_usage,
    store_accounts,
    store_contacts,
)
from feedback.services.doors.mapping import DoorSetup
from feedback.services.doors.reading import DoorReading, ReadContact, UnusableError, read_item
from feedback.services.journey import enrolments
from feedback.settings import Settings
from feedback.store.database import add_once
from feedback.store.models import Account, Contact, ContactAlias, Door, DoorSeen

LONGEST_KEY = 255
SOURCE = "door"


@dataclass(slots=True)
class TakenItem:
    """What one part of a body led to.

    `did` are (what, external id or key, created | updated | unchanged); of a survey, the reason if it is not sent.
    """

    state: str
    rule: str = ""
    why: str = ""
    did: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def stored(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "rule": self.rule,
            "why": self.why,
            "did": [list(each) for each in self.did],
            "notes": self.notes,
        }


SEEN = "seen"
"""The state of a part that was taken in before."""


def read(setup: DoorSetup, item: Any, settings: Settings) -> DoorReading | TakenItem:
    """What is to be stored of one part of a body, or what happened to it if nothing is. Never raises for what is in
    it.

    Call it outside of transactions: expressions of somebody else's may take long.
    """
    try:
        reading = read_item(setup, item, settings)
    except UnusableError as error:
        return TakenItem(ArrivalState.REFUSED, why=str(error))
    if reading is None:
        return TakenItem(ArrivalState.UNKNOWN)
    return TakenItem(ArrivalState.IGNORED, reading.rule) if reading.ignore else reading


def take(
    session: Session, door: Door, reading: DoorReading | TakenItem, context: Context, now: datetime
) -> TakenItem:
    """Store what was read from one part of a body."""
    if isinstance(reading, TakenItem):
        return reading
    taken = TakenItem(ArrivalState.DONE, reading.rule)
    try:
        with session.begin_nested():
            _Taking(session, door, context, now, taken).store(reading)
    except _SeenBeforeError:
        return TakenItem(SEEN, reading.rule)
    except StorageUnavailable:
        raise
    except FeedbackError as error:
        return TakenItem(ArrivalState.REFUSED, reading.rule, str(error))
    except (DataError, IntegrityError):
        return TakenItem(
            ArrivalState.REFUSED, reading.rule, message("The database cannot store these values.")
        )
    return taken


class _SeenBeforeError(Exception):
    pass


@dataclass
class _Taking:
    session: Session
    door: Door
    context: Context
    now: datetime
    taken: TakenItem

    def store(self, reading: DoorReading) -> None:
        if reading.uid is not None and not add_once(
            self.session, DoorSeen(door_id=self.door.id, uid=reading.uid, at=self.now)
        ):
            raise _SeenBeforeError
        account = self._account(reading)
        contact = self._contact(reading.contact, account) if reading.contact else None
        if reading.event is not None and contact is not None:
            self._event(reading, contact)
        if reading.usage is not None and account is not None:
            self._usage(reading, account)

    def _account(self, reading: DoorReading) -> str | None:
        part = reading.account
        if part is None:
            return None
        if not part.create and self._id_of_account(part.external_id) is None:
            raise NotFound("There is no such account; store it first, or let the rule create it.")
        values = dict(part.values)
        if part.owner is not None:
            found = owners(self.session.connection(), [part.owner]).get(part.owner)
            if found is None:
                self.taken.notes.append(message("The owner is not a user here, and was left out."))
            else:
                values["owner_id"] = found
        draft = Draft(part.external_id, values, part.properties)
        stored = store_accounts(self.session.connection(), [draft], self.now)[part.external_id]
        self.taken.did.append(("account", part.external_id, stored.outcome))
        return part.external_id

    def _id_of_account(self, external_id: str) -> int | None:
        return self.session.scalar(select(Account.id).where(Account.external_id == external_id))

    def _contact(self, part: ReadContact, account: str | None) -> str:
        external_id = self._who(part)
        if erased(self.session.connection(), [external_id]):
            raise Gone("This person was erased on request.")
        if not part.create and not self._is_known(external_id):
            raise NotFound("There is no such contact; store it first, or let the rule create it.")
        values = dict(part.values)
        if (account := part.account or account) is not None:
            if (account_id := self._id_of_account(account)) is None:
                raise NotFound("There is no such account; store it first, or let the rule create it.")
            values["account_id"] = account_id
        draft = ContactDraft(external_id, values, part.properties, permissions=part.permissions)
        stored = store_contacts(self.session.connection(), [draft], {}, self.now)[external_id]
        self.taken.did.append(("contact", external_id, stored.outcome))
        return external_id

    def _is_known(self, external_id: str) -> bool:
        """Whether it is the id of a contact, or of one that was merged into another."""
        own = select(Contact.id).where(Contact.external_id == external_id)
        merged = select(ContactAlias.contact_id).where(ContactAlias.external_id == external_id)
        return self.session.scalar(own) is not None or self.session.scalar(merged) is not None

    def _who(self, part: ReadContact) -> str:
        """The external id of the stored contact with this address, else the one that the body names."""
        for way in part.match:
            address = part.values.get(way)
            if address is None:
                continue
            found = self._at(way, address)
            if len(found) > 1:
                raise Conflict(f"Several contacts have this {way}; give `external_id` instead of `match`.")
            if found:
                return found[0]
        if part.external_id is None:
            raise NotFound("There is no contact with this address.")
        if refusal := reserved.refusal_of_contact(part.external_id):
            raise Rejected(refusal)
        return part.external_id

    def _at(self, way: str, address: str) -> list[str]:
        column = Contact.email if way == "email" else Contact.phone
        wanted = select(Contact.external_id).where(column == address, Contact.erased_at.is_(None))
        return list(self.session.scalars(wanted.order_by(Contact.id).limit(2)))

    def _event(self, reading: DoorReading, contact: str) -> None:
        event = reading.event
        if event is None:
            return
        at = (event.occurred_at or self.now).astimezone(UTC)
        told = enrolments.Event(self._key(reading), event.name, contact, at, event.properties)
        recorded = enrolments.record_event(self.session, told, self.context, self.now, source=SOURCE)
        self.taken.did.append(("event", event.name, "created" if recorded.is_new else "unchanged"))
        self.taken.did += [
            ("survey", each["stage"], str(each["reason"] or each["state"])) for each in recorded.enrolments
        ]

    def _usage(self, reading: DoorReading, account: str) -> None:
        usage = reading.usage
        if usage is None:
            return
        figure = product_usage.UsageFigure(self._key(reading), usage.name, usage.value, usage.at)
        _, is_new = product_usage.record(self.session, account, figure, self.now)
        self.taken.did.append(("usage", usage.name, "created" if is_new else "unchanged"))

    def _key(self, reading: DoorReading) -> str:
        """The key of an event: the door and the other system's id, or a digest of it if that is too long."""
        plain = f"{self.door.name}:{reading.id}"
        return plain if len(plain) <= LONGEST_KEY else f"{self.door.name}:{reading.uid}"
