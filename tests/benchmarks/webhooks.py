"""What webhooks cost those who answer, and what arrives when senders are killed.

    python3 dev.py bench webhooks [--answers 1500] [--events 2000] [--database postgresql://...]

1. The cost: a page and its answer through the customers' application, in one thread, in four ways that take turns every
   few answers: with nothing told (the call replaced by one that does nothing), without a webhook, with one that wants
   other types, and with one that wants everything (each answer then stores two to four events). Processor and wall time
   of an answer, the ratios to the first way, and what the call costs by itself.
2. The trial: two receivers, one of which fails at every fifth call, and senders that are killed with -9 about every 300
   calls. What arrived never, once and more often, and in the wrong order.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import delete, func, select
from werkzeug.test import EnvironBuilder

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.core.webhook_events import EVENT_TYPES
from feedback.services import changes
from feedback.services.changes import ReportedChange
from feedback.services.responses import reported_changes
from feedback.settings import Secret, Settings
from feedback.settings.table import OrganisationSettings, WebSettings
from feedback.store.database import Database
from feedback.store.models import WebhookEndpoint, WebhookEvent, WebhookSubscription
from feedback.web.app import create_app
from tests import webhook_trial
from tests.factories_surveys import NPS, invite, shelf
from tests.fakes.fake_receiver import FakeReceiver

FORM = "application/x-www-form-urlencoded"
BLOCK = 10
"""Answers of one way before it is the next one's turn."""
LETTERS = "ABCDEFGHJK"


def token(number: int) -> str:
    return "".join(LETTERS[int(digit)] for digit in f"{number:012d}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--answers", type=int, default=1500, help="for each of the four ways")
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument(
        "--database", help="URL of an empty database; default: a new SQLite file for each part"
    )
    chosen = parser.parse_args()
    if chosen.answers:
        with _database(chosen.database) as database:
            cost(database, chosen.answers)
            alone(database, 1_000)
    if chosen.events:
        with _database(chosen.database) as database:
            trial(database, chosen.events)


@contextmanager
def _database(url: str | None) -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(url or f"sqlite:///{folder}/feedback.db")
        database.upgrade()
        yield database
        database.close()


# --- The cost ------------------------------------------------------------------------------------


def cost(database: Database, answers: int) -> None:
    application = _application(database, 4 * answers)
    ways: Mapping[str, Callable[[], None]] = {
        "nothing told": lambda: _want(database, []),
        "no webhook": lambda: _want(database, []),
        "other types": lambda: _want(database, ["follow_up.closed"]),
        "everything": lambda: _want(database, list(EVENT_TYPES)),
    }
    tell = reported_changes.report
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    blocks = [name for name in ways for _ in range(answers // BLOCK)]
    random.Random(1).shuffle(blocks)
    number = 0
    for name in blocks:
        ways[name]()
        reported_changes.report = _nothing if name == "nothing told" else tell  # type: ignore[assignment]
        for _ in range(BLOCK):
            spent[name].append(_timed(application, number))
            number += 1
    reported_changes.report = tell
    with database.reading() as session:
        stored = session.scalar(select(func.count()).select_from(WebhookEvent)) or 0
    print(f"{number:,} answers, {stored / max(1, len(spent['everything'])):.1f} events for each that is told")
    base = _usual(spent["nothing told"])
    print(f"{'':14} {'processor ms':>13} {'wall ms':>9} {'ratios':>16}")
    for name, measured in spent.items():
        middle = _usual(measured)
        ratios = " ".join(f"{mine / first:7.3f}" for mine, first in zip(middle, base, strict=True))
        print(f"{name:14} {1000 * middle[0]:13.3f} {1000 * middle[1]:9.3f} {ratios:>16}")


def _usual(measured: Sequence[tuple[float, float]]) -> list[float]:
    """The lower quartile of each column: what is above it on a busy machine is mostly the work of others."""
    return [statistics.quantiles(column, n=4)[0] for column in zip(*measured, strict=True)]


def alone(database: Database, calls: int) -> None:
    """What reporting three changes costs in a transaction that is open anyway, in microseconds of processor time."""
    now, three = clock.now(), [ReportedChange(each, "response", 1, 1, 1) for each in list(EVENT_TYPES)[:3]]
    for name, types in (("no webhook", []), ("everything", list(EVENT_TYPES))):
        _want(database, types)
        spent = []
        with database.connection() as connection:
            for _ in range(calls):
                began = time.thread_time()
                changes.report(connection, three, now)
                spent.append(1e6 * (time.thread_time() - began))
        print(f"reporting three changes, {name:12} {statistics.median(spent):7.1f} µs")


def _nothing(*_: object) -> None:
    """Instead of telling."""


def _want(database: Database, types: list[str]) -> None:
    """Let one endpoint want these types; none is no endpoint."""
    with database.writing() as session:
        session.execute(delete(WebhookSubscription))
        endpoint = session.scalar(select(WebhookEndpoint))
        if endpoint is None:
            now = clock.now()
            endpoint = WebhookEndpoint(
                name="CRM", url="https://crm.example.com/", filters={}, secret="", created_at=now, changed_at=now
            )  # fmt: skip
            session.add(endpoint)
            session.flush()
        session.add_all(WebhookSubscription(type=each, endpoint_id=endpoint.id) for each in types)


def _application(database: Database, invitations: int) -> Any:
    library = shelf(NPS)
    with database.writing() as session:
        for number in range(invitations):
            invite(session, library, token=token(number), expires_at=clock.now() + timedelta(days=1))
            if number % 1_000 == 0:
                session.expunge_all()
    settings = replace(
        Settings(instance=Path(tempfile.gettempdir())),
        web=replace(WebSettings(), secret_key=Secret("s" * 40), password_salt=Secret("p" * 40)),
        organisation=replace(OrganisationSettings(), name="Acme"),
    )
    return create_app(Runtime(settings, library, {}, database)).wsgi_app


def _timed(application: Any, number: int) -> tuple[float, float]:
    """Processor and wall seconds of looking at the page and answering; every second answer is low."""
    path = f"/{token(number)}"
    page = _environ(path)
    began = time.thread_time(), time.perf_counter()
    _status, shown = _called(application, page)
    between = time.thread_time(), time.perf_counter()
    made = re.search(rb'name="stamp" value="([^"]+)"', shown)
    form = urlencode(
        {"recommend": 9 if number % 2 else 2, "seen": 1, "stamp": made[1].decode() if made else ""}
    )
    post = _environ(path, query_string="q=recommend", method="POST", data=form, content_type=FORM)
    again = time.thread_time(), time.perf_counter()
    status, _body = _called(application, post)
    if not status.startswith("303"):
        raise ValueError(f"the answer was not taken: {status}")
    end = time.thread_time(), time.perf_counter()
    return between[0] - began[0] + end[0] - again[0], between[1] - began[1] + end[1] - again[1]


def _environ(path: str, **rest: Any) -> dict[str, Any]:
    """Of a call from this machine, which is not limited."""
    return EnvironBuilder(path, environ_overrides={"REMOTE_ADDR": "127.0.0.1"}, **rest).get_environ()


def _called(application: Any, environ: dict[str, Any]) -> tuple[str, bytes]:
    found: list[str] = []

    def start(status: str, *_: object) -> None:
        found.append(status)

    parts = application(environ, start)
    body = b"".join(parts)
    if hasattr(parts, "close"):
        parts.close()
    return found[0], body


# --- The trial -----------------------------------------------------------------------------------


def trial(database: Database, events: int) -> None:
    with FakeReceiver(webhook_trial.failing(0.2, 1)) as first, FakeReceiver() as second:
        webhook_trial.listen(database, [first, second])
        webhook_trial.fill(database, events)
        began = time.perf_counter()
        arrived = webhook_trial.run(database, [first, second], kill_every=300, seed=2)
        print(f"{arrived} | {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
