"""Exports in the background: asked for on a page or by a program, made by a worker, kept for a week.

The file is stored in the database, in pieces, so that every node can hand it out. A worker holds a lease while it
works. If it is killed, the lease runs out and another one begins again, with the next number of an attempt; a worker
that comes back late finds another number and stops. A file is offered once all its pieces are there, never before.
"""

from __future__ import annotations

import shutil
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from feedback.errors import Conflict, Gone, NotFound, Rejected
from feedback.i18n import _
from feedback.services import audit
from feedback.services.access import Viewer
from feedback.services.context import Context
from feedback.services.exports.making import file_name, make
from feedback.services.exports.reading import ExportInterruptedError
from feedback.services.exports.selection import ExportRequest
from feedback.services.staff.permissions import Permission, granted
from feedback.store.database import Database
from feedback.store.models import ExportPart, ExportRun, User
from feedback.store.portions import Portions, never

SUBJECT = "export"
KEPT = timedelta(days=7)
LEASE = timedelta(minutes=2)
SMALL = 5_000
"""Responses that are exported while somebody waits, instead of in the background."""
MOST_WAITING = 10
"""Exports that one person may have waiting."""
LARGEST = 2 * 1024**3
"""Bytes of a file. The command line has no limit."""
PART = 1 << 20
"""Bytes of a piece before it is compressed: it is stored in some milliseconds."""
WAITING = ("waiting", "running")
FOLDER = "feedback-export-"
"""Begins the name of a directory in which a file is made."""
LEFT_BEHIND = timedelta(days=1).total_seconds()


# --- Asking for one ------------------------------------------------------------------------------------


def queue(session: Session, request: ExportRequest, viewer: Viewer, day: str, now: datetime) -> ExportRun:
    """Ask for a file; `viewer` decides what will be in it, and `day` is in its name.

    Raises Conflict if too many of this person are waiting.
    """
    by = viewer.user_id or None
    own = ExportRun.user_id.is_not_distinct_from(by)
    waiting = select(func.count(ExportRun.id)).where(own, ExportRun.state.in_(WAITING))
    if (session.scalar(waiting) or 0) >= MOST_WAITING:
        raise Conflict(_("Wait until one of your exports is ready: ten are being made."))
    row = ExportRun(
        request=request.stored(),
        name=file_name(request, day),
        state="waiting",
        user_id=by,
        sees_all=viewer.sees_all,
        created_at=now,
        expires_at=now + KEPT,
    )
    session.add(row)
    session.flush()
    audit.record(
        session, "created", SUBJECT, row.id, by=by, now=now, survey=request.survey, file=request.ending
    )
    return row


def latest(session: Session, viewer: Viewer, limit: int) -> Sequence[ExportRun]:
    """The exports that somebody sees, the latest first."""
    return session.scalars(visible(viewer).order_by(ExportRun.id.desc()).limit(limit)).all()


def visible(viewer: Viewer) -> Select[ExportRun]:
    """The exports that somebody sees: all, or their own. What is in another one's file they might not see."""
    found = select(ExportRun).where(ExportRun.state != "deleted")
    return found if viewer.sees_all else found.where(ExportRun.user_id == viewer.user_id)


def find(session: Session, viewer: Viewer, export_id: int) -> ExportRun:
    """Raises NotFound, also if the viewer may not see it."""
    row = session.scalar(visible(viewer).where(ExportRun.id == export_id))
    if row is None:
        raise NotFound("Export not found.")
    return row


def remove(database: Database, viewer: Viewer, export_id: int, now: datetime) -> None:
    """Delete an export and its file. One that is being made is stopped. Raises NotFound."""
    with database.writing() as session:
        row = find(session, viewer, export_id)
        row.state, row.attempt, row.expires_at = "deleted", row.attempt + 1, now
        audit.record(session, "deleted", SUBJECT, row.id, by=viewer.user_id or None, now=now)
    _forget(Portions(database), export_id)


# --- Handing it out ------------------------------------------------------------------------------------


def take(session: Session, viewer: Viewer, export_id: int, now: datetime) -> ExportRun:
    """An export whose file is complete; that it is taken is recorded.

    Raises NotFound, Gone if the file was deleted, and Conflict if it is not ready.
    """
    row = find(session, viewer, export_id)
    if row.state == "erased" or (row.state == "done" and row.expires_at <= now):
        raise Gone(_("The file was deleted. Export it again."))
    if row.state != "done":
        raise Conflict(row.problem or _("The file is not ready yet."))
    request = ExportRequest.from_stored(row.request)
    table = f"{request.survey}-{request.kind}"
    audit.record(
        session,
        "exported",
        SUBJECT,
        row.id,
        by=viewer.user_id or None,
        now=now,
        table=table,
        file=request.ending,
    )
    return row


def pieces(database: Database, row: ExportRun) -> Iterator[bytes]:
    """The file piece by piece. Raises Gone if it is deleted meanwhile; what was sent by then is shorter than `size`."""
    number = 0
    sent = 0
    while sent < row.size:
        wanted = select(ExportPart.data).where(
            ExportPart.export_id == row.id, ExportPart.attempt == row.attempt, ExportPart.number == number
        )
        with database.reading() as session:
            data = session.scalar(wanted)
        if data is None:
            raise Gone(_("The file was deleted. Export it again."))
        piece = zlib.decompress(data)
        yield piece
        number, sent = number + 1, sent + len(piece)


# --- Making it -----------------------------------------------------------------------------------------


def work(
    database: Database, context: Context, now: Callable[[], datetime], stopped: Callable[[], bool] = never
) -> bool:
    """Make one waiting export. Returns False if none waits, or if the worker has to stop."""
    if stopped() or (claim := _claim(database, now())) is None:
        return False
    _delete_parts(Portions(database, stopped), claim.export_id, before=claim.attempt)
    watched = _Watched(claim, database, now, stopped)
    try:
        _make(watched, context)
    except (NotFound, Rejected) as refused:
        watched.end(state="failed", problem=str(refused)[:255])
    except ExportInterruptedError:
        if stopped():
            watched.put_back()
            return False
    return True


@dataclass(frozen=True, slots=True)
class _Claim:
    export_id: int
    attempt: int
    request: ExportRequest
    viewer: Viewer


def _claim(database: Database, now: datetime) -> _Claim | None:
    """The first waiting export that no worker is at, with a lease on it."""
    free = (ExportRun.lease_until.is_(None)) | (ExportRun.lease_until < now)
    with database.reading() as session:  # nearly always there is none, and then nothing is locked
        waiting = select(ExportRun.id).where(ExportRun.state.in_(WAITING), free).order_by(ExportRun.id)
        found = session.scalar(waiting.limit(1))
    if found is None:
        return None
    with database.writing() as session:
        claimed = session.execute(
            update(ExportRun)
            .where(ExportRun.id == found, ExportRun.state.in_(WAITING), free)
            .values(state="running", lease_until=now + LEASE, attempt=ExportRun.attempt + 1)
            .returning(ExportRun.attempt, ExportRun.request, ExportRun.user_id, ExportRun.sees_all)
        ).one_or_none()
    if claimed is None:
        return None
    attempt, request, user_id, sees_all = claimed
    return _Claim(found, attempt, ExportRequest.from_stored(request), Viewer(user_id or 0, sees_all))


class _Watched:
    """A claim while a file is made: it is renewed, and lost if somebody else has the export now."""

    def __init__(
        self, claim: _Claim, database: Database, now: Callable[[], datetime], stopped: Callable[[], bool]
    ) -> None:
        self.claim, self.database = claim, database
        self.now, self.stopped = now, stopped
        self._renewed = time.monotonic()

    def is_over(self) -> bool:
        """Whether to stop: the worker ends, or the export is somebody else's. Renews the lease from time to time."""
        if self.stopped():
            return True
        if time.monotonic() - self._renewed < LEASE.total_seconds() / 4:
            return False
        self._renewed = time.monotonic()
        with self.database.writing() as session:
            return not self.held(session, lease_until=self.now() + LEASE)

    def held(self, session: Session, **values: Any) -> bool:
        """Change the export, if it is still ours."""
        mine = (ExportRun.id == self.claim.export_id, ExportRun.attempt == self.claim.attempt)
        changed = update(ExportRun).where(*mine, ExportRun.state == "running").values(**values)
        return session.execute(changed.returning(ExportRun.id)).one_or_none() is not None

    def end(self, **values: Any) -> None:
        with self.database.writing() as session:
            self.held(session, ended_at=self.now(), lease_until=None, **values)

    def put_back(self) -> None:
        """Let another worker begin again at once."""
        with self.database.writing() as session:
            self.held(session, state="waiting", lease_until=None)


def _make(watched: _Watched, context: Context) -> None:
    """Make the file and store it. Raises ExportInterruptedError if the claim is lost."""
    claim, database = watched.claim, watched.database
    with database.reading() as session:
        viewer = _rights_now(session, claim.viewer)
    with TemporaryDirectory(prefix=FOLDER) as folder:
        path = Path(folder) / "file"
        with database.reading() as session:
            rows = make(session, context.library, viewer, claim.request, path, watched.is_over)
        size = path.stat().st_size
        if size > LARGEST:
            raise Rejected(
                _("Choose a shorter period, or use the command line: the file is larger than 2 GB.")
            )
        _store(watched, path)
    watched.end(state="done", rows=rows, size=size)


def _rights_now(session: Session, asked: Viewer) -> Viewer:
    """Who asked, with what they may still see: an export may wait for hours. Raises Rejected if they may export nothing
    any more. An export of the installation's own has nobody who could lose a right."""
    if not asked.user_id:
        return asked
    user = session.get(User, asked.user_id)
    if user is None or not user.active:
        raise Rejected(_("The user who asked for it is no longer active."))
    rights = granted(role.name for role in user.roles)
    if Permission.EXPORT not in rights:
        raise Rejected(_("The user who asked for it may no longer export."))
    return Viewer(asked.user_id, sees_all=asked.sees_all and Permission.SEE_ALL_ACCOUNTS in rights)


def _store(watched: _Watched, path: Path) -> None:
    """Store the file in pieces, each in a short transaction that first looks whether the export is still ours."""
    claim = watched.claim

    def store(session: Session, some: Any) -> None:
        if not watched.held(session, lease_until=watched.now() + LEASE):
            raise ExportInterruptedError
        session.add_all(
            ExportPart(export_id=claim.export_id, attempt=claim.attempt, number=number, data=data)
            for number, data in some
        )

    with path.open("rb") as file:
        for number, piece in enumerate(iter(lambda: file.read(PART), b"")):
            if watched.stopped():
                raise ExportInterruptedError
            Portions(watched.database).each([(number, zlib.compress(piece, 1))], store)


# --- Deleting ------------------------------------------------------------------------------------------


def purge(portions: Portions, now: datetime) -> None:
    """Delete exports that are older than `KEPT`, and directories that a killed process left on this machine."""
    with portions.database.reading() as session:
        ended = select(ExportRun.id).where(ExportRun.state.not_in(WAITING), ExportRun.expires_at <= now)
        old = session.scalars(ended.order_by(ExportRun.id)).all()
    for export_id in old:
        _forget(portions, export_id)
    for folder in Path(gettempdir()).glob(f"{FOLDER}*"):
        if folder.is_dir() and time.time() - folder.stat().st_mtime > LEFT_BEHIND:
            shutil.rmtree(folder, ignore_errors=True)


def _forget(portions: Portions, export_id: int) -> None:
    """Delete the pieces of an export, then the export."""
    if _delete_parts(portions, export_id):
        with portions.database.writing() as session:
            session.execute(
                delete(ExportRun).where(ExportRun.id == export_id, ExportRun.state.not_in(WAITING))
            )


def _delete_parts(portions: Portions, export_id: int, before: int | None = None) -> bool:
    """Delete pieces, a few at a time; with `before` only those of earlier attempts. False if it was stopped."""
    wanted = select(ExportPart.id).where(ExportPart.export_id == export_id)
    wanted = wanted if before is None else wanted.where(ExportPart.attempt < before)
    with portions.database.reading() as session:
        ids = session.scalars(wanted.order_by(ExportPart.id)).all()

    def some(session: Session, chosen: Any) -> None:
        session.execute(delete(ExportPart).where(ExportPart.id.in_(chosen)))

    return portions.each(ids, some)
