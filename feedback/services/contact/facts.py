"""What is known of customers: read for many contacts with one statement, or kept with an invitation."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import RowMapping, bindparam, select
from sqlalchemy.orm import Session

from feedback.core.audience import ACCOUNT_FIELDS, CONTACT_FIELDS, Facts
from feedback.core.questionnaire import Questionnaire
from feedback.store.models import Account, Contact, Invitation, JourneyEvent

_C: Any = Contact.__table__.c
_A: Any = Account.__table__.c
_KNOWN = (
    select(
        _C.id.label("contact_id"),
        _C.properties.label("contact_properties"),
        _A.properties.label("account_properties"),
        *(_C[name].label(f"contact_{name}") for name in CONTACT_FIELDS),
        *(_A[name].label(f"account_{name}") for name in ACCOUNT_FIELDS),
    )
    .outerjoin(Account.__table__, _A.id == _C.account_id)
    .where(_C.id.in_(bindparam("ids", expanding=True)))
)
LATEST = 1_000
"""Accounts and contacts whose properties tell which properties an installation has."""


def of(session: Session, contact_ids: Collection[int]) -> dict[int, Facts]:
    """Contact id -> what is known of the contact and its account. A field is not hidden by a property of its name."""
    rows = session.connection().execute(_KNOWN, {"ids": list(contact_ids)}).mappings()
    return {row["contact_id"]: _facts(row) for row in rows}


def _facts(row: RowMapping) -> Facts:
    return Facts(
        account={**(row["account_properties"] or {}), **{n: row[f"account_{n}"] for n in ACCOUNT_FIELDS}},
        contact={**(row["contact_properties"] or {}), **{n: row[f"contact_{n}"] for n in CONTACT_FIELDS}},
    )


def to_keep(questionnaire: Questionnaire, contact: Contact, event: JourneyEvent | None) -> dict[str, Any]:
    """What an invitation keeps: of the contact, its account and the event only what the questionnaire looks at."""
    if not questionnaire.facts:
        return {}
    account = contact.account
    known = Facts(
        account={**account.properties, **{n: getattr(account, n) for n in ACCOUNT_FIELDS}} if account else {},
        contact={**contact.properties, **{n: getattr(contact, n) for n in CONTACT_FIELDS}},
        event=event.properties if event else {},
    )
    return known.stored(questionnaire.facts)


def kept(invitation: Invitation) -> Facts:
    """What was known when the invitation was made."""
    stored = invitation.facts or {}
    return Facts.from_stored(stored, language=invitation.language, channel=invitation.channel)


def properties(session: Session) -> dict[str, frozenset[str]]:
    """`account` and `contact` -> names of the properties of the latest ones; empty where none is stored yet."""
    found = {}
    for kind, table in (("account", Account), ("contact", Contact)):
        rows = session.scalars(select(table.properties).order_by(table.id.desc()).limit(LATEST))
        found[kind] = frozenset(name for row in rows for name in row or ())
    return found
