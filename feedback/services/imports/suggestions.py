"""Suggests a mapping for a file with familiar column names; a person has to check it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from feedback.services.imports.mapping import REQUIRED, SECTIONS, Kind
from feedback.services.imports.table import Shape
from feedback.settings import Settings

# Column names in CRM exports, without spaces and punctuation. The first matching column is used.
FAMILIAR: dict[str, tuple[str, ...]] = {
    "contact.external_id": ("contactid", "customerid", "personid", "userid", "recordid", "id"),
    "contact.name": ("fullname", "contactname", "contact", "customername", "name", "adsoyad", "firstname"),
    "contact.phone": ("phone", "phonenumber", "mobile", "mobilephone", "cell", "telefon", "gsm", "tel"),
    "contact.email": ("email", "emailaddress", "mail", "eposta"),
    "contact.language": ("language", "locale", "preferredlanguage", "dil"),
    "contact.time_zone": ("timezone", "tz"),
    "contact.country": ("countrycode", "country"),
    "account.external_id": ("accountid", "companyid", "organisationid", "organizationid", "customerid"),
    "account.name": ("accountname", "company", "companyname", "organisation", "organization", "firma"),
    "account.owner": ("accountmanager", "accountowner", "owner", "csm", "customersuccessmanager"),
    "account.segment": ("segment", "tier", "plan"),
    "account.recurring_revenue": ("mrr", "monthlycharge", "monthlyrevenue", "recurringrevenue"),
    "account.currency": ("currency", "currencycode"),
    "account.contract_started_on": ("contractstart", "contractstartdate", "startdate"),
    "account.renewal_on": ("renewal", "renewaldate", "renewson", "contractend", "contractenddate"),
    "event.contact": ("contactid", "customerid", "contact", "externalid"),
    "event.name": ("event", "eventname", "eventtype", "type", "name"),
    "event.occurred_at": ("occurredat", "timestamp", "time", "date", "createdat", "closedat"),
    "event.key": ("eventid", "key", "id", "ticketid"),
}


def missing(kind: Kind, taken: Collection[str]) -> list[str]:
    """Required fields of this kind that are not in `taken`."""
    return [name for name in REQUIRED[kind] if name not in taken]


def suggest(kind: Kind, header: Sequence[str]) -> str | None:
    """A mapping as TOML, or None if no column looks like the id that identifies rows."""
    found = dict(_found(kind, header))
    if missing(kind, found):
        return None
    lines = [f'kind = "{kind}"']
    for section in SECTIONS[kind]:
        own = {name: column for name, column in found.items() if name.startswith(f"{section}.")}
        if section == "account" and "account.external_id" not in own:
            continue
        if own:
            lines += ["", f"[{section}]"]
            lines += [f"{name.partition('.')[2]} = {_quoted(column)}" for name, column in own.items()]
    rest = [column for column in header if column and column not in found.values()]
    if rest:
        lines += ["", f"# Not used: {', '.join(' '.join(column.split()) for column in rest)}"]
    return "\n".join(lines) + "\n"


def refusal(
    kind: Kind, path: Path, header: Sequence[str], lacking: Sequence[str], shape: Shape, settings: Settings
) -> str:
    """The error for a file without our column names; it also writes a suggested mapping if possible."""
    names = " and ".join(name.partition(".")[2] for name in lacking)
    columns = ", ".join(repr(column) for column in header[:20])
    said = (
        f"{path.name} has no column {names}. It has (read with {shape.delimiter!r} between them): {columns}."
    )
    text = suggest(kind, header)
    if text is None:
        return f"{said} Write a mapping of its columns (docs/importing.md)."
    name = re.sub(r"[^\w-]+", "-", path.stem).strip("-").lower() or "mapping"
    file = settings.instance / "mappings" / f"{name}.toml"
    if file.exists():
        return f"{said} To use the mapping {file}, add --map {name}."
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"# Suggested from the columns of {path.name}; check it before you use it.\n{text}", encoding="utf-8"
    )
    return f"{said} Check the suggested mapping {file}, then import with --map {name}."


def _found(kind: Kind, header: Sequence[str]) -> Iterator[tuple[str, str]]:
    plain = {
        re.sub(r"[^\w]|_", "", column).casefold(): column
        for column in reversed(header)
        if header.count(column) == 1
    }
    for name, words in FAMILIAR.items():
        if name.partition(".")[0] in SECTIONS[kind]:
            column = next((plain[word] for word in words if word in plain), None)
            if column is not None:
                yield name, column


def _quoted(column: str) -> str:
    """A TOML string; TOML uses the same escapes as JSON."""
    return json.dumps(column, ensure_ascii=False)
