"""Workers that die or freeze at every step of a send: each message arrives once, whatever the step."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from feedback.errors import StorageUnavailable
from feedback.store.database import Database
from tests import outbox_processes
from tests.outbox_sender import POINTS

QUICK = ("--lease", "1", "--settle", "3", "--timeout", "0.3", "--patience", "1")
"""What the provider has accepted has to be on its list within `settle`. On a busy machine, the process that plays the
provider may wait more than a second until it reads what was sent to it."""
LONGEST = 180.0  # seconds until a trial counts as stuck


@pytest.fixture
def url(migrated: Database) -> str:
    return migrated.url.render_as_string(hide_password=False)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end, "stuck"
        time.sleep(0.1)


class Thaw:
    """Lets frozen processes go on once they were frozen for longer than a lease."""

    def __init__(self, processes: list[BaseProcess]) -> None:
        self.processes, self.since, self.thawed = processes, dict[int, float](), set[int]()

    def look(self) -> None:
        for process in self.processes:
            pid = outbox_processes.pid_of(process)
            if not is_stopped(pid):
                self.since.pop(pid, None)
            elif time.monotonic() - self.since.setdefault(pid, time.monotonic()) > 1.5:
                os.kill(pid, signal.SIGCONT)
                self.thawed.add(pid)


def is_stopped(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "T"


def finished(database: Database, thaw: Thaw) -> bool:
    thaw.look()
    try:
        outbox_processes.hurry(database)
        return outbox_processes.unfinished(database) == 0
    except StorageUnavailable:  # a frozen process holds SQLite's lock
        return False


def victims(url: str, twilio: str, end: str) -> list[BaseProcess]:
    return [
        outbox_processes.start_sender(url, twilio, *QUICK, "--end", end, "--at", point) for point in POINTS
    ]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see a frozen process")
@pytest.mark.parametrize("end", ["exit", "stop"])
def test_a_worker_may_end_at_any_step(migrated: Database, url: str, tmp_path: Path, end: str) -> None:
    planned = 80
    outbox_processes.fill(migrated, planned)
    log = tmp_path / "twilio.jsonl"
    with outbox_processes.fake_twilio(log) as twilio:
        ending = victims(url, twilio, end)
        thaw = Thaw(ending)
        if end == "exit":
            for process in ending:
                process.join(LONGEST)
        rescuer = outbox_processes.start_sender(url, twilio, *QUICK)
        try:
            until(lambda: finished(migrated, thaw))
            while end == "stop" and len(thaw.thawed) < len(POINTS):
                # Whoever thaws goes on sending; something has to be left for the slowest to start.
                outbox_processes.fill(migrated, 20, first=planned)
                planned += 20
                until(lambda: finished(migrated, thaw))
        finally:
            outbox_processes.put_down(rescuer, *ending)
    if end == "exit":
        assert [process.exitcode for process in ending] == [137] * len(POINTS)
    tally = outbox_processes.tally(migrated, log)
    assert (tally.once, tally.twice, tally.never, tally.incidents) == (planned, 0, 0, 0), str(tally)
