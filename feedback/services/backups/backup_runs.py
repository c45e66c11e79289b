"""What is stored about the nightly backups, and what `feedback doctor` says about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.settings import Problem, Settings
from feedback.store.database import add_once
from feedback.store.models import BackupRun

RETRY = timedelta(hours=1)
"""A backup that has failed is tried again after this time."""
GIVEN_UP = timedelta(hours=12)
"""A backup that was not finished after this time was of a worker that was killed."""
OLD = timedelta(hours=50)
"""Two nights without a good backup."""
KEPT = timedelta(days=90)


def claim(session: Session, day: date, now: datetime) -> int | None:
    """The id of the row for the backup of `day`, which is now this worker's; None if there is nothing to do."""
    run = session.scalar(select(BackupRun).where(BackupRun.day == day).with_for_update())
    if run is None:
        run = BackupRun(day=day, started_at=now)
        if not add_once(session, run):
            return None
        _forget(session, now)
    else:
        waited = now - run.started_at
        if run.finished_at is None and waited < GIVEN_UP:
            return None
        if run.finished_at is not None and (run.error is None or waited < RETRY):
            return None
        run.started_at, run.finished_at = now, None
    session.flush()
    return run.id


def _forget(session: Session, now: datetime) -> None:
    for old in session.scalars(select(BackupRun).where(BackupRun.started_at < now - KEPT).limit(100)):
        session.delete(old)


def succeed(
    session: Session, run: int, file: str, *, size: int, rows: int, drilled: bool, now: datetime
) -> None:
    """The backup of the row `run` is good."""
    row = session.get_one(BackupRun, run)
    row.file, row.size, row.rows, row.drilled, row.error, row.finished_at = (
        file,
        size,
        rows,
        drilled,
        None,
        now,
    )


def fail(session: Session, run: int, sentence: str, now: datetime) -> None:
    """The backup of the row `run`, or its drill, has failed."""
    row = session.get_one(BackupRun, run)
    row.error, row.finished_at = sentence, now


def last(session: Session) -> BackupRun | None:
    """The newest row, also of a backup that is being made."""
    return session.scalar(select(BackupRun).order_by(BackupRun.day.desc()).limit(1))


def last_good(session: Session) -> BackupRun | None:
    """The newest good backup."""
    good = select(BackupRun).where(BackupRun.finished_at.is_not(None), BackupRun.error.is_(None))
    return session.scalar(good.order_by(BackupRun.day.desc()).limit(1))


def problems(session: Session, settings: Settings, now: datetime) -> list[Problem]:
    """Problem F131 if the last backup failed, F132 if there is no good one of the last two nights."""
    return list(_problems(session, now)) if settings.backup.directory else []


def _problems(session: Session, now: datetime) -> Iterator[Problem]:
    newest, good = last(session), last_good(session)
    if newest is not None and newest.error is not None:
        said = f"The backup of {newest.day} failed: {newest.error}"
        yield Problem("F131", said, "Fix the cause; the worker tries again every hour.")
    if good is not None and good.finished_at is not None and good.finished_at < now - OLD:
        said = f"The last good backup is of {good.day}."
        yield Problem("F132", said, "Check that a worker runs; backup.directory asks for one each night.")
