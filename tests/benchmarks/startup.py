"""How long until it works: `feedback lint` on one file, `feedback run` until the first page is served.

    python3 dev.py bench startup [--rounds 7] [--json FILE]

Each beside a baseline of the same kind in the same run: a Python that does nothing, and one that only imports the web
framework and the database library. Wall-clock medians; the ratio is what to watch.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUESTIONNAIRE = ROOT / "questionnaires" / "support-call-csat.yaml"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        trials: dict[str, tuple[Callable[[], float], Callable[[], float]]] = {
            "lint": (
                lambda: finished("-m", "feedback.cli", "lint", str(QUESTIONNAIRE)),
                lambda: finished("-c", "pass"),
            ),
            "run": (
                lambda: serving(Path(directory)),
                lambda: finished("-c", "import flask, sqlalchemy, flask_security, alembic"),
            ),
        }
        serving(Path(directory))  # makes the database; an installation starts with one
        figures = {name: measure(*pair, options.rounds) for name, pair in trials.items()}
    print("what   seconds  baseline  ratio")
    for name, (ours, baseline) in figures.items():
        print(f"{name:<6} {ours:7.2f}  {baseline:8.2f}  {ours / baseline:5.1f}")
    if options.json:
        options.json.write_text(
            json.dumps({name: {"seconds": a, "baseline": b} for name, (a, b) in figures.items()})
        )


def measure(ours: Callable[[], float], baseline: Callable[[], float], rounds: int) -> tuple[float, float]:
    """Medians of both, taken in turn, so that a busy moment of the machine meets both."""
    pairs = [(ours(), baseline()) for _ in range(rounds)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def finished(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return time.perf_counter() - began


def serving(instance: Path) -> float:
    """Seconds from the command until /healthz answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = os.environ | {
        "FEEDBACK_INSTANCE": str(instance),
        "FEEDBACK_DEMO": "true",
        "FEEDBACK_WEB_PORT": str(port),
        "FEEDBACK_LOG_LEVEL": "error",
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "feedback.cli", "run"], env=environ, stdout=subprocess.DEVNULL, cwd=ROOT
    )
    try:
        while not answers(port):
            time.sleep(0.02)
        return time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


if __name__ == "__main__":
    main()
