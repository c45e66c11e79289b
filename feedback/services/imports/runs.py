"""Imports in the browser: an uploaded file, its choices, and a worker that checks, imports or undoes it.

The file lives in the database, so that every node can read it, until `KEPT` is over or a person is erased. The work is
that of the command line (`importer.run`). A worker that is killed loses its lease, and another one begins again: rows
that are stored already are recognised.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from feedback.errors import Conflict, ImportRefused, NotFound, Rejected
from feedback.services import audit
from feedback.services.context import Context
from feedback.services.customers import Journal
from feedback.services.imports import menus, undoing, workbook
from feedback.services.imports.answers import importer, looking
from feedback.services.imports.answers import undoing as past_undoing
from feedback.services.imports.importer import ImportReport, Options, run, shape_of
from feedback.services.imports.mapping import ColumnMap, Kind
from feedback.services.imports.menus import Chosen, FileColumn
from feedback.services.imports.rows import Refusal
from feedback.services.imports.suggestions import order_of_dates
from feedback.services.imports.table import Shape, opened
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import ImportChange, ImportPart, ImportRun
from feedback.store.portions import never

LARGEST = 30 * 1024 * 1024
"""Bytes of an uploaded file: 100,000 customers with twenty columns take some 20 MB."""
PART = 512 * 1024
KEPT = timedelta(days=7)
LEASE = timedelta(minutes=2)
SHOWN = 200
"""Refused cells on the page; the file with refused rows has all of them."""
MOST_NOTICES = 50
KINDS: Sequence[Kind] = ("contacts", "accounts", "events", "answers")
WAITING = ("checking", "importing", "undoing")
"""States in which a worker has something to do."""
ENDED = ("checked", "done", "undone", "failed")


# --- The file -----------------------------------------------------------------------------------------


def upload(
    database: Database, kind: Kind, name: str, file: IO[bytes], settings: Settings, *, by: int, now: datetime
) -> int:
    """Store a file and what its columns suggest. Returns the id of the import.

    Raises ImportRefused for a file that cannot be read, is empty or is too large.
    """
    with TemporaryDirectory(prefix="feedback-upload-") as directory:
        path = Path(directory) / _safe(name)
        size = 0
        with path.open("wb") as copy:
            while chunk := file.read(PART):
                size += len(chunk)
                if size > LARGEST:
                    raise ImportRefused("Split the file: it is larger than 30 MB.")
                copy.write(chunk)
        with workbook.readable(path) as table:
            shape = shape_of(kind, table, None, settings)
            header = [each.name for each in menus.columns(table, shape)]
            chosen = menus.proposed(kind, header, order_of_dates(table, shape) or "")
            data = table.read_bytes()
        chosen = replace(chosen, encoding=shape.encoding, delimiter=shape.delimiter)
    with database.writing() as session:
        row = ImportRun(
            kind=kind, name=_safe(name)[:255], state="uploaded", user_id=by, created_at=now,
            chosen=menus.as_json(chosen), lines=shape.lines,
        )  # fmt: skip
        session.add(row)
        session.flush()
        _store(session, row.id, "file", data)
        return row.id


def _safe(name: str) -> str:
    """The name of the file without a folder, and without what a file system does not take."""
    bare = name.replace("\\", "/").rpartition("/")[2].strip().lstrip(".")
    return "".join(c for c in bare if c.isprintable() and c not in '<>:"|?*')[:120] or "file.csv"


def _store(session: Session, import_id: int, what: str, data: bytes) -> None:
    session.execute(delete(ImportPart).where(ImportPart.import_id == import_id, ImportPart.what == what))
    packed = zlib.compress(data, 1)
    parts = [
        {"import_id": import_id, "what": what, "number": number, "data": packed[start : start + PART]}
        for number, start in enumerate(range(0, len(packed), PART))
    ]
    session.execute(insert(ImportPart), parts)


def _stored(session: Session, import_id: int, what: str) -> bytes:
    parts = session.scalars(
        select(ImportPart.data)
        .where(ImportPart.import_id == import_id, ImportPart.what == what)
        .order_by(ImportPart.number)
    ).all()
    return zlib.decompress(b"".join(parts)) if parts else b""


@contextmanager
def the_file(database: Database, run_: ImportRun) -> Iterator[Path]:
    """The file of an import while the context lasts. Raises NotFound once it was deleted."""
    with database.reading() as session:
        data = _stored(session, run_.id, "file")
    if not data:
        raise NotFound("The file of this import was deleted. Upload it again.")
    with TemporaryDirectory(prefix="feedback-import-") as directory:
        path = Path(directory) / (run_.name if run_.name.lower().endswith(".csv") else f"{run_.name}.csv")
        path.write_bytes(data)
        yield path


# --- Choices ------------------------------------------------------------------------------------------


def find(session: Session, import_id: int) -> ImportRun:
    """Raises NotFound."""
    found = session.get(ImportRun, import_id)
    if found is None:
        raise NotFound("Import not found.")
    return found


def latest(session: Session, limit: int = 20) -> Sequence[ImportRun]:
    return session.scalars(select(ImportRun).order_by(ImportRun.id.desc()).limit(limit)).all()


def columns(
    database: Database, run_: ImportRun, settings: Settings
) -> tuple[list[FileColumn], Shape, list[str]]:
    """The columns of the file as it is read with the choices, its shape, and its first lines as they are."""
    chosen = menus.from_json(run_.chosen)
    layout = ColumnMap(
        encoding=chosen.encoding or None, delimiter=chosen.delimiter or None, above=chosen.above
    )
    with the_file(database, run_) as path:
        shape = shape_of(_kind(run_), path, layout if chosen.above is not None else None, settings)
        if chosen.above is None and (chosen.encoding, chosen.delimiter) != (shape.encoding, shape.delimiter):
            shape = replace(shape_of(_kind(run_), path, layout, settings), above=shape.above)
        with path.open(encoding=shape.encoding, errors="replace", newline="") as file:
            first = [line.rstrip("\r\n")[:200] for _, line in zip(range(6), file, strict=False)]
        return menus.columns(path, shape), shape, first


def choose_layout(
    database: Database, import_id: int, layout: tuple[str, str, int | None], settings: Settings
) -> None:
    """Read the file with another (encoding, delimiter, lines above the header); the menus are proposed again.

    Raises ImportRefused if the file cannot be read like that, and Conflict once the import has begun.
    """
    encoding, delimiter, above = layout
    with database.reading() as session:
        run_ = find(session, import_id)
        check_open(run_)
        session.expunge(run_)
    if encoding not in menus.ENCODINGS or delimiter not in menus.DELIMITERS:
        raise Rejected("Choose an encoding and a delimiter from the lists.")
    wanted = ColumnMap(encoding=encoding, delimiter=delimiter, above=above)
    with the_file(database, run_) as path:
        shape = shape_of(_kind(run_), path, wanted, settings)
        header = [each.name for each in menus.columns(path, shape)]
        chosen = menus.proposed(_kind(run_), header, order_of_dates(path, shape) or "")
    chosen = replace(chosen, encoding=encoding, delimiter=delimiter, above=above)
    with database.writing() as session:
        run_ = find(session, import_id)
        check_open(run_)
        run_.chosen, run_.state = menus.as_json(chosen), "uploaded"


def check(database: Database, import_id: int, chosen: Chosen, settings: Settings) -> None:
    """Keep the choices and ask for a dry run. Raises ImportRefused with one line for each mistake in them."""
    with database.reading() as session:
        run_ = find(session, import_id)
        check_open(run_)
        session.expunge(run_)
    old = menus.from_json(run_.chosen)
    chosen = replace(chosen, encoding=old.encoding, delimiter=old.delimiter, above=old.above)
    with database.writing() as session:  # what was chosen stays, also if it is refused
        find(session, import_id).chosen = menus.as_json(chosen)
    found, _shape, _first = columns(database, run_, settings)
    menus.mapping(_kind(run_), [each.name for each in found], chosen, run_.name)
    with database.writing() as session:
        run_ = find(session, import_id)
        check_open(run_)
        run_.state, run_.done, run_.report = "checking", 0, {}


def begin(session: Session, import_id: int, *, now: datetime) -> None:
    """Import a checked file. Raises Conflict for one that was not checked."""
    run_ = find(session, import_id)
    if run_.state != "checked":
        raise Conflict("Check the file first.")
    run_.state, run_.done, run_.began_at = "importing", 0, now


def undo(session: Session, import_id: int) -> None:
    """Undo an import. Raises Conflict for one that cannot be undone (`can_be_undone`)."""
    run_ = find(session, import_id)
    if not can_be_undone(session, run_):
        raise Conflict("Only imports of answers, and the last import of accounts or contacts, can be undone.")
    run_.state, run_.done = "undoing", 0


def can_be_undone(session: Session, run_: ImportRun) -> bool:
    """Whether this is the last import that wrote something, and not one of events, after which surveys follow.

    Answers can be taken out at any time: nothing follows from them. So can those of a terminal that was stopped.
    """
    if run_.kind == "answers":
        return run_.state in ("done", "running")
    if run_.state != "done" or run_.kind == "events":
        return False
    later = select(ImportRun.id).where(
        ImportRun.began_at > run_.began_at, ImportRun.state.in_(("importing", "done", "undoing"))
    )
    return session.scalar(later.limit(1)) is None


def forget(session: Session, import_id: int) -> None:
    """Delete an upload that has not been imported. Raises Conflict for another one."""
    run_ = find(session, import_id)
    if run_.state not in ("uploaded", "checked", "failed"):
        raise Conflict("This import has begun.")
    session.delete(run_)


def check_open(run_: ImportRun) -> None:
    """Raise Conflict for an import that has begun."""
    if run_.state not in ("uploaded", "checked", "failed") or run_.began_at is not None:
        raise Conflict("This import has begun.")


def _kind(run_: ImportRun) -> Kind:
    return next(kind for kind in KINDS if kind == run_.kind)


# --- The work -----------------------------------------------------------------------------------------


def work(
    database: Database, context: Context, now: Callable[[], datetime], stopped: Callable[[], bool] = never
) -> bool:
    """Do what one waiting import needs. Returns False if none waits."""
    if stopped() or (run_ := _claim(database, now())) is None:
        return False
    try:
        if run_.state == "undoing":
            _undo(database, run_, context, now)
        else:
            _import(database, run_, context, now)
    except (ImportRefused, NotFound, Rejected) as refused:
        _end(database, run_.id, "failed", {"notices": str(refused).split("\n")}, now())
    return True


def _claim(database: Database, now: datetime) -> ImportRun | None:
    """The first waiting import that no worker is at, with a lease on it."""
    with database.reading() as session:  # nearly always there is none, and then nothing is locked
        waiting = select(ImportRun.id).where(ImportRun.state.in_(WAITING))
        waiting = waiting.where((ImportRun.lease_until.is_(None)) | (ImportRun.lease_until < now))
        found = session.scalar(waiting.order_by(ImportRun.id).limit(1))
    if found is None:
        return None
    with database.writing() as session:
        free = (ImportRun.lease_until.is_(None)) | (ImportRun.lease_until < now)
        claimed = session.scalar(
            update(ImportRun)
            .where(ImportRun.id == found, ImportRun.state.in_(WAITING), free)
            .values(lease_until=now + LEASE)
            .returning(ImportRun.id)
        )
        if claimed is None:
            return None
        run_ = session.get(ImportRun, claimed)
        assert run_  # noqa: S101
        session.expunge(run_)
        return run_


def _import(database: Database, run_: ImportRun, context: Context, now: Callable[[], datetime]) -> None:
    dry_run = run_.state == "checking"
    chosen = menus.from_json(run_.chosen)

    def progress(done: int, lines: int) -> None:
        _note_progress(database, run_.id, done, lines, now())

    def written(session: Session, journal: Journal) -> None:
        note_changes(session, run_.id, journal)

    options = Options(
        dry_run=dry_run,
        create_owners=chosen.create_owners,
        on_progress=progress,
        on_written=None if run_.kind == "events" else written,
        by=run_.user_id,
    )
    at = now() if dry_run else (run_.began_at or now())
    if run_.kind == "answers":
        with the_file(database, run_) as path:
            mapping = looking.mapping(
                looking.look(path, chosen, context.settings), chosen, context.library, run_.name
            )
            claim = importer.FileClaim(chosen.vendor, run_.id)
            report = importer.run(database, path, mapping, context, at, options, claim)
    else:
        found, _shape, _first = columns(database, run_, context.settings)
        mapping = menus.mapping(_kind(run_), [each.name for each in found], chosen, run_.name)
        with the_file(database, run_) as path:
            report = run(database, _kind(run_), path, mapping, context, at, options)
    refused = [[each.line, each.column, each.reason] for each in report.refused]
    with database.writing() as session:
        _store(session, run_.id, "refused", json.dumps(refused, ensure_ascii=False).encode())
    _end(database, run_.id, "checked" if dry_run else "done", told(report), now())


def _undo(database: Database, run_: ImportRun, context: Context, now: Callable[[], datetime]) -> None:
    def progress(done: int, total: int) -> None:
        _note_progress(database, run_.id, done, total, now())

    assert run_.began_at  # noqa: S101
    answers = past_undoing.undo(database, run_.id, context.library, progress) if run_.kind == "answers" else 0
    undone = undoing.undo(
        database, run_.id, run_.began_at, now(), progress
    )  # of answers: people who were added
    undone.removed += answers
    with database.writing() as session:
        audit.record(
            session, "undone", "import", run_.id, by=run_.user_id, now=now(),
            removed=undone.removed, restored=undone.restored, kept=undone.kept,
        )  # fmt: skip
    told = {"removed": undone.removed, "restored": undone.restored, "kept": undone.kept}
    _end(database, run_.id, "undone", {**run_.report, "undone": told}, now())


def told(report: ImportReport) -> Mapping[str, Any]:
    """A report as it is stored."""
    return {
        "read": report.read,
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "refused": report.refused_rows,
        "left_out": [[each.line, each.column, each.reason] for each in report.left_out[:SHOWN]],
        "shown": [[each.line, each.column, each.reason] for each in report.refused[:SHOWN]],
        "notices": report.notices[:MOST_NOTICES],
        "unreachable": report.unreachable,
        "unasked": report.unasked,
        **({"answers": report.answers} if report.answers else {}),
    }


def _note_progress(database: Database, import_id: int, done: int, lines: int, now: datetime) -> None:
    with database.writing() as session:
        session.execute(
            update(ImportRun)
            .where(ImportRun.id == import_id)
            .values(done=done, lines=lines, lease_until=now + LEASE)
        )


def note_changes(session: Session, import_id: int, journal: Journal) -> None:
    """Keep what was stored before the first time that this import wrote a row."""
    rows = {
        (each.subject, each.row_id): {
            "import_id": import_id,
            "subject": each.subject,
            "row_id": each.row_id,
            "before": None if each.before is None else {n: _plain(v) for n, v in each.before.items()},
        }
        for each in reversed(journal)
    }
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(ImportChange).on_conflict_do_nothing(), list(rows.values()))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _end(database: Database, import_id: int, state: str, report: Mapping[str, Any], now: datetime) -> None:
    with database.writing() as session:
        session.execute(
            update(ImportRun)
            .where(ImportRun.id == import_id)
            .values(state=state, report=dict(report), ended_at=now, lease_until=None)
        )


def refused_rows(database: Database, run_: ImportRun, settings: Settings) -> Iterator[list[str]]:
    """The refused rows as they are in the file, the header first, each with its line and the reasons behind it, so that
    the file can be fixed and uploaded again."""
    with database.reading() as session:
        stored = _stored(session, run_.id, "refused")
    reasons: dict[int, list[str]] = {}
    for line, column, reason in json.loads(stored or b"[]"):
        reasons.setdefault(line, []).append(f"{column}: {reason}" if column else reason)
    _columns, shape, _first = columns(database, run_, settings)
    with the_file(database, run_) as path, opened(path, shape) as rows:
        header = next(rows)
        yield [*header.cells, "Line", "Problem"]
        width = len(header.cells)
        for row in rows:
            if row.number in reasons:
                cells = [*row.cells, *[""] * (width - len(row.cells))]
                yield [*cells, str(row.number), " ".join(reasons[row.number])]


def purge(session: Session, now: datetime) -> int:
    """Delete files that are older than `KEPT`. Returns the number of pieces."""
    old = select(ImportRun.id).where(ImportRun.created_at < now - KEPT, ImportRun.state.not_in(WAITING))
    gone = session.execute(delete(ImportPart).where(ImportPart.import_id.in_(old)))
    return int(getattr(gone, "rowcount", 0))


def first_refusals(report: Mapping[str, Any], key: str = "shown") -> list[Refusal]:
    """The refused cells that a page shows."""
    return [Refusal(*each) for each in report.get(key, ())]
