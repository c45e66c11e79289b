"""What the ten most used calls of the API cost: processor time per call, beside a bare Flask view in the same run.

    python3 dev.py bench api [--calls 200] [--answers 5000] [--json FILE]

Each call is made in turn with the bare view, which returns a small object as JSON, so that what slows the machine down
slows both. Both go through the same WSGI client, whose time is in both figures. Times are those of the thread, without
waiting; the ratio to the bare view is what to watch. The database is SQLite in a temporary directory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, jsonify
from werkzeug.test import Client

from feedback import clock, resources
from feedback.bootstrap import Runtime
from feedback.library import load as load_library
from feedback.services import rollups
from feedback.services.staff import api_keys
from feedback.services.staff.api_keys import Grant, Scope
from feedback.settings import Secret, Settings
from feedback.settings.table import WebSettings
from feedback.store.database import Database
from feedback.store.models import Response
from feedback.web.app import create_app
from tests import factories_reports

CUSTOMERS = 200
WARM_UP = 10
ABSURD = 40
"""Times the bare view from which on a call wants an explanation."""


@dataclass(frozen=True, slots=True)
class MeasuredCall:
    """A call; `body` makes a new one for each call, so that nothing is answered from what was stored before."""

    name: str
    method: str
    path: str
    body: Callable[[int], dict[str, Any]] | None = None


CALLS = (
    MeasuredCall("read a contact", "GET", "/contacts/c7"),
    MeasuredCall("store a contact", "PUT", "/contacts/c8", lambda n: {"name": f"Ada {n}"}),
    MeasuredCall("list contacts", "GET", "/contacts?limit=20"),
    MeasuredCall(
        "report an event", "POST", "/events",
        lambda n: {
            "key": f"bench-{n}", "name": "visited", "contact": "c9", "occurred_at": clock.now().isoformat()
        },
    ),
    MeasuredCall("list responses with answers", "GET", "/responses?limit=20&expand=answers"),
    MeasuredCall("read a response", "GET", "/responses/{response}"),
    MeasuredCall("list comments", "GET", "/comments?limit=20"),
    MeasuredCall("list scores", "GET", "/scores"),
    MeasuredCall("a score over time", "GET", "/scores/relationship/score?by=month"),
    MeasuredCall("list follow-ups", "GET", "/follow-ups?limit=20"),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--answers", type=int, default=5_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    structlog.configure(processors=[], wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as directory:
        figures = measure(Path(directory), options.calls, options.answers)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(directory: Path, calls: int, answers: int) -> list[dict[str, Any]]:
    """Milliseconds of each call and of the bare view beside it, with their ratio; printed as they are found."""
    runtime = installation(directory)
    response = fill(runtime, answers)
    product, bare = Client(create_app(runtime)), Client(bare_view())
    print(f"{'call':30} {'median':>9} {'p95':>9} {'bare view':>10} {'ratio':>7}")
    figures = []
    for call in CALLS:
        key = a_key(runtime, call.name)  # each has a rate limit of its own
        ours: list[float] = []
        floor: list[float] = []
        for number in range(calls + WARM_UP):
            spent, status = timed(product, call, number, key, response)
            if status >= 300:
                raise SystemExit(f"{call.name}: {status}")
            nothing, _ = timed(bare, MeasuredCall("bare", "GET", ""), number, key, response)
            if number >= WARM_UP:
                ours.append(spent)
                floor.append(nothing)
        ratio = statistics.median(ours) / statistics.median(floor)
        figure = {
            "call": call.name,
            "median_ms": statistics.median(ours),
            "p95_ms": statistics.quantiles(ours, n=20)[-1],
            "bare_ms": statistics.median(floor),
            "ratio": ratio,
        }
        figures.append(figure)
        mark = "  <- look at this" if ratio > ABSURD else ""
        print(
            f"{call.name:30} {figure['median_ms']:6.2f} ms {figure['p95_ms']:6.2f} ms "
            f"{figure['bare_ms']:7.2f} ms {ratio:7.1f}{mark}"
        )
    return figures


def timed(client: Client, call: MeasuredCall, number: int, key: str, response: int) -> tuple[float, int]:
    """Milliseconds of processor time of this thread, and the status."""
    path = f"/api/v1{call.path.format(response=response)}" if call.path else "/"
    headers = {"Authorization": f"Bearer {key}"}
    body = call.body(number) if call.body else None
    began = time.thread_time()
    answer = client.open(path, method=call.method, json=body, headers=headers)
    answer.get_data()
    return (time.thread_time() - began) * 1_000, answer.status_code


def bare_view() -> Flask:
    """The floor: what Flask itself costs."""
    app = Flask("bare")

    @app.get("/")
    def nothing() -> Any:
        return jsonify(ok=True)

    return app


def installation(directory: Path) -> Runtime:
    database = Database(f"sqlite:///{directory / 'bench.db'}")
    database.upgrade()
    web = replace(WebSettings(), secret_key=Secret("s" * 40), password_salt=Secret("p" * 40))
    settings = replace(Settings(instance=directory), web=web)
    return Runtime(settings, load_library(resources.directories("questionnaires")), {}, database)


def fill(runtime: Runtime, answers: int) -> int:
    """Customers and the answers of a year; the id of a response."""
    now = clock.now()
    with runtime.database.writing() as session:
        people = []
        for number in range(CUSTOMERS):
            account = factories_reports.account(session, f"Account {number}")
            person = factories_reports.contact(session, account, f"Person {number}")
            person.external_id = f"c{number}"
            people.append(person)
        for number in range(answers):
            made: Response = factories_reports.answered(
                session, number % 11, now - timedelta(hours=2 + number % 8_000), person=people[number % CUSTOMERS],
                words="It took a while" if number % 3 == 0 else None, library=runtime.library,
                questionnaire="relationship-nps", stage="relationship", question="score", trend="relationship",
            )  # fmt: skip
            if number % 7 == 0:
                factories_reports.follow_up(session, made, now - timedelta(days=number % 300))
        rollups.rebuild(session)
        return made.id


def a_key(runtime: Runtime, name: str) -> str:
    """A key of the installation: it sees everything, and does not work on follow-ups in anybody's name."""
    scopes = tuple(set(Scope) - {Scope.FOLLOW_UPS_WORK, Scope.FOLLOW_UPS_SEND})
    with runtime.database.writing() as session:
        return api_keys.create(session, name, by=None, now=clock.now(), grant=Grant(scopes, None))[1]


if __name__ == "__main__":
    main()
