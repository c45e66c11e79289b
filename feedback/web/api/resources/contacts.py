"""Contacts and their consent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core import reserved
from feedback.errors import Gone, NotFound, Rejected
from feedback.services.access import without_or_in_accounts_of
from feedback.services.customers import (
    ConsentChange,
    ContactDraft,
    Stored,
    erased,
    fields,
    queries,
    store_contacts,
)
from feedback.services.customers.queries import ContactQuery
from feedback.services.privacy import erasure
from feedback.services.shapes.customers import ContactOut, contact_shapes
from feedback.services.staff.api_keys import Scope
from feedback.store.models import Account, Contact
from feedback.web.api import document
from feedback.web.api.answers import answer, check_match, stored_answer, written
from feedback.web.api.batches import MOST, BatchOut, batch_answer, results_of
from feedback.web.api.gate import Gate, caller
from feedback.web.api.listing import Listed, Sorts, listed
from feedback.web.api.problems import mistaken
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import (
    ConsentIn,
    ContactIn,
    ExternalId,
    In,
    Moment,
    Name,
    Short,
)
from feedback.web.api.values import parsed

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

_SORTS = Sorts(Contact.id, Contact.created_at, updated_at=Contact.updated_at)


class ContactsQuery(Listed):
    search: Name | None = Field(
        None, description="a part of the name, or the whole external id, phone number or e-mail address"
    )
    account: Name | None = Field(None, description="external id of the account")
    email: Name | None = None
    phone: Short | None = Field(None, description="E.164, such as +905321234567")
    updated_since: Moment | None = None
    sort: Literal["id", "-id", "updated_at", "-updated_at"] = "id"


class ContactInBatch(ContactIn):
    external_id: Name


class ContactsIn(In):
    """Contacts, each stored or refused by itself. Store their accounts first."""

    items: list[ContactInBatch] = Field(min_length=1, max_length=MOST)


class ContactsPage(document.Page):
    items: list[ContactOut]


class ErasedOut(BaseModel):
    """What was erased. `account_left` is an account without any other contact, which may describe the same person."""

    responses: int
    messages: int
    replies: int
    account_left: str | None


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    """Add the routes to the API's blueprint."""
    _lists(api, runtime, gate)
    _contacts(api, runtime)
    _batches(api, runtime, gate)
    _consents(api, runtime)
    _erasure(api, runtime)


def _lists(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get("/contacts", summary="Contacts", responses={200: ContactsPage})
    @needs(Scope.CUSTOMERS_READ)
    def list_contacts(query: ContactsQuery) -> Response:
        gate.note_seen("contacts")
        wanted = ContactQuery(query.search, query.account, query.email, query.phone, query.updated_since)
        with runtime.database.reading() as session:
            found = queries.contacts(caller().viewer, wanted)
            return listed(
                session,
                found,
                query.sort,
                _SORTS[query.sort],
                query,
                lambda rows: contact_shapes(session, rows),
            )


def _batches(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.post("/contacts/batch", summary="Store many contacts", responses={200: BatchOut})
    @needs(Scope.CUSTOMERS_WRITE)
    def post_contacts(body: ContactsIn) -> Response:
        """In portions, each contact by itself. Send the batch again if it was interrupted."""
        gate.count_batch(len(body.items))
        return batch_answer(
            results_of(
                runtime, body.items, lambda session, each: _store(session, each.external_id, each, runtime)
            )
        )


def _consents(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post(
        "/contacts/<path:external_id>/consents",
        summary="Record or withdraw consent",
        responses={200: ContactOut},
    )
    @needs(Scope.CUSTOMERS_WRITE)
    def post_consent(path: ExternalId, body: ConsentIn) -> Response:
        def store(session: Session) -> Response:
            _row(session, path.external_id, lock=True)
            draft = ContactDraft(path.external_id, {}, {}, permissions=_permissions(body))
            store_contacts(session.connection(), [draft], {}, clock.now())
            return stored_answer(_contact(session, path.external_id))

        return written(runtime, store)


def _erasure(api: APIBlueprint, runtime: Runtime) -> None:
    @api.delete(
        "/contacts/<path:external_id>", summary="Erase a contact for good", responses={200: ErasedOut}
    )
    @needs(Scope.CUSTOMERS_ERASE)
    def erase_contact(path: ExternalId) -> Response:
        """The person's data is deleted, and they cannot be stored or written to again."""

        def erase(session: Session) -> Response:
            row = _row(session, path.external_id)
            done = erasure.erase(session, row, by=caller().owner_id, now=clock.now())
            return answer(
                ErasedOut(
                    responses=done.responses,
                    messages=done.messages,
                    replies=done.replies,
                    account_left=done.account_left,
                )
            )

        return written(runtime, erase)


def _contacts(api: APIBlueprint, runtime: Runtime) -> None:
    @api.put("/contacts/<path:external_id>", summary="Store a contact", responses=document.stored(ContactOut))
    @needs(Scope.CUSTOMERS_WRITE)
    def put_contact(path: ExternalId, body: ContactIn) -> Response:

        def store(session: Session) -> Response:
            check_match(lambda: stored_answer(_contact(session, path.external_id, lock=True)))
            stored = _store(session, path.external_id, body, runtime)
            return stored_answer(_contact(session, path.external_id), stored)

        return written(runtime, store)

    @api.get("/contacts/<path:external_id>", summary="A contact", responses={200: ContactOut})
    @needs(Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE)
    def get_contact(path: ExternalId) -> Response:
        with runtime.database.reading() as session:
            return stored_answer(_contact(session, path.external_id))


def _store(session: Session, external_id: str, body: ContactIn, runtime: Runtime) -> Stored:
    values = parsed(body, fields.CONTACT, runtime.settings)
    if erased(session.connection(), [external_id]):
        raise Gone("This person was erased on request.")
    if refusal := reserved.refusal_of_contact(external_id):
        raise Rejected(refusal)
    if "account" in body.model_fields_set:
        values["account_id"] = _account_id(session, body.account)
    draft = ContactDraft(external_id, values, body.properties)
    draft.permissions = _permissions(body.consent)
    return store_contacts(session.connection(), [draft], {}, clock.now())[external_id]


def _account_id(session: Session, external_id: str | None) -> int | None:
    if external_id is None:
        return None
    found = session.scalar(select(Account.id).where(Account.external_id == external_id))
    if found is None:
        raise mistaken("/account", "Store this account first: it does not exist.")
    return found


def _permissions(consent: ConsentIn | None) -> list[ConsentChange]:
    if consent is None:
        return []
    rest = (consent.basis, consent.source, consent.text_version, consent.reference)
    return [ConsentChange("sms", consent.sms, *rest), ConsentChange("email", consent.email, *rest)]


def _contact(session: Session, external_id: str, *, lock: bool = False) -> ContactOut:
    return next(contact_shapes(session, [_row(session, external_id, lock=lock)]))


def _row(session: Session, external_id: str, *, lock: bool = False) -> Contact:
    wanted = select(Contact).where(Contact.external_id == external_id, Contact.erased_at.is_(None))
    wanted = wanted.where(without_or_in_accounts_of(caller().viewer, Contact.account_id))
    wanted = wanted.execution_options(populate_existing=True)
    row = session.scalar(wanted.with_for_update(of=Contact) if lock else wanted)
    if row is None:
        raise NotFound("Contact not found.")
    return row
