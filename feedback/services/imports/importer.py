"""Imports accounts, contacts and events from a CSV file, in batches; problems are reported per row.

A row is parsed and checked completely before any of it is written, and rows are stored in portions. So a bad
row does not affect others, and an interrupted import can be repeated: stored rows are recognised by their
external id, events by their key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from feedback.errors import ImportRefused
from feedback.services.contact import reachability
from feedback.services.context import Context
from feedback.services.customers import (
    Journal,
    Stored,
    erased,
    fields,
    owners,
    store_accounts,
    store_contacts,
)
from feedback.services.imports import events, suggestions, workbook
from feedback.services.imports.answers import vendors
from feedback.services.imports.mapping import ColumnMap, Kind, by_own_names, nearest, own_names
from feedback.services.imports.rows import (
    Reader,
    Record,
    Refusal,
    account_draft,
    at,
    contact_draft,
    lacks_basis,
)
from feedback.services.imports.staff import add_owners
from feedback.services.imports.table import Shape, TableLine, examine, opened
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import AuditEntry
from feedback.store.portions import SHORT_REST, TOGETHER, Portions

BATCH = 1000
"""Rows that are read and checked at once; they are stored in portions."""

CODE_PAGES = ("cp1254", "cp1252", "cp1256")
"""Windows' encodings of Turkish, western and Persian spreadsheets, for files that are not UTF-8."""
Progress = Callable[[int, int], None]
"""Called after every batch with the number of processed lines and of all lines."""


@dataclass(slots=True)
class ImportReport:
    """The result of an import. `refused` rows were not stored; `notices` concern stored rows.

    `left_out` are cells without which their rows were stored. `unreachable` says how many of the file's contacts nobody
    may ask, and `unasked` counts them by reason (a key of `reachability.WORDS`); a dry run does not know that.
    `answers` is about past answers only: see `answers.importer.run`.
    """

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    left_out: list[Refusal] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)
    unasked: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def refused_rows(self) -> int:
        """The number of refused rows; a row can be refused for several reasons."""
        return len({refusal.line for refusal in self.refused})


@dataclass(frozen=True, slots=True)
class Options:
    """With `create_owners`, an unknown owner becomes a user who cannot sign in yet; otherwise the account is stored
    without one and a notice says so. `on_progress` is called with how many lines of how many are done, `on_written`
    with the rows that a portion writes, in its transaction. `by` is the user who imports; None is the command line."""

    dry_run: bool = False
    create_owners: bool = False
    on_progress: Progress | None = None
    on_written: Callable[[Session, Journal], None] | None = None
    by: int | None = None


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
    """Import a file. Without a mapping, columns with the names of our fields are used.

    Raises ImportRefused, and the file if the file cannot be read or does not match its mapping.
    """
    run_ = _Run(database, kind, context, now, options)
    with workbook.readable(path) as table:
        shape = shape_of(kind, table, mapping, context.settings)
        with opened(table, shape) as lines:
            run_.begin(path, next(lines, None), shape, mapping)
            for batch in _batches(lines):
                run_.take(batch)
                if options.on_progress is not None:
                    options.on_progress(min(batch[-1].number, shape.lines), shape.lines)
    return run_.end()


def shape_of(kind: Kind, path: Path, mapping: ColumnMap | None, settings: Settings) -> Shape:
    """How a file is read: what the mapping says, else what the file shows. Raises ImportRefused."""
    given = (mapping.encoding, mapping.delimiter) if mapping else (None, None)
    is_column = _column_test(kind, mapping)
    shape = examine(path, _fallback(settings), *given, is_column)
    if shape.guessed:
        shape = _best_guess(path, shape, is_column)
    if mapping is not None and mapping.above is not None:
        return replace(shape, above=mapping.above)
    return shape


def _best_guess(path: Path, shape: Shape, is_column: Callable[[str], bool]) -> Shape:
    """The code page in which most names of columns are known; the one of the settings if that tells nothing."""

    def known(guess: Shape) -> int:
        with opened(path, guess) as lines:
            header = next(lines, None)
        return sum(map(is_column, header.cells)) if header else 0

    others = (examine(path, page, page, None, is_column) for page in CODE_PAGES if page != shape.encoding)
    best = max((shape, *others), key=known)
    return replace(best, guessed=True)


class _Run:
    """One running import."""

    def __init__(
        self,
        database: Database,
        kind: Kind,
        context: Context,
        now: datetime,
        options: Options,
    ) -> None:
        self.database, self.kind, self.context, self.now = database, kind, context, now
        self.portions = Portions(database, resting=SHORT_REST)
        self.dry_run, self.create_owners = options.dry_run, options.create_owners
        self.on_written, self.by = options.on_written, options.by
        self.report = ImportReport()
        self.seen: dict[str, int] = {}
        self.strangers: dict[str, list[int]] = {}
        self.without_basis: list[int] = []
        self.short: list[int] = []
        self.placeholders: list[int] = []
        self.footer: list[int] = []

    def begin(self, path: Path, header: TableLine | None, shape: Shape, mapping: ColumnMap | None) -> None:
        if header is None or header.fault is not None:
            raise ImportRefused(f"{path.name} has no readable header line.")
        if mapping is None:
            mapping = self._own_names(path, header.cells, shape)
        elif self.kind == "contacts":
            self._warn_of_opt_outs(header.cells, mapping)
        if shape.guessed:
            self.report.notices.append(
                f"{path.name} is not UTF-8; it was read as {shape.encoding}. "
                "If names look wrong, set `encoding` in a mapping."
            )
        if shape.above:
            self.report.notices.append(
                f"The table begins in line {shape.above + 1}; what is above it was not read."
            )
        style = _style(self.context.settings, mapping)
        self.reader = Reader(self.kind, header.cells, mapping, style, at(self.now, style))

    def take(self, lines: Sequence[TableLine]) -> None:
        """Parse a batch of rows and store the valid ones."""
        self.footer += [line.number for line in lines if line.is_footer]
        lines = [line for line in lines if not line.is_footer]
        self.report.read += len(lines)
        records = []
        for line in lines:
            found = self.reader.read(line)
            if isinstance(found, Record):
                if self._is_new(found):
                    records.append(found)
                    self.report.left_out += found.left_out
                    self.without_basis += [found.line] if lacks_basis(found) else []
                    self.short += [found.line] if found.is_short else []
                    self.placeholders += [found.line] if found.has_placeholders else []
            else:
                self.report.refused += found
        if records:
            self._store(records)

    def end(self) -> ImportReport:
        for owner, lines in self.strangers.items():
            self.report.notices.append(
                f"{owner} is not a user, so these accounts have no owner ({_where(lines)})."
            )
        if self.without_basis:
            self.report.notices.append(
                "Fill in consent.basis: rows that allow messages without a legal basis permit nothing "
                f"({_where(self.without_basis)})."
            )
        if self.short:
            self.report.notices.append(
                f"Rows that end before the last column were read as if the rest were empty ({_where(self.short)})."
            )
        if self.placeholders:
            self.report.notices.append(
                f"Cells such as N/A, NULL and nan were read as empty ({_where(self.placeholders)})."
            )
        if self.footer:
            self.report.notices.append(
                f"The table ends above line {self.footer[0]}; what is below it was not read ({_where(self.footer)})."
            )
        self.report.refused.sort(key=lambda refusal: refusal.line)
        if self.kind == "contacts" and not self.dry_run:
            with self.database.reading() as session:
                counted = reachability.unreachable(session, self.context.settings, list(self.seen))
            self.report.unreachable = list(reachability.sentences(*counted))
            self.report.unasked = dict(counted[1])
        if not self.dry_run:
            with self.database.writing() as session:
                session.add(self._audit())
        return self.report

    def _audit(self) -> AuditEntry:
        report = self.report
        counts = {"created": report.created, "updated": report.updated, "refused": report.refused_rows}
        return AuditEntry(at=self.now, user_id=self.by, action="imported", subject=self.kind, detail=counts)

    def _is_new(self, record: Record) -> bool:
        """Refuse a second row with the same id, and keep the first."""
        key = _identity(self.kind, record)
        first = self.seen.setdefault(key, record.line)
        if first != record.line:
            self._refuse(record, f"Remove one of the two lines: line {first} has the same id.")
        return first == record.line

    def _store(self, records: list[Record]) -> None:
        if self.kind == "events":
            done = events.store(self.portions, records, self.context, self.now, dry_run=self.dry_run)
            self.report.refused += done.refused
            self._count(done.outcomes)
            return
        if self.dry_run:
            with self.database.reading() as session:
                self._count(self._outcomes(session, records))
        else:
            self.portions.each(records, self._outcomes, self._count, least=TOGETHER)

    def _outcomes(self, session: Session, records: Sequence[Record]) -> list[str]:
        journal: Journal | None = [] if self.on_written is not None and not self.dry_run else None
        stored = self._upsert(session.connection(), list(records), journal)
        if journal and self.on_written is not None:
            self.on_written(session, journal)
        return [each.outcome for each in stored]

    def _upsert(self, connection: Connection, records: list[Record], journal: Journal | None) -> list[Stored]:
        staff = self._owners(connection, records)
        drafts = [account_draft(record, staff.get(record.owner or "")) for record in records]
        accounts = store_accounts(
            connection,
            (draft for draft in drafts if draft),
            self.now,
            write=not self.dry_run,
            journal=journal,
        )
        if self.kind == "accounts":
            return list(accounts.values())
        people = [contact_draft(record) for record in self._living(connection, records)]
        contacts = store_contacts(
            connection, people, accounts, self.now, write=not self.dry_run, journal=journal
        )
        for draft in people:
            if draft.account and accounts[draft.account].outcome != "unchanged":
                stored = contacts[draft.external_id]
                stored.outcome = "updated" if stored.outcome == "unchanged" else stored.outcome
        return list(contacts.values())

    def _living(self, connection: Connection, records: list[Record]) -> list[Record]:
        """The records without erased persons, who must not be imported again."""
        gone = erased(connection, (record.values["contact"]["external_id"] for record in records))
        for record in records:
            if record.values["contact"]["external_id"] in gone:
                self._refuse(record, "Remove this person from the file: they were erased on request.")
        return [record for record in records if record.values["contact"]["external_id"] not in gone]

    def _owners(self, connection: Connection, records: list[Record]) -> dict[str, int]:
        wanted = {record.owner for record in records if record.owner}
        found = owners(connection, wanted)
        missing = wanted - set(found)
        addresses = {each for each in missing if "@" in each} if self.create_owners else set()
        if addresses and not self.dry_run:
            found |= add_owners(connection, addresses, self.now)
        for record in records:
            if record.owner in missing - addresses:
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
        if self.kind == "contacts":
            mapping = mapping.with_opt_outs(suggestions.opt_outs(header))
        used = {column for _, source in mapping.sources() for column in source.columns()}
        for column in (name for name in header if name and name not in used):
            hint = nearest(column, own_names(self.kind))
            self.report.notices.append(
                f"The column {column!r} was ignored: there is no field with this name.{hint}"
            )
        return mapping

    def _warn_of_opt_outs(self, header: list[str], mapping: ColumnMap) -> None:
        used = {column for _, source in mapping.sources() for column in source.columns()}
        for name, source in suggestions.opt_outs(header).items():
            if source.opt_out not in used:
                field_name = name.partition(".")[2]
                self.report.notices.append(
                    f"The mapping does not use the column {source.opt_out!r}, which looks like opt-outs. "
                    f'To obey it, add to [consent]: {field_name} = {{ opt_out = "{source.opt_out}" }}'
                )

    def _refuse(self, record: Record, reason: str) -> None:
        refusal = Refusal(record.line, None, reason)
        if refusal not in self.report.refused[-BATCH:]:  # a batch that is tried again reports it again
            self.report.refused.append(refusal)

    def _count(self, outcomes: Iterable[str]) -> None:
        for outcome in outcomes:
            setattr(self.report, outcome, getattr(self.report, outcome) + 1)


def _where(lines: Sequence[int]) -> str:
    """`line 3`, or `2 rows, the first in line 3`."""
    return f"{len(lines)} rows, the first in line {lines[0]}" if len(lines) > 1 else f"line {lines[0]}"


def _identity(kind: Kind, record: Record) -> str:
    if kind == "events":
        return events.key_of(record)
    external_id: str = record.values["account" if kind == "accounts" else "contact"]["external_id"]
    return external_id


def _column_test(kind: Kind, mapping: ColumnMap | None) -> Callable[[str], bool]:
    """Whether a text is the name of a column: of the mapping, or one of ours or of a familiar system."""
    if mapping is not None:
        columns = {column for _, source in mapping.sources() for column in source.columns()}
        return columns.__contains__
    if kind == "answers":
        return lambda text: bool(vendors.role_of(text))
    own = own_names(kind)
    return lambda text: text.casefold() in own or suggestions.is_familiar(kind, text)


def _style(settings: Settings, mapping: ColumnMap) -> fields.Style:
    organisation = settings.organisation
    return fields.Style(organisation.default_region, organisation.time_zone, mapping.dates, mapping.decimal)


def _fallback(settings: Settings) -> str:
    """The Windows code page for files that are not UTF-8: one for Turkish, another for western languages."""
    is_turkish = (
        settings.organisation.default_language == "tr" or settings.organisation.default_region == "TR"
    )
    return "cp1254" if is_turkish else "cp1252"


def _batches(lines: Iterator[TableLine]) -> Iterator[list[TableLine]]:
    while batch := list(islice(lines, BATCH)):
        yield batch
