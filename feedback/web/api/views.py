"""The routes under /api/v1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify
from flask.blueprints import BlueprintSetupState
from flask_openapi3.blueprint import APIBlueprint
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from feedback import clock
from feedback.core import reserved
from feedback.errors import FeedbackError, Gone, NotFound, Rejected
from feedback.services.access import sees_account, without_or_in_accounts_of
from feedback.services.customers import (
    ConsentChange,
    ContactDraft,
    Draft,
    Stored,
    erased,
    fields,
    owners,
    product_usage,
    store_accounts,
    store_contacts,
)
from feedback.services.staff.api_keys import Scope
from feedback.settings import Settings
from feedback.store.models import Account, Consent, Contact
from feedback.web.api import document, event_views, problems
from feedback.web.api.answers import check_match, stored_answer, written
from feedback.web.api.gate import Gate, caller
from feedback.web.api.scopes import needs, open_to_all
from feedback.web.api.shapes import (
    AccountIn,
    AccountOut,
    ConsentIn,
    ConsentOut,
    ContactIn,
    ContactOut,
    ExternalId,
    Mistake,
    UsageIn,
    UsageOut,
)

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


class UnacceptableError(Exception):
    """The body is well formed, but its values are not acceptable."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__()
        self.mistakes = mistakes


def blueprint(runtime: Runtime) -> Blueprint:
    """Accounts, contacts, events and usage for other programs; described at /api/v1/openapi.json."""
    api = APIBlueprint("api", __name__, abp_security=[{"key": []}], abp_responses=document.problems())
    gate = Gate(runtime)
    api.before_request(gate.check)
    api.after_request(gate.add_limits)
    api.register_error_handler(FeedbackError, problems.ours)
    api.register_error_handler(HTTPException, problems.http)
    api.register_error_handler(UnacceptableError, _unacceptable)
    api.record_once(_answer_mistakes)
    _accounts(api, runtime)
    _contacts(api, runtime)
    event_views.register(api, runtime, gate)
    _usage(api, runtime)

    @api.get("/openapi.json", doc_ui=False)
    @open_to_all("the description of the API; it contains no customer data")
    def openapi() -> Response:
        return jsonify(document.describe(api))

    return api


def _answer_mistakes(state: BlueprintSetupState) -> None:
    state.app.validation_error_callback = problems.invalid  # type: ignore[attr-defined]


def _unacceptable(error: UnacceptableError) -> Response:
    return problems.problem(422, "Some values cannot be accepted.", error.mistakes)


def _accounts(api: APIBlueprint, runtime: Runtime) -> None:
    @api.put(
        "/accounts/<path:external_id>", summary="Store an account", responses=document.stored(AccountOut)
    )
    @needs(Scope.CUSTOMERS_WRITE)
    def put_account(path: ExternalId, body: AccountIn) -> Response:
        values = _parsed(body, fields.ACCOUNT, runtime.settings)
        owner = values.pop("owner", None)

        def store(session: Session) -> Response:
            check_match(lambda: stored_answer(_account(session, path.external_id, lock=True)))
            if "owner" in body.model_fields_set:
                values["owner_id"] = _staff(session, owner)
            draft = Draft(path.external_id, values, body.properties)
            stored = store_accounts(session.connection(), [draft], clock.now())[path.external_id]
            return stored_answer(_account(session, path.external_id), stored)

        return written(runtime, store)

    @api.get("/accounts/<path:external_id>", summary="An account", responses={200: AccountOut})
    @needs(Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE)
    def get_account(path: ExternalId) -> Response:
        with runtime.database.reading() as session:
            return stored_answer(_account(session, path.external_id))


def _contacts(api: APIBlueprint, runtime: Runtime) -> None:
    @api.put("/contacts/<path:external_id>", summary="Store a contact", responses=document.stored(ContactOut))
    @needs(Scope.CUSTOMERS_WRITE)
    def put_contact(path: ExternalId, body: ContactIn) -> Response:
        values = _parsed(body, fields.CONTACT, runtime.settings)

        def store(session: Session) -> Response:
            if erased(session.connection(), [path.external_id]):
                raise Gone("This person was erased on request.")
            if refusal := reserved.refusal_of_contact(path.external_id):
                raise Rejected(refusal)
            if "account" in body.model_fields_set:
                values["account_id"] = _account_id(session, body.account)
            check_match(lambda: stored_answer(_contact(session, path.external_id, lock=True)))
            draft = ContactDraft(path.external_id, values, body.properties)
            draft.permissions = _permissions(body.consent)
            stored = store_contacts(session.connection(), [draft], {}, clock.now())[path.external_id]
            return stored_answer(_contact(session, path.external_id), stored)

        return written(runtime, store)

    @api.get("/contacts/<path:external_id>", summary="A contact", responses={200: ContactOut})
    @needs(Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE)
    def get_contact(path: ExternalId) -> Response:
        with runtime.database.reading() as session:
            return stored_answer(_contact(session, path.external_id))


def _usage(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post(
        "/accounts/<path:external_id>/usage",
        summary="Record usage of an account",
        responses=document.stored(UsageOut),
    )
    @needs(Scope.EVENTS_WRITE)
    def post_usage(path: ExternalId, body: UsageIn) -> Response:
        now = clock.now()
        point = product_usage.UsageFigure(body.key, body.name, body.value, body.at)

        def store(session: Session) -> Response:
            row, is_new = product_usage.record(session, path.external_id, point, now)
            shape = UsageOut(
                key=row.key,
                account=path.external_id,
                name=row.name,
                value=row.value,
                at=row.at,
                received_at=row.received_at,
            )
            return stored_answer(shape, Stored(row.id, "created" if is_new else "unchanged"))

        return written(runtime, store)


def _parsed(
    body: AccountIn | ContactIn, parsers: Mapping[str, fields.Parser], settings: Settings
) -> dict[str, Any]:
    """Parse the sent fields as an import does. Raises UnacceptableError."""
    style = fields.Style(settings.organisation.default_region, settings.organisation.time_zone)
    values: dict[str, Any] = {}
    mistakes = []
    # The country comes first, because it is the region of a phone number without a country code.
    for name in sorted(body.model_fields_set & set(parsers), key="country".__ne__):
        given = getattr(body, name)
        try:
            values[name] = parsers[name](given, style) if isinstance(given, str) else given
            if name == "country" and values[name]:
                style = replace(style, region=values[name])
        except ValueError as error:
            mistakes.append(Mistake(pointer=f"/{name}", detail=str(error)))
    if mistakes:
        raise UnacceptableError(sorted(mistakes, key=lambda mistake: mistake.pointer))
    return values


def _staff(session: Session, email: str | None) -> int | None:
    if email is None:
        return None
    found = owners(session.connection(), [email]).get(email)
    if found is None:
        raise UnacceptableError([Mistake(pointer="/owner", detail="There is no user with this address.")])
    return found


def _account_id(session: Session, external_id: str | None) -> int | None:
    if external_id is None:
        return None
    found = session.scalar(select(Account.id).where(Account.external_id == external_id))
    if found is None:
        raise UnacceptableError(
            [Mistake(pointer="/account", detail="Store this account first: it does not exist.")]
        )
    return found


def _permissions(consent: ConsentIn | None) -> list[ConsentChange]:
    if consent is None:
        return []
    rest = (consent.basis, consent.source, consent.text_version, consent.reference)
    return [ConsentChange("sms", consent.sms, *rest), ConsentChange("email", consent.email, *rest)]


def _account(session: Session, external_id: str, *, lock: bool = False) -> AccountOut:
    wanted = select(Account).where(Account.external_id == external_id)
    wanted = wanted.where(sees_account(caller().viewer)).execution_options(populate_existing=True)
    row = session.scalar(wanted.with_for_update(of=Account) if lock else wanted)
    if row is None:
        raise NotFound("Account not found.")
    return AccountOut(
        external_id=row.external_id,
        name=row.name,
        owner=row.owner.email if row.owner else None,
        segment=row.segment,
        recurring_revenue=None if row.recurring_revenue is None else f"{row.recurring_revenue:.2f}",
        currency=row.currency,
        contract_started_on=row.contract_started_on,
        renewal_on=row.renewal_on,
        properties=row.properties,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _contact(session: Session, external_id: str, *, lock: bool = False) -> ContactOut:
    wanted = select(Contact).where(Contact.external_id == external_id, Contact.erased_at.is_(None))
    wanted = wanted.where(without_or_in_accounts_of(caller().viewer, Contact.account_id))
    wanted = wanted.execution_options(populate_existing=True)
    row = session.scalar(wanted.with_for_update(of=Contact) if lock else wanted)
    if row is None:
        raise NotFound("Contact not found.")
    consents = session.scalars(select(Consent).where(Consent.contact_id == row.id).order_by(Consent.id))
    return ContactOut(
        external_id=row.external_id,
        account=row.account.external_id if row.account else None,
        name=row.name,
        phone=row.phone,
        email=row.email,
        language=row.language,
        time_zone=row.time_zone,
        country=row.country,
        properties=row.properties,
        consents=[ConsentOut.model_validate(each, from_attributes=True) for each in consents],
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
