"""What is known of customers: read for many contacts with one statement, or kept with an invitation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import RowMapping, bindparam, select
from sqlalchemy.orm import Session

from feedback.core.audience import ACCOUNT_FIELDS, CONTACT_FIELDS, Facts
from feedback.store.models import Account, Contact, Invitation, JourneyEvent

if TYPE_CHECKING:
    from feedback.core.questionnaire import Questionnaire  # an import of contacts does without it

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
MOST_VALUES, LONGEST_VALUE = 12, 40
"""A fact with more values, or with longer ones, is no choice of a menu."""
OFTEN = 3
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


def values(session: Session) -> dict[str, list[str]]:
    """Fact -> the values that the latest accounts, contacts and events have, for facts with few values only.

    A value of a property has to be there `OFTEN`, so that no menu shows what is known of one person only.
    """
    found: dict[str, Counter[str]] = defaultdict(Counter)
    accounts = select(Account.properties, Account.segment).order_by(Account.id.desc())
    contacts = select(Contact.properties, Contact.country).order_by(Contact.id.desc())
    events = select(JourneyEvent.properties).order_by(JourneyEvent.id.desc())
    for row in session.execute(accounts.limit(LATEST)):
        _note(found, "account", {**(row.properties or {}), "segment": row.segment})
    for row in session.execute(contacts.limit(LATEST)):
        _note(found, "contact", {**(row.properties or {}), "country": row.country})
    for properties in session.scalars(events.limit(LATEST)):
        _note(found, "event", properties or {})
    listed = {fact: _listed(fact, counts) for fact, counts in sorted(found.items())}
    return {fact: known for fact, known in listed.items() if known}


def _note(found: dict[str, Counter[str]], kind: str, known: Mapping[str, Any]) -> None:
    for name, value in known.items():
        counts = found[f"{kind}.{name}"]
        if value not in (None, "") and len(counts) <= MOST_VALUES:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            fits = len(text) <= LONGEST_VALUE and "|" not in text and not isinstance(value, list | dict)
            counts.update([text] if fits else map(str, range(MOST_VALUES + 1)))


def _listed(fact: str, counts: Mapping[str, int]) -> list[str]:
    """The values of one fact; none if there are too many."""
    least = 1 if fact in ("account.segment", "contact.country") else OFTEN
    return sorted(each for each, n in counts.items() if n >= least) if len(counts) <= MOST_VALUES else []


def properties(session: Session) -> dict[str, frozenset[str]]:
    """`account` and `contact` -> names of the properties of the latest ones; empty where none is stored yet."""
    found = {}
    for kind, table in (("account", Account), ("contact", Contact)):
        rows = session.scalars(select(table.properties).order_by(table.id.desc()).limit(LATEST))
        found[kind] = frozenset(name for row in rows for name in row or ())
    return found
