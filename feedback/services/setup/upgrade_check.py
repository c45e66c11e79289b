"""What a start of this release would change, and whether it may: `feedback upgrade --check`. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from feedback import migrations
from feedback.settings import Problem, Settings, check
from feedback.store.backups import copies
from feedback.store.database import FLOOR, Database

FRESH = timedelta(days=1)
"""An older backup does not have the answers of the last day."""


@dataclass(frozen=True, slots=True)
class UpgradeReport:
    """`before` is the revision of the tables (None: there are none), `pending` the missing migrations with their
    titles, `backup` the newest backup that is known, `needed` and `free` are bytes (None: the server's disk).

    An upgrade should wait if there are `problems` that are errors.
    """

    before: str | None
    after: str
    pending: tuple[tuple[str, str], ...]
    backup: Path | None
    needed: int | None
    free: int | None
    problems: tuple[Problem, ...]


def report(settings: Settings, database: Database, backup: Path | None, now: datetime) -> UpgradeReport:
    """Look at everything. `backup` is a file that the operator names; without it, the newest one in `backup.directory`
    counts. Raises StorageUnavailable if the database cannot be reached."""
    before = database.revision()
    known = migrations.known()
    missing = known if before is None else tuple(each for each in known if each > before)
    pending = tuple((each, migrations.title(each)) for each in missing)
    found = backup or _newest_backup(settings)
    needed, free = _needed(database), database.room()
    problems = [
        each for each in database.check() if each.code != "F102"
    ]  # that they are older is what this is about
    problems += [each for each in check(settings) if not each.settings]  # those stop no start: see bootstrap
    if pending and before is not None:
        problems += _about_backup(found, now)
        problems += _about_room(needed, free)
    return UpgradeReport(before, migrations.newest(), pending, found, needed, free, tuple(problems))


def _newest_backup(settings: Settings) -> Path | None:
    directory = Path(settings.backup.directory)
    if not settings.backup.directory or not directory.is_dir():
        return None
    return max(directory.glob("*.backup"), key=lambda file: file.stat().st_mtime, default=None)


def _needed(database: Database) -> int | None:
    """SQLite rebuilds tables beside the old ones, and writes all of it to its log first."""
    file = database.file
    return 2 * file.stat().st_size + FLOOR if file and file.exists() else None


def _about_backup(backup: Path | None, now: datetime) -> Iterator[Problem]:
    if backup is None:
        yield Problem(
            "F133", "No backup is known.", "Run `feedback backup FILE`, then this command with --backup FILE."
        )
        return
    age = now.timestamp() - backup.stat().st_mtime
    if age > FRESH.total_seconds():
        yield Problem("F133", f"The newest backup, {backup}, is older than a day.", "Make another one.")
    elif not copies.is_backup(backup):
        yield Problem("F133", f"{backup} is no backup of this product.", "Run `feedback backup FILE`.")


def _about_room(needed: int | None, free: int | None) -> Iterator[Problem]:
    if needed is not None and free is not None and free < needed:
        said = f"The upgrade may need {needed // 2**20} MB, and {free // 2**20} MB are free."
        yield Problem("F134", said, "Free some space on the disk of the database.")
