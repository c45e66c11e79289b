"""Upserts accounts and contacts by external id in batches: one read, one insert, one update.

It uses tables instead of ORM objects, which makes a difference for the import of a whole customer base. Every
function works in the caller's transaction; with `write=False` it only reports what would happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Any, Literal

from sqlalchemy import Connection, Row, Table, bindparam, insert, select, update

from feedback.core.text.folding import fold_any
from feedback.services.contact import suppression
from feedback.store.models import Account, Consent, Contact, ContactAlias, Suppression, User
from feedback.store.models.customers import found_by

Outcome = Literal["created", "updated", "unchanged"]
_ACCOUNT: Table = Account.__table__  # type: ignore[assignment]
_CONTACT: Table = Contact.__table__  # type: ignore[assignment]
_ALIAS: Table = ContactAlias.__table__  # type: ignore[assignment]
_CONSENT: Table = Consent.__table__  # type: ignore[assignment]
_NOT_YET = -1
"""The id of a row that exists only in a dry run."""


@dataclass(slots=True)
class Draft:
    """An account or contact from a source. A missing field is not changed, None empties it."""

    external_id: str
    values: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ConsentChange:
    """Consent for one kind of channel, or its withdrawal (`allowed` is False)."""

    kind: str
    allowed: bool
    basis: str = ""
    source: str = ""
    text_version: str | None = None
    reference: str | None = None


@dataclass(slots=True)
class ContactDraft(Draft):
    """`account` is the external id of an account that is stored already, in this or an earlier transaction."""

    account: str | None = None
    permissions: list[ConsentChange] = field(default_factory=list)


@dataclass(slots=True)
class Stored:
    """A row's id, and the result of storing it."""

    id: int
    outcome: Outcome


def owners(connection: Connection, wanted: Iterable[str]) -> dict[str, int]:
    """Ids of the members of staff with these addresses (in lower case) or names. A name that two people share is
    not found."""
    known: dict[str, set[int]] = {}
    rows = connection.execute(select(User.id, User.email, User.name))
    for user_id, email, name in rows if (wanted := set(wanted)) else ():
        for said in {fold_any(email), fold_any(name or "")}:
            known.setdefault(said, set()).add(user_id)
    found = {each: known.get(fold_any(each), set()) for each in wanted}
    return {each: next(iter(ids)) for each, ids in found.items() if len(ids) == 1}


def erased(connection: Connection, external_ids: Iterable[str]) -> set[str]:
    """The external ids whose person has been erased; only digests of them are stored."""
    digests = {suppression.digest(each): each for each in external_ids}
    wanted = select(Suppression.address).where(
        Suppression.kind == "contact", Suppression.address.in_(list(digests)), Suppression.lifted_at.is_(None)
    )
    return {digests[digest] for digest in connection.scalars(wanted)}


@dataclass(frozen=True, slots=True)
class Written:
    """A row that was written; `before` are the values until then, None for a new row."""

    subject: str
    row_id: int
    before: dict[str, Any] | None


Journal = list[Written]
"""Gets an entry for every row that is written, so that it can be undone."""


def store_accounts(
    connection: Connection,
    drafts: Iterable[Draft],
    now: datetime,
    *,
    write: bool = True,
    journal: Journal | None = None,
) -> dict[str, Stored]:
    """Store accounts. Drafts with the same external id are merged. Returns the results by external id."""
    merged: dict[str, Draft] = {}
    for draft in drafts:
        known = merged.setdefault(draft.external_id, Draft(draft.external_id))
        known.values.update(draft.values)
        known.properties.update(draft.properties)
    found = _existing(connection, _ACCOUNT, merged, lock=write)
    for draft in merged.values():  # an account must have a name
        if draft.values.get("name") is None:
            draft.values.pop("name", None)
            if draft.external_id not in found:
                draft.values["name"] = draft.external_id
    stored = _upsert(connection, _ACCOUNT, list(merged.values()), found, now, write=write)
    _note(journal, "account", found, stored)
    return stored


def store_contacts(
    connection: Connection,
    drafts: Sequence[ContactDraft],
    accounts: Mapping[str, Stored],
    now: datetime,
    *,
    write: bool = True,
    journal: Journal | None = None,
) -> dict[str, Stored]:
    """Store contacts and their consent; each external id at most once. Returns the results by external id."""
    merged = _merged(connection, [draft.external_id for draft in drafts])
    aliases = [draft for draft in drafts if draft.external_id in merged]
    drafts = [draft for draft in drafts if draft.external_id not in merged]
    for draft in drafts:
        if draft.account is not None:
            draft.values["account_id"] = accounts[draft.account].id
    found = _existing(connection, _CONTACT, {draft.external_id for draft in drafts}, lock=write)
    stored = _upsert(connection, _CONTACT, drafts, found, now, write=write)
    for external_id in _record_permissions(connection, drafts, found, stored, now, write=write):
        if stored[external_id].outcome == "unchanged":
            stored[external_id].outcome = "updated"
    _note(journal, "contact", found, stored)
    return stored | _obey(connection, aliases, merged, now, write=write)


def _note(
    journal: Journal | None, subject: str, found: Mapping[str, Row[Any]], stored: Mapping[str, Stored]
) -> None:
    """Add what was written to the journal, with everything that a source may set as it was before."""
    if journal is None:
        return
    for external_id, each in stored.items():
        if each.outcome != "unchanged":
            row = found.get(external_id)
            names = (*_columns(_ACCOUNT if subject == "account" else _CONTACT), "properties")
            before = {name: row._mapping[name] for name in names} if row is not None else None
            journal.append(Written(subject, each.id, before))


def _merged(connection: Connection, external_ids: Sequence[str]) -> dict[str, int]:
    """External ids of contacts that were merged into another one -> the id of that one."""
    wanted = select(_ALIAS.c.external_id, _ALIAS.c.contact_id).where(_ALIAS.c.external_id.in_(external_ids))
    return {row.external_id: row.contact_id for row in connection.execute(wanted)}


def _obey(
    connection: Connection,
    aliases: Sequence[ContactDraft],
    merged: Mapping[str, int],
    now: datetime,
    *,
    write: bool,
) -> dict[str, Stored]:
    """Of the rows of merged contacts, only refusals are taken over: the merged contact has its own row."""
    stored = {draft.external_id: Stored(merged[draft.external_id], "unchanged") for draft in aliases}
    refusing = [
        replace(draft, permissions=[each for each in draft.permissions if not each.allowed])
        for draft in aliases
    ]
    for external_id in _record_permissions(connection, refusing, {}, stored, now, write=write):
        stored[external_id].outcome = "updated"
    return stored


def _existing(
    connection: Connection, table: Table, external_ids: Iterable[str], *, lock: bool
) -> dict[str, Row[Any]]:
    """Read and lock the rows in the order of their keys, so that simultaneous imports do not deadlock."""
    wanted = select(table).where(table.c.external_id.in_(list(external_ids))).order_by(table.c.external_id)
    rows = connection.execute(wanted.with_for_update() if lock else wanted)
    return {row.external_id: row for row in rows}


def _upsert(
    connection: Connection,
    table: Table,
    drafts: Sequence[Draft],
    found: Mapping[str, Row[Any]],
    now: datetime,
    *,
    write: bool,
) -> dict[str, Stored]:
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    stored: dict[str, Stored] = {}
    for draft in drafts:
        row = found.get(draft.external_id)
        if row is None:
            fresh.append(_new_row(table, draft, now))
            stored[draft.external_id] = Stored(_NOT_YET, "created")
        elif (difference := _difference(table, row, draft)) is not None:
            changed.append({"row_id": row.id, **difference, "updated_at": now})
            stored[draft.external_id] = Stored(row.id, "updated")
        else:
            stored[draft.external_id] = Stored(row.id, "unchanged")
    if write:
        _update(connection, table, changed)
        for row_id, external_id in _insert(connection, table, fresh):
            stored[external_id].id = row_id
    return stored


@cache
def _columns(table: Table) -> list[str]:
    """The columns that a source may set."""
    ours = {"id", "external_id", "properties", "turn", "is_demo", "erased_at", "created_at", "updated_at"}
    ours |= {"search_words", "sort_name"}
    return [column.name for column in table.columns if column.name not in ours]


def _new_row(table: Table, draft: Draft, now: datetime) -> dict[str, Any]:
    return (
        dict.fromkeys(_columns(table))
        | draft.values
        | {
            "external_id": draft.external_id,
            "properties": {name: value for name, value in draft.properties.items() if value is not None},
            "is_demo": False,
            "created_at": now,
            "updated_at": now,
        }
    )


def _difference(table: Table, row: Row[Any], draft: Draft) -> dict[str, Any] | None:
    """The new values of all columns that a source may set; None if nothing changes."""
    columns = {name: row._mapping[name] for name in draft.values}
    properties = {**row.properties, **draft.properties}
    properties = {name: value for name, value in properties.items() if value is not None}
    if properties == row.properties and all(_same(columns[name], draft.values[name]) for name in columns):
        return None
    values = (
        {name: row._mapping[name] for name in _columns(table)} | draft.values | {"properties": properties}
    )
    return values | found_by({**values, "external_id": row.external_id})


def _same(stored: Any, wanted: Any) -> bool:
    if isinstance(wanted, Decimal) and isinstance(stored, Decimal):
        return stored.quantize(Decimal("0.01")) == wanted.quantize(Decimal("0.01"))
    return bool(stored == wanted)


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    if rows:
        # In the order of the keys, so that simultaneous imports do not deadlock.
        rows.sort(key=itemgetter("external_id"))
        made = connection.execute(insert(table).returning(table.c.id, table.c.external_id), rows)
        yield from ((row.id, row.external_id) for row in made)


def _update(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        columns: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "row_id"}
        connection.execute(update(table).where(table.c.id == bindparam("row_id")).values(columns), rows)


def _record_permissions(
    connection: Connection,
    drafts: Sequence[ContactDraft],
    found: Mapping[str, Row[Any]],
    stored: Mapping[str, Stored],
    now: datetime,
    *,
    write: bool,
) -> Iterator[str]:
    """Record consents and withdrawals; yields the contacts for which that changed something.

    A consent that the customer has withdrawn stays withdrawn, because a file that still says yes is older. A "no"
    without an earlier "yes" is stored as a consent that was withdrawn when it was given; a "yes" can follow it.
    """
    asked = [draft for draft in drafts if draft.permissions]
    known = _consents(connection, [stored[draft.external_id].id for draft in asked])
    granted, withdrawn = [], []
    for draft in asked:
        for permission in draft.permissions:
            address = _address(draft, found.get(draft.external_id), permission.kind)
            if address is None:
                continue
            place = (stored[draft.external_id].id, permission.kind, address)
            row = known.get(place)
            if row is None or (permission.allowed and row.withdrawn_at == row.granted_at):
                made = _consent_row(draft, permission, address, stored, now)
                granted.append(made | {"withdrawn_at": None if permission.allowed else now})
                yield draft.external_id
            elif not permission.allowed and row.withdrawn_at is None:
                withdrawn.append(row.id)
                yield draft.external_id
    if write and granted:
        connection.execute(insert(_CONSENT), granted)
    if write and withdrawn:
        connection.execute(update(_CONSENT).where(_CONSENT.c.id.in_(withdrawn)).values(withdrawn_at=now))


def _consents(connection: Connection, contacts: list[int]) -> dict[tuple[int, str, str], Any]:
    """(contact, kind, address) -> the row of the latest consent or withdrawal."""
    c = _CONSENT.c
    wanted = select(c.contact_id, c.kind, c.address, c.id, c.granted_at, c.withdrawn_at)
    rows = connection.execute(wanted.where(c.contact_id.in_(contacts)).order_by(c.id)) if contacts else ()
    return {(row[0], row[1], row[2]): row for row in rows}


def _address(draft: ContactDraft, row: Row[Any] | None, kind: str) -> str | None:
    name = "phone" if kind == "sms" else "email"
    if name in draft.values:
        return draft.values[name]  # type: ignore[no-any-return]
    return getattr(row, name) if row is not None else None


def _consent_row(
    draft: ContactDraft, permission: ConsentChange, address: str, stored: Mapping[str, Stored], now: datetime
) -> dict[str, Any]:
    return {
        "contact_id": stored[draft.external_id].id,
        "kind": permission.kind,
        "address": address,
        "basis": permission.basis,
        "source": permission.source,
        "text_version": permission.text_version,
        "reference": permission.reference,
        "granted_at": now,
    }
