"""Responses per second and memory of each format of an export, beside a bare CSV writer over the same query.

    python3 dev.py bench exports [--responses 100000] [--database postgresql://...] [--json FILE]

Every response has ten answers of all sorts, one of them a comment. Each format is written by a process of its own. Its
peak memory is shown beside that of the same process over an empty period. The baseline reads the same rows in the same
blocks, and writes them as they are stored.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from feedback.services import exports
from feedback.services.access import Viewer
from feedback.services.exports import ExportRequest, making, reading
from feedback.store.database import Database
from feedback.store.models import AnswerRow, Response
from tests.factories_surveys import questionnaire, shelf

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
MOST = timedelta(days=3_000)
TOOLS = ["Mail", "Chat", "Phone"]
LIBRARY = shelf(
    questionnaire(
        {"key": "reason", "type": "single", "text": "Why?", "options": ["Price", "Speed"], "dont_know": True},
        {"key": "tools", "type": "multi", "text": "Which tools do you use?", "options": TOOLS},
        {"key": "ease", "type": "rating", "text": "How easy was it?", "scale": {"min": 1, "max": 5}},
        {
            "key": "grid", "type": "matrix", "text": "How good were these?", "scale": {"min": 1, "max": 3},
            "rows": [{"key": "docs", "text": "Documents"}, {"key": "people", "text": "People"}],
            "not_applicable": True, "opt_out_in_rows": True,
        },
        {"key": "seats", "type": "number", "text": "How many seats do you have?"},
        {"key": "begin", "type": "date", "text": "When do you want to begin?"},
        {"key": "order", "type": "ranking", "text": "Put these in order.", "options": TOOLS},
        {"key": "score", "type": "nps", "text": "How likely are you to recommend us?"},
        {"key": "better", "type": "text", "text": "What could we do better?"},
        {"key": "again", "type": "thumbs", "text": "Is it solved?"},
    )
)  # fmt: skip
FORMATS = ("bare", "csv", "xlsx", "sav", "dta", "parquet")
AT_A_TIME = 2_000


def main() -> None:
    options = _options()
    if options.one:
        print(json.dumps(_measured(options)))
        return
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{Path(folder) / 'feedback.db'}"
        database = Database(url)
        database.upgrade()
        _fill(database, options.responses)
        database.close()
        figures = [_run(url, kind, empty) for kind in FORMATS for empty in (True, False)]
    print(f"{options.responses} responses, {10 * options.responses} answers")
    print("format    responses/s (processor)   peak MB   peak MB of nothing   file MB")
    for nothing, each in zip(figures[::2], figures[1::2], strict=True):
        speed = each["rows"] / each["seconds"]
        print(
            f"{each['format']:8} {speed:14.0f} {each['peak']:22.0f} {nothing['peak']:16.0f} {each['size']:14.1f}"
        )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--responses", type=int, default=100_000)
    parser.add_argument("--database", help="URL of an empty PostgreSQL database; default: SQLite")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", choices=FORMATS, help=argparse.SUPPRESS)
    parser.add_argument("--empty", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _fill(database: Database, number: int) -> None:
    with database.writing() as session:
        version = LIBRARY.published(session, "survey", BEGAN).id
    for first in range(0, number, AT_A_TIME):
        some = range(first, min(first + AT_A_TIME, number))
        with database.connection() as connection:
            before = connection.scalar(select(func.max(Response.id))) or 0
            connection.execute(insert(Response), [_response(version, each) for each in some])
            connection.execute(
                insert(AnswerRow), [row for each in some for row in _answers(before + 1 + each - first, each)]
            )


def _response(version: int, number: int) -> dict[str, Any]:
    at = BEGAN + timedelta(seconds=60 * number)
    return {
        "version_id": version, "questionnaire": "survey", "stage": "support", "segment": "core", "source": "link",
        "channel": "email", "language": "en", "state": "complete", "provisional": False, "evidence": {}, "edits": 0,
        "answered_at": at, "updated_at": at, "completed_at": at, "is_demo": False,
    }  # fmt: skip


def _answers(response_id: int, number: int) -> Iterator[dict[str, Any]]:
    given = {
        "reason": ("price", "speed", "dont_know")[number % 3], "tools": ["mail", "chat"][: 1 + number % 2],
        "ease": 1 + number % 5, "grid": {"docs": 1 + number % 3, "people": "not_applicable"}, "seats": number % 5_000,
        "begin": "2026-05-31", "order": ["chat", "mail", "phone"], "score": number % 11, "again": number % 2,
    }  # fmt: skip
    words = f"Comment {number}: " + "the label printer stops now and then. " * (number % 17)
    for question, value in given.items():
        yield {"response_id": response_id, "question": question, "value": value, "text": None}
    yield {"response_id": response_id, "question": "better", "value": None, "text": words}


def _run(url: str, kind: str, empty: bool) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.exports", "--one", kind, "--database", url]
    done = subprocess.run(
        [*command, *(["--empty"] if empty else [])], check=True, capture_output=True, text=True
    )
    return dict(json.loads(done.stdout))


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    database = Database(options.database)
    since = BEGAN + MOST if options.empty else BEGAN
    kind = "csv" if options.one == "bare" else options.one
    request = ExportRequest("survey", kind, since=since)
    with tempfile.TemporaryDirectory() as folder, database.reading() as session:
        path, began = Path(folder) / "file", time.process_time()
        write = _bare if options.one == "bare" else exports.make
        rows = write(session, LIBRARY, Viewer(0, sees_all=True), request, path)
        seconds = time.process_time() - began
        size = path.stat().st_size / 1e6
    peak = _peak()
    return {"format": options.one, "rows": rows, "seconds": seconds, "peak": peak, "size": size}


def _peak() -> float:
    """The most memory that this process had, in MB. `getrusage` would count the process that has started it, too."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _bare(session: Any, library: Any, viewer: Viewer, request: ExportRequest, path: Path) -> int:
    """Every answer as it is stored, and nothing else."""
    survey, rows = making.find_survey(session, library, request), 0
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        for block in reading.read(session, viewer, request.selection(survey)):
            rows += len(block)
            for about, given in block:
                out.writerows((*about, question, each.value, each.text) for question, each in given.items())
    return rows


if __name__ == "__main__":
    main()
