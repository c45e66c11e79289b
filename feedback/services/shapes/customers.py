"""Accounts, and contacts with their consent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints
from pydantic.functional_validators import AfterValidator
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.services.customers import fields
from feedback.store.models import Account, Consent, Contact


def clean(text: str) -> str:
    """The text. Raises ValueError if there are control characters in it."""
    if not fields.is_clean(text):
        raise ValueError("Remove the control characters from this text.")
    return text


Text = Annotated[str, StringConstraints(strict=True, max_length=1000), AfterValidator(clean)]
Switch = Annotated[bool, Field(strict=True)]
Property = (
    Text
    | Switch
    | Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]
    | Annotated[float, Field(strict=True, allow_inf_nan=False)]
    | None
)


class AccountOut(BaseModel):
    external_id: str
    name: str
    owner: str | None
    segment: str | None
    recurring_revenue: str | None
    currency: str | None
    contract_started_on: date | None
    renewal_on: date | None
    properties: dict[str, Property]
    created_at: AwareDatetime
    updated_at: AwareDatetime


class ConsentOut(BaseModel):
    kind: str
    basis: str
    source: str
    granted_at: AwareDatetime
    withdrawn_at: AwareDatetime | None


class ContactOut(BaseModel):
    external_id: str
    account: str | None
    name: str | None
    phone: str | None
    email: str | None
    language: str | None
    time_zone: str | None
    country: str | None
    properties: dict[str, Property]
    consents: list[ConsentOut]
    created_at: AwareDatetime
    updated_at: AwareDatetime


def account_shape(row: Account) -> AccountOut:
    """An account with its owner's address."""
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


def contact_shapes(session: Session, rows: Sequence[Contact]) -> Iterator[ContactOut]:
    """Contacts with their consents, which are read together."""
    consents: dict[int, list[Consent]] = defaultdict(list)
    wanted = select(Consent).where(Consent.contact_id.in_([row.id for row in rows])).order_by(Consent.id)
    for each in session.scalars(wanted.execution_options(populate_existing=True)):
        consents[each.contact_id].append(each)
    return (_shape(row, consents[row.id]) for row in rows)


def _shape(row: Contact, consents: Sequence[Consent]) -> ContactOut:
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
