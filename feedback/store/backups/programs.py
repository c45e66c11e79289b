"""Runs PostgreSQL's own programs, which have to be installed, on a database."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import URL

from feedback.errors import StorageUnavailable
from feedback.store.backups.encryption import Readable

Stopped = Callable[[], bool]
PATIENCE = 0.2
"""Seconds between two looks at whether to stop."""


def find(program: str) -> str:
    """The program's path. Raises StorageUnavailable if it is not installed."""
    found = shutil.which(program)
    if found is None:
        raise StorageUnavailable(
            f"Install PostgreSQL's client programs, or run {program} where they are installed: {program} is not here."
        )
    return found


def run(program: str, url: URL, *arguments: str, stopped: Stopped = lambda: False) -> None:
    """Run `pg_dump` or `pg_restore` on this database. Raises StorageUnavailable if it fails, or is stopped."""
    with _started(program, url, arguments, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            _end_if(stopped, process, program)


@contextmanager
def output(program: str, url: URL, *arguments: str, stopped: Stopped = lambda: False) -> Iterator[Readable]:
    """What a program writes, while it writes it. Raises StorageUnavailable at the end if it has failed."""
    with _started(program, url, arguments, stdout=subprocess.PIPE) as process:
        yield _Watched(process, program, stopped)


class _Watched:
    def __init__(self, process: subprocess.Popen[bytes], program: str, stopped: Stopped) -> None:
        self._process, self._program, self._stopped = process, program, stopped

    def read(self, size: int) -> bytes:
        _end_if(self._stopped, self._process, self._program)
        return self._process.stdout.read(size) if self._process.stdout else b""


def _end_if(stopped: Stopped, process: subprocess.Popen[bytes], program: str) -> None:
    if stopped():
        process.kill()
        process.wait()
        raise StorageUnavailable(f"Stopped before {program} was ready.")


@contextmanager
def _started(
    program: str, url: URL, arguments: tuple[str, ...], stdout: int
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, which is waited for. The password is not visible in the list of processes."""
    found = find(program)
    # Both files only their owner can read. What the program complains about must not fill a pipe that nobody reads.
    with tempfile.NamedTemporaryFile("w") as secret, tempfile.TemporaryFile() as complaints:
        secret.write("*:*:*:*:" + re.sub(r"([\\:])", r"\\\1", url.password or ""))
        secret.flush()
        named = url.set(drivername="postgresql", password=None).update_query_dict({"passfile": secret.name})
        target = f"--dbname={named.render_as_string(hide_password=False)}"
        with subprocess.Popen([found, target, *arguments], stdout=stdout, stderr=complaints) as process:  # noqa: S603
            try:
                yield process
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            complaints.seek(0)
            last = complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise StorageUnavailable(f"{program} failed: {last}")
