"""Accounts, contacts and events from a CSV file: in batches, each row whole or not at all, told row by row.

A row is read and checked completely before anything of it is written, and a batch is one transaction. So a
bad row costs only itself, and an import that is interrupted can be started again: what is stored already is
recognised by its external id (an event by its key).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from feedback.errors import ImportRefused
from feedback.services.context import Context
from feedback.services.customers import Stored, erased, fields, owners, store_accounts, store_contacts
from feedback.services.imports import events, suggestions
from feedback.services.imports.mapping import ColumnMap, Kind, by_own_names, nearest, own_names
from feedback.services.imports.rows import Reader, Record, Refusal, account_draft, at, contact_draft
from feedback.services.imports.staff import add_owners
from feedback.services.imports.table import Shape, TableLine, examine, opened
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import AuditEntry

BATCH = 1000
"""Rows in one transaction: so many that the commit costs nothing, so few that other writers get a turn."""
_TRIES = 3

Progress = Callable[[int, int], None]
"""Called after every batch with the lines that are done and the lines of the whole file."""


@dataclass(slots=True)
class ImportReport:
    """What became of a file. `refused` rows were not taken over; `notices` concern rows that were."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def refused_rows(self) -> int:
        """A row can be refused for several reasons at once."""
        return len({refusal.line for refusal in self.refused})


@dataclass(frozen=True, slots=True)
class Options:
    """With `create_owners`, an unknown owner becomes a user who cannot sign in yet; otherwise the account is stored
    without one and a notice says so. `on_progress` is called with how many lines of how many are done."""

    dry_run: bool = False
    create_owners: bool = False
    on_progress: Progress | None = None


DEFAULT_OPTIONS = Options()


def run(
    database: Database,
    kind: Kind,
    path: Path,
    mapping: ColumnMap | None,
    context: Context,
    now: datetime,
    options: Options = DEFAULT_OPTIONS,
) -> ImportReport:
    """Import a file. Without a mapping, columns that are called as our fields are taken.

    Raises ImportRefused where the file as a whole cannot be read or does not fit its mapping; nothing is stored then.
    """
    run_ = _Run(database, kind, context, now, options)
    shape = examine(
        path, _fallback(context.settings), *((mapping.encoding, mapping.delimiter) if mapping else ())
    )
    with opened(path, shape) as lines:
        run_.begin(path, next(lines, None), shape, mapping)
        for batch in _batches(lines):
            run_.take(batch)
            if options.on_progress is not None:
                options.on_progress(min(batch[-1].number, shape.lines), shape.lines)
    return run_.end()


class _Run:
    """One import under way."""

    def __init__(
        self,
        database: Database,
        kind: Kind,
        context: Context,
        now: datetime,
        options: Options,
    ) -> None:
        self.database, self.kind, self.context, self.now = database, kind, context, now
        self.dry_run, self.create_owners = options.dry_run, options.create_owners
        self.report = ImportReport()
        self.seen: dict[str, int] = {}
        self.strangers: dict[str, list[int]] = {}

    def begin(self, path: Path, header: TableLine | None, shape: Shape, mapping: ColumnMap | None) -> None:
        if header is None or header.fault is not None:
            raise ImportRefused(f"{path.name} has no header that can be read.")
        if mapping is None:
            mapping = self._own_names(path, header.cells, shape)
        if shape.guessed:
            self.report.notices.append(
                f"{path.name} is not UTF-8; it was read as {shape.encoding}. "
                "If names look wrong, say `encoding` in a mapping."
            )
        style = _style(self.context.settings, mapping)
        self.reader = Reader(self.kind, header.cells, mapping, style, at(self.now, style))

    def take(self, lines: Sequence[TableLine]) -> None:
        """Read a batch of rows and store what is good in it."""
        self.report.read += len(lines)
        records = []
        for line in lines:
            found = self.reader.read(line)
            if isinstance(found, Record):
                records += [found] if self._is_new(found) else []
            else:
                self.report.refused += found
        if records:
            self._store(records)

    def end(self) -> ImportReport:
        for owner, lines in self.strangers.items():
            rows = (
                f"{len(lines)} rows, the first in line {lines[0]}" if len(lines) > 1 else f"line {lines[0]}"
            )
            self.report.notices.append(
                f"{owner} is no member of staff, so their accounts got no owner ({rows})."
            )
        self.report.refused.sort(key=lambda refusal: refusal.line)
        if not self.dry_run:
            with self.database.writing() as session:
                session.add(self._audit())
        return self.report

    def _audit(self) -> AuditEntry:
        report = self.report
        counts = {"created": report.created, "updated": report.updated, "refused": report.refused_rows}
        return AuditEntry(at=self.now, action="imported", subject=self.kind, detail=counts)

    def _is_new(self, record: Record) -> bool:
        """Two rows on one thing contradict each other; the first counts and the second is refused."""
        key = _identity(self.kind, record)
        first = self.seen.setdefault(key, record.line)
        if first != record.line:
            self._refuse(record, f"Line {first} is about the same one; keep only one of the two.")
        return first == record.line

    def _store(self, records: list[Record]) -> None:
        if self.kind == "events":
            done = events.store(self.database, records, self.context, self.now, dry_run=self.dry_run)
            self.report.refused += done.refused
            self._count(done.outcomes)
            return
        for last in (False,) * (_TRIES - 1) + (True,):
            try:
                outcomes = self._store_customers(records)
            except IntegrityError:  # somebody else stored one of them since we looked: now it can be seen
                if last:
                    raise
            else:
                self._count(stored.outcome for stored in outcomes)
                return

    def _store_customers(self, records: list[Record]) -> list[Stored]:
        if self.dry_run:
            with self.database.reading() as session:
                return self._upsert(session.connection(), records)
        with self.database.connection() as connection:
            return self._upsert(connection, records)

    def _upsert(self, connection: Connection, records: list[Record]) -> list[Stored]:
        staff = self._owners(connection, records)
        drafts = [account_draft(record, staff.get(record.owner or "")) for record in records]
        accounts = store_accounts(
            connection, (draft for draft in drafts if draft), self.now, write=not self.dry_run
        )
        if self.kind == "accounts":
            return list(accounts.values())
        people = [contact_draft(record) for record in self._living(connection, records)]
        contacts = store_contacts(connection, people, accounts, self.now, write=not self.dry_run)
        for draft in people:
            if draft.account and accounts[draft.account].outcome != "unchanged":
                stored = contacts[draft.external_id]
                stored.outcome = "updated" if stored.outcome == "unchanged" else stored.outcome
        return list(contacts.values())

    def _living(self, connection: Connection, records: list[Record]) -> list[Record]:
        """Without those who were erased: a file that still names them must not bring them back."""
        gone = erased(connection, (record.values["contact"]["external_id"] for record in records))
        for record in records:
            if record.values["contact"]["external_id"] in gone:
                self._refuse(record, "This person was erased on request; take them out of the file.")
        return [record for record in records if record.values["contact"]["external_id"] not in gone]

    def _owners(self, connection: Connection, records: list[Record]) -> dict[str, int]:
        wanted = {record.owner for record in records if record.owner}
        found = owners(connection, wanted)
        missing = wanted - set(found)
        if missing and self.create_owners and not self.dry_run:
            found |= add_owners(connection, missing, self.now)
        elif not self.create_owners:
            for record in records:
                if record.owner in missing:
                    self.strangers.setdefault(record.owner or "", []).append(record.line)
        return found

    def _own_names(self, path: Path, header: list[str], shape: Shape) -> ColumnMap:
        mapping = by_own_names(self.kind, header)
        taken = dict(mapping.sources())
        missing = suggestions.missing(self.kind, taken)
        if missing:
            raise ImportRefused(
                suggestions.refusal(self.kind, path, header, missing, shape, self.context.settings)
            )
        used = {source.column for source in taken.values()}
        for column in (name for name in header if name and name not in used):
            hint = nearest(column, own_names(self.kind))
            self.report.notices.append(f"The column {column!r} was left out: no field has this name.{hint}")
        return mapping

    def _refuse(self, record: Record, reason: str) -> None:
        refusal = Refusal(record.line, None, reason)
        if refusal not in self.report.refused[-BATCH:]:  # a batch that is tried again says it again
            self.report.refused.append(refusal)

    def _count(self, outcomes: Iterable[str]) -> None:
        for outcome in outcomes:
            setattr(self.report, outcome, getattr(self.report, outcome) + 1)


def _identity(kind: Kind, record: Record) -> str:
    if kind == "events":
        return events.key_of(record)
    external_id: str = record.values["account" if kind == "accounts" else "contact"]["external_id"]
    return external_id


def _style(settings: Settings, mapping: ColumnMap) -> fields.Style:
    organisation = settings.organisation
    return fields.Style(organisation.default_region, organisation.time_zone, mapping.dates, mapping.decimal)


def _fallback(settings: Settings) -> str:
    """Old Windows programs write Turkish in their own code page and western languages in another."""
    is_turkish = (
        settings.organisation.default_language == "tr" or settings.organisation.default_region == "TR"
    )
    return "cp1254" if is_turkish else "cp1252"


def _batches(lines: Iterator[TableLine]) -> Iterator[list[TableLine]]:
    while batch := list(islice(lines, BATCH)):
        yield batch
