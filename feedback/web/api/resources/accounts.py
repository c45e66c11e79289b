"""Accounts, and their usage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.errors import NotFound
from feedback.services.access import sees_account
from feedback.services.customers import Draft, Stored, fields, owners, product_usage, queries, store_accounts
from feedback.services.customers.queries import AccountQuery
from feedback.services.shapes.customers import AccountOut, account_shape
from feedback.services.staff.api_keys import Scope
from feedback.store.models import Account, UsagePoint
from feedback.web.api import document
from feedback.web.api.answers import check_match, stored_answer, written
from feedback.web.api.batches import MOST, BatchOut, batch_answer, results_of
from feedback.web.api.gate import Gate, caller
from feedback.web.api.listing import Listed, Sorts, listed
from feedback.web.api.problems import mistaken
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import (
    AccountIn,
    ExternalId,
    In,
    Moment,
    Name,
    Short,
    UsageIn,
    UsageOut,
)
from feedback.web.api.values import parsed

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

_SORTS = Sorts(Account.id, Account.created_at, updated_at=Account.updated_at)
_USAGE_SORTS = Sorts(UsagePoint.id, UsagePoint.received_at, at=UsagePoint.at)


class AccountsQuery(Listed):
    search: Short | None = Field(None, description="a part of the name, or the external id")
    segment: Short | None = None
    owner: Name | None = Field(None, description="e-mail address of a member of staff")
    updated_since: Moment | None = None
    sort: Literal["id", "-id", "updated_at", "-updated_at"] = "id"


class AccountInBatch(AccountIn):
    external_id: Name


class AccountsIn(In):
    """Accounts, each stored or refused by itself."""

    items: list[AccountInBatch] = Field(min_length=1, max_length=MOST)


class AccountsPage(document.Page):
    items: list[AccountOut]


class UsageQuery(Listed):
    name: Short | None = Field(None, description="the metric")
    since: Moment | None = None
    until: Moment | None = Field(None, description="excluded")
    sort: Literal["id", "-id", "at", "-at"] = "id"


class UsagePage(document.Page):
    items: list[UsageOut]


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    """Add the routes to the API's blueprint."""
    _lists(api, runtime, gate)
    _accounts(api, runtime)
    _batches(api, runtime, gate)
    _usage(api, runtime)
    _usage_list(api, runtime)


def _lists(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get("/accounts", summary="Accounts", responses={200: AccountsPage})
    @needs(Scope.CUSTOMERS_READ)
    def list_accounts(query: AccountsQuery) -> Response:
        gate.note_seen("accounts")
        wanted = AccountQuery(query.search, query.segment, query.owner, query.updated_since)
        with runtime.database.reading() as session:
            found = queries.accounts(caller().viewer, wanted)
            return listed(session, found, query.sort, _SORTS[query.sort], query, _shapes)


def _batches(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.post("/accounts/batch", summary="Store many accounts", responses={200: BatchOut})
    @needs(Scope.CUSTOMERS_WRITE)
    def post_accounts(body: AccountsIn) -> Response:
        """In portions, each account by itself. Send the batch again if it was interrupted."""
        gate.count_batch(len(body.items))
        return batch_answer(
            results_of(
                runtime, body.items, lambda session, each: _store(session, each.external_id, each, runtime)
            )
        )


def _accounts(api: APIBlueprint, runtime: Runtime) -> None:
    @api.put(
        "/accounts/<path:external_id>", summary="Store an account", responses=document.stored(AccountOut)
    )
    @needs(Scope.CUSTOMERS_WRITE)
    def put_account(path: ExternalId, body: AccountIn) -> Response:

        def store(session: Session) -> Response:
            check_match(lambda: stored_answer(_account(session, path.external_id, lock=True)))
            stored = _store(session, path.external_id, body, runtime)
            return stored_answer(_account(session, path.external_id), stored)

        return written(runtime, store)

    @api.get("/accounts/<path:external_id>", summary="An account", responses={200: AccountOut})
    @needs(Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE)
    def get_account(path: ExternalId) -> Response:
        with runtime.database.reading() as session:
            return stored_answer(_account(session, path.external_id))


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
            shape = _usage_shape(row, path.external_id)
            return stored_answer(shape, Stored(row.id, "created" if is_new else "unchanged"))

        return written(runtime, store)


def _usage_list(api: APIBlueprint, runtime: Runtime) -> None:
    @api.get("/accounts/<path:external_id>/usage", summary="Usage of an account", responses={200: UsagePage})
    @needs(Scope.CUSTOMERS_READ)
    def list_usage(path: ExternalId, query: UsageQuery) -> Response:
        with runtime.database.reading() as session:
            account = _row(session, path.external_id)
            found = select(UsagePoint).where(UsagePoint.account_id == account.id)
            if query.name is not None:
                found = found.where(UsagePoint.name == query.name)
            if query.since is not None:
                found = found.where(UsagePoint.at >= query.since)
            if query.until is not None:
                found = found.where(UsagePoint.at < query.until)

            def shapes(rows: Sequence[UsagePoint]) -> Iterable[UsageOut]:
                return (_usage_shape(row, path.external_id) for row in rows)

            return listed(session, found, query.sort, _USAGE_SORTS[query.sort], query, shapes)


def _usage_shape(row: UsagePoint, account: str) -> UsageOut:
    return UsageOut(
        key=row.key, account=account, name=row.name, value=row.value, at=row.at, received_at=row.received_at
    )


def _store(session: Session, external_id: str, body: AccountIn, runtime: Runtime) -> Stored:
    values = parsed(body, fields.ACCOUNT, runtime.settings)
    owner = values.pop("owner", None)
    if "owner" in body.model_fields_set:
        values["owner_id"] = _staff(session, owner)
    draft = Draft(external_id, values, body.properties)
    return store_accounts(session.connection(), [draft], clock.now())[external_id]


def _staff(session: Session, email: str | None) -> int | None:
    if email is None:
        return None
    found = owners(session.connection(), [email]).get(email)
    if found is None:
        raise mistaken("/owner", "There is no user with this address.")
    return found


def _account(session: Session, external_id: str, *, lock: bool = False) -> AccountOut:
    return account_shape(_row(session, external_id, lock=lock))


def _row(session: Session, external_id: str, *, lock: bool = False) -> Account:
    wanted = select(Account).where(Account.external_id == external_id)
    wanted = wanted.where(sees_account(caller().viewer)).execution_options(populate_existing=True)
    row = session.scalar(wanted.with_for_update(of=Account) if lock else wanted)
    if row is None:
        raise NotFound("Account not found.")
    return row


def _shapes(rows: Sequence[Any]) -> Iterable[AccountOut]:
    return map(account_shape, rows)
