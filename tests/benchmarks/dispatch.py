"""Messages a second against a provider that takes 150 ms a call, beside what the concurrency allows.

    python -m tests.benchmarks.dispatch [--messages 1500] [--threads 4] [--json FILE] [handover] [sqlite] [postgres]

The ceiling is (processes x threads) / 0.15 s.
"CPU" is processor time of all senders for each message, without their start. `handover` is the call to the provider
alone, beside the bare call of the SDK.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from feedback.store.database import Database
from tests import outbox_processes
from tests.benchmarks import handover
from tests.benchmarks.crash import database_of

LATENCY = 0.15  # seconds
PROCESSES = (1, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("databases", nargs="*", default=["handover", "sqlite", "postgres"])
    parser.add_argument("--messages", type=int, default=1500)
    parser.add_argument("--threads", type=int, default=4, help="of each process, as worker.concurrency")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    options = parser.parse_args()
    figures: list[dict[str, Any]] = []
    if "handover" in options.databases:
        options.databases.remove("handover")
        found = handover.measure()
        print("\n".join(handover.table(found)), flush=True)
        figures.append({"handover": found})
    print(
        f"{'database':10}{'processes':>10}{'threads':>9}{'msg/s':>9}{'ceiling':>9}{'share':>7}{'CPU ms':>8}"
    )
    for kind in options.databases:
        for processes in PROCESSES:
            with (
                tempfile.TemporaryDirectory(prefix="feedback-dispatch-") as directory,
                database_of(kind, Path(directory)) as url,
            ):
                rate, cpu = measure(url, Path(directory), processes, options)
            # what the threads could do if nothing but the provider took time
            ceiling = processes * options.threads / LATENCY
            print(
                f"{kind:10}{processes:10}{options.threads:9}{rate:9.1f}{ceiling:9.1f}{rate / ceiling:7.0%}{cpu:8.2f}",
                flush=True,
            )
            figures.append(
                {
                    "database": kind,
                    "processes": processes,
                    "threads": options.threads,
                    "messages_per_second": rate,
                    "ceiling": ceiling,
                    "cpu_ms_per_message": cpu,
                }
            )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(url: str, directory: Path, processes: int, options: argparse.Namespace) -> tuple[float, float]:
    """Messages a second until the last is recorded, and CPU milliseconds a message."""
    database = Database(url)
    database.upgrade()
    log = directory / "twilio.jsonl"
    with outbox_processes.fake_twilio(log, "--latency", str(LATENCY)) as twilio:
        settings = (
            "--lease",
            "120",
            "--settle",
            "120",
            "--timeout",
            "15",
            "--look-every",
            "15",
            "--idle",
            "0.5",
        )
        threads = ("--threads", str(options.threads), "--ready", str(directory))
        senders = [outbox_processes.start_sender(url, twilio, *settings, *threads) for _ in range(processes)]
        try:
            while len(list(directory.glob("*.ready"))) < processes:
                time.sleep(0.1)
            time.sleep(2)  # their first look at an empty queue
            outbox_processes.fill(database, options.messages)
            begun, before = time.monotonic(), cpu(senders)
            while outbox_processes.unfinished(database):
                time.sleep(0.25)
            took, used = time.monotonic() - begun, cpu(senders) - before
        finally:
            outbox_processes.put_down(*senders)
    tally = outbox_processes.tally(database, log)
    assert (tally.once, tally.twice) == (options.messages, 0), str(tally)
    database.close()
    return options.messages / took, 1000 * used / options.messages


def cpu(processes: list[BaseProcess]) -> float:
    """Seconds of processor time that the processes have used so far."""
    ticks = 0
    for process in processes:
        fields = Path(f"/proc/{outbox_processes.pid_of(process)}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
