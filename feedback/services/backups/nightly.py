"""The backup of each night: made once, restored for a trial, and the oldest ones deleted."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import structlog

from feedback.errors import FeedbackError, StorageUnavailable
from feedback.services.backups import backup_runs
from feedback.settings import Settings
from feedback.settings.table import BackupSettings
from feedback.store.backups import copies, drill, evidence
from feedback.store.backups.programs import Stopped
from feedback.store.database import Database

log = structlog.get_logger()

_OURS = re.compile(r"feedback-\d{8}T\d{6}Z\.backup")
_UNFINISHED = timedelta(days=1)
"""A file of a backup that was killed so long ago is deleted."""


@dataclass(frozen=True, slots=True)
class NightlyResult:
    """A finished backup: its file's name and length in bytes, its rows, and whether a drill has proved it."""

    file: str
    size: int
    rows: int
    drilled: bool


def make_due(
    database: Database, settings: Settings, now: datetime, clock: Callable[[], datetime], stopped: Stopped
) -> bool:
    """Make the backup of this night, if the settings ask for one and no node has made it. Returns whether it was made.

    If it fails, the reason is stored for `feedback doctor`, /metrics and the admins' mail, and the worker tries again
    after `backup_runs.RETRY`.
    """
    if not settings.backup.directory:
        return False
    day = due_day(settings, now)
    with database.writing() as session:
        run = backup_runs.claim(session, day, now)
    if run is None:
        return False
    try:
        result = _make(database, settings.backup, now, stopped)
    except FeedbackError as error:
        with database.writing() as session:
            backup_runs.fail(session, run, str(error), clock())
        log.error("backup.failed", day=str(day), cause=str(error))
        return False
    with database.writing() as session:
        backup_runs.succeed(
            session, run, result.file, size=result.size, rows=result.rows, drilled=result.drilled, now=clock()
        )
    log.info("backup.made", file=result.file, rows=result.rows, drilled=result.drilled)
    return True


def due_day(settings: Settings, now: datetime) -> date:
    """The day whose backup is due: today from `backup.at` on, before that yesterday."""
    local = now.astimezone(settings.organisation.time_zone)
    return local.date() if local.time() >= settings.backup.at else local.date() - timedelta(days=1)


def _make(database: Database, wanted: BackupSettings, now: datetime, stopped: Stopped) -> NightlyResult:
    """Raises FeedbackError if the backup cannot be made, or if its drill finds a difference."""
    directory, passphrase = Path(wanted.directory), wanted.passphrase.reveal()
    file = directory / f"feedback-{now:%Y%m%dT%H%M%SZ}.backup"
    found = copies.make(database, file, passphrase=passphrase, stopped=stopped)
    if wanted.drill:
        report = drill.rehearse(file, database, passphrase=passphrase, stopped=stopped)
        if report.problems:
            raise StorageUnavailable(f"The backup {file.name} is not good: {' '.join(report.problems)}")
    _delete_old(directory, wanted.keep, now)
    return NightlyResult(file.name, file.stat().st_size, found.rows, wanted.drill)


def _delete_old(directory: Path, keep: int, now: datetime) -> None:
    """Delete all but the newest backups, by the time in their names; files of others are left alone."""
    ours = sorted(each for each in directory.iterdir() if _OURS.fullmatch(each.name))
    for file in ours[:-keep]:
        for each in (file, evidence.manifest_of(file)):
            each.unlink(missing_ok=True)
    for each in directory.glob(".feedback-*.backup.unfinished"):
        with suppress(OSError):
            if now.timestamp() - each.stat().st_mtime > _UNFINISHED.total_seconds():
                each.unlink()
