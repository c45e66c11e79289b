"""Files of the installation that only its own user may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

OTHERS = stat.S_IRWXO
"""What other users of the machine may do. A group is left alone: some backups and containers read by it."""
FILE, DIRECTORY = 0o600, 0o700
UMASK = 0o077
BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite appends to the name of the database for the files beside it."""


def create(file: Path) -> None:
    """Make an empty file that only its owner may read, if it does not exist. SQLite gives its other files the mode of
    the database. If it cannot be made, SQLite says why when it opens it."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, FILE))
    except OSError:
        return


def close_to_others(path: Path) -> bool:
    """Take the access of other users from a file or directory. False if they have some and this user cannot change
    it."""
    if not is_open_to_others(path):
        return True
    if path.parent == path or path.stat().st_mode & stat.S_ISVTX:
        return False  # the root, or a directory like /tmp, which is everybody's
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS)
    except OSError:
        return False
    return True


def close_database(file: Path) -> None:
    """Do the same for an SQLite database and the files beside it."""
    for each in database_files(file):
        close_to_others(each)


def database_files(file: Path) -> list[Path]:
    """The files of an SQLite database that exist."""
    return [each for end in BESIDE if (each := file.with_name(file.name + end)).exists()]


def is_open_to_others(path: Path) -> bool:
    """Whether other users of the machine may read, write or enter it."""
    try:
        return os.name == "posix" and bool(path.stat().st_mode & OTHERS)
    except OSError:
        return False
