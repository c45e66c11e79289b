"""Directories that exist for a moment, for copies of customers' data: nobody else may read them, and nothing stays."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from feedback.errors import StorageUnavailable

NAME = ".feedback-scratch-"
FORGOTTEN = 24 * 3600
"""Seconds: an older directory is of a process that was killed."""


@contextmanager
def scratch(parent: Path | None) -> Iterator[Path]:
    """An empty directory in `parent` (None: where the system has such directories), which is deleted afterwards.

    Those of processes that were killed more than a day ago are deleted, too. Raises StorageUnavailable.
    """
    where = parent or Path(tempfile.gettempdir())
    _remove_forgotten(where)
    try:
        made = tempfile.TemporaryDirectory(prefix=NAME, dir=where)  # 0700
    except OSError as error:
        raise StorageUnavailable(f"{where}: no directory can be made there ({error.strerror}).") from None
    with made as path:
        yield Path(path)


def _remove_forgotten(where: Path) -> None:
    for each in where.glob(f"{NAME}*"):
        with suppress(OSError):
            if time.time() - each.stat().st_mtime > FORGOTTEN:
                shutil.rmtree(each, ignore_errors=True)
