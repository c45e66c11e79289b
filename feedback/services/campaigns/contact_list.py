"""Reads a pasted or uploaded list of contacts: one a line, by e-mail address, phone number or external id."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.contact.recipient import EmailAddress, PhoneNumber, spellings
from feedback.errors import Rejected
from feedback.store.models import Contact

LARGEST = 2 * 1024 * 1024
"""Bytes of a list."""
MOST_LINES = 100_000
SHOWN = 20
BATCH = 500
_PHONE = re.compile(r"[+0(][\d\s().+/-]{5,}")


@dataclass(frozen=True, slots=True)
class FoundContacts:
    """Ids of the contacts on a list, without repetitions, and the first lines that name no contact, at most `SHOWN`."""

    ids: Sequence[int]
    unknown: int = 0
    examples: Sequence[str] = field(default_factory=tuple)


def decoded(data: bytes) -> str:
    """The text of an uploaded file: UTF-8 with or without a mark, UTF-16 with one, else Windows-1254."""
    if len(data) > LARGEST:
        raise Rejected("Split the list: it is larger than 2 MB.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1254", errors="replace")


def find(session: Session, text: str, region: str | None) -> FoundContacts:
    """The contacts on a list. In a table, the first cell of a line that is somebody's counts. `region` (ISO 3166) is
    that of numbers without a country code.

    Raises Rejected for an empty list and one of more than 100,000 lines.
    """
    lines = [cells for cells in _lines(text) if cells]
    if not lines:
        raise Rejected("Choose a segment, or give a list of contacts.")
    if len(lines) > MOST_LINES:
        raise Rejected("Split the list: it has more than 100,000 lines.")
    ids: dict[int, None] = {}
    unknown: list[str] = []
    for start in range(0, len(lines), BATCH):
        some = lines[start : start + BATCH]
        known = _known(session, {cell for cells in some for cell in cells}, region)
        for cells in some:
            owner = next((known[cell] for cell in cells if cell in known), None)
            if owner is None:
                unknown.append(cells[0])
            else:
                ids[owner] = None
    return FoundContacts(list(ids), len(unknown), unknown[:SHOWN])


def _lines(text: str) -> Iterable[list[str]]:
    for line in text.splitlines():
        delimiter = next((each for each in "\t;," if each in line), None)
        cells = next(csv.reader([line], delimiter=delimiter), []) if delimiter else [line]
        yield [cell.strip()[:255] for cell in cells if cell.strip()]


def _known(session: Session, cells: set[str], region: str | None) -> dict[str, int]:
    """Cell -> id of its contact; the oldest where an address has several."""
    ways: list[tuple[InstrumentedAttribute[str | None] | InstrumentedAttribute[str], dict[str, set[str]]]] = [
        (Contact.external_id, {cell: {cell} for cell in cells}),
        (Contact.email, {cell: _emails(cell) for cell in cells if "@" in cell}),
        (Contact.phone, {cell: _numbers(cell, region) for cell in cells if _PHONE.fullmatch(cell)}),
    ]
    found: dict[str, int] = {}
    for column, forms in ways:
        wanted = sorted({form for each in forms.values() for form in each})
        owners: dict[str, int] = {}
        for start in range(0, len(wanted), BATCH):
            rows = session.execute(
                select(column, Contact.id)
                .where(column.in_(wanted[start : start + BATCH]), Contact.erased_at.is_(None))
                .order_by(Contact.id)
            )
            for value, contact_id in rows:
                owners.setdefault(str(value), contact_id)
        for cell, each in forms.items():
            owner = min((owners[form] for form in each if form in owners), default=None)
            if owner is not None:
                found.setdefault(cell, owner)
    return found


def _emails(cell: str) -> set[str]:
    try:
        return {EmailAddress.parse(cell).key}
    except ValueError:
        return set()


def _numbers(cell: str, region: str | None) -> set[str]:
    try:
        number = PhoneNumber.parse(cell, region).e164
    except ValueError:
        return set()
    return {number, *spellings(number)}
