"""Queries for the accounts and contacts that a program asks for, as far as its viewer sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import selectinload

from feedback.services.access import Viewer, sees_account, without_or_in_accounts_of
from feedback.services.contact import suppression
from feedback.store.models import Account, Contact, User
from feedback.store.search import finds


@dataclass(frozen=True, slots=True)
class AccountQuery:
    """None means any. `search` is a part of the name or the whole external id; `owner` an e-mail address."""

    search: str | None = None
    segment: str | None = None
    owner: str | None = None
    updated_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactQuery:
    """None means any. `search` is a part of the name, or the whole external id, phone number or e-mail address."""

    search: str | None = None
    account: str | None = None
    email: str | None = None
    phone: str | None = None
    updated_since: datetime | None = None


def accounts(viewer: Viewer, wanted: AccountQuery) -> Select[Account]:
    """The accounts that the viewer sees and that match, with their owners, in no order."""
    query = select(Account).where(sees_account(viewer)).options(selectinload(Account.owner))
    if wanted.search:
        query = query.where(or_(Account.external_id == wanted.search, finds(Account.name, wanted.search)))
    if wanted.segment is not None:
        query = query.where(Account.segment == wanted.segment)
    if wanted.owner is not None:
        owner = select(User.id).where(func.lower(User.email) == wanted.owner.strip().lower())
        query = query.where(Account.owner_id == owner.scalar_subquery())
    if wanted.updated_since is not None:
        query = query.where(Account.updated_at >= wanted.updated_since)
    return query


def contacts(viewer: Viewer, wanted: ContactQuery) -> Select[Contact]:
    """The contacts in accounts that the viewer sees and that match, with their accounts, in no order."""
    query = (
        select(Contact)
        .where(Contact.erased_at.is_(None), without_or_in_accounts_of(viewer, Contact.account_id))
        .options(selectinload(Contact.account))
    )
    if wanted.search:
        exact = (Contact.external_id == wanted.search, _has_email(wanted.search), _has_phone(wanted.search))
        query = query.where(or_(*exact, finds(Contact.name, wanted.search)))
    if wanted.account is not None:
        account = select(Account.id).where(Account.external_id == wanted.account)
        query = query.where(Contact.account_id == account.scalar_subquery())
    if wanted.email is not None:
        query = query.where(_has_email(wanted.email))
    if wanted.phone is not None:
        query = query.where(_has_phone(wanted.phone))
    if wanted.updated_since is not None:
        query = query.where(Contact.updated_at >= wanted.updated_since)
    return query


def _has_email(address: str) -> ColumnElement[bool]:
    return func.lower(Contact.email) == address.strip().lower()


def _has_phone(number: str) -> ColumnElement[bool]:
    return Contact.phone.in_(suppression.same(number.strip()))
