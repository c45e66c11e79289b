"""A large base: what its daily work costs, how long it keeps other writers waiting, and what customers feel of it.

    python3 dev.py bench scale [--contacts 20000] [--days 30] [--seconds 5] [--only answers events]
                                [--postgres | --database postgresql://...] [--json FILE]

Builds a base from a fixed seed by bulk inserts: four contacts in an account, renewals spread over a year, one contact
in fifty on the suppression list, one in fifty without a permission, a fifth asked in the last two months.

1. Forecast: `feedback plan`, in a process of its own: seconds and memory.
2. Answers: page and post, and page, post and redirected page.
3. Events: processor time of the server for each event posted to the API, and of the import for each row of a file.
4. Planning: processor time of the worker's planning for each new enrolment, its longest write transaction, and the
   answers that are stored meanwhile. The worker plans for some seconds, rests while answers are measured without it,
   and goes on, so that both are compared on the machine as it was within the same seconds.

`--only` names what is measured: forecast, answers, events, planning. Costs are given as multiples of the floor of
`bench page`, a bare Flask view that stores one row, measured in the same run: times depend on the machine, ratios
hardly do. How busy the machine is with other programs is said at the beginning and the end.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, event, func, insert, select, text
from sqlalchemy.orm import Session

from feedback import clock, library, resources, worker
from feedback.bootstrap import Runtime
from feedback.library import Library
from feedback.providers.base import Provider
from feedback.providers.simulator import MemoryMailbox, Simulator
from feedback.services import imports
from feedback.services.journey import forecast
from feedback.services.staff import api_keys
from feedback.settings import Secret, Settings, load
from feedback.store.database import Database
from feedback.store.models import Account, Consent, Contact, Enrolment, Invitation, Suppression
from tests.benchmarks import page
from tests.benchmarks.crash import database_of
from tests.factories_surveys import NPS

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
ANSWERS = 100_000
"""Invitations that wait for an answer, or a quarter of the contacts, but at most twenty for each contact: clients
answer as long as the worker plans."""
SLICE = 12.0
"""Seconds for which the worker plans before answers are measured without it, for a third of that time."""
PARTS = ("forecast", "answers", "events", "planning")
EVENTS = 500
"""By file and in batches in each round; singly in all rounds together."""
TOGETHER = 100
ROUNDS = 5
PORTION = 10_000
ZONES = ("Europe/Istanbul", "America/Los_Angeles", "Asia/Tehran", "Europe/London", None)


def main() -> None:
    options = _options()
    page.INVITATIONS = answers_of(options.contacts)
    if options.serve:
        serve(options.database, options.contacts)
    elif options.forecast:
        foresee(options.database, options.days)
    else:
        figures = measure(options)
        if options.json:
            options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    say(f"machine       {busy()}")
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        url = options.database or f"sqlite:///{directory}/feedback.db"
        if options.postgres:
            url = stack.enter_context(database_of("postgres", Path(directory)))
        began = time.perf_counter()
        build(url, options.contacts)
        say(f"base          {options.contacts:,} contacts in {time.perf_counter() - began:.0f} s")
        figures: dict[str, Any] = {"contacts": options.contacts}
        if "forecast" in options.only:
            figures["forecast"] = measure_forecast(url, options.days)
        with (
            page.running("floor", f"sqlite:///{directory}/floor.db") as bare,
            serving(url, options.contacts) as server,
        ):
            floor = Floor(bare, options.seconds / ROUNDS)
            if "answers" in options.only:
                figures["answers"] = measure_answers(server, options.seconds, floor)
            if "events" in options.only:
                figures["events"] = measure_events(server, Path(directory), url, floor)
            if "planning" in options.only:
                figures["enrolment"] = measure_planning(server, floor)
    say(f"machine       {busy()}")
    return figures


def busy() -> str:
    one, five, _ = os.getloadavg()
    return f"{os.cpu_count()} processors, load {one:.1f} (five minutes: {five:.1f})"


# The base.


def build(url: str, contacts: int) -> None:
    """Fill an empty database; the same contacts for the same number."""
    database = Database(url)
    database.upgrade()
    draw = random.Random(7)
    now = clock.now()
    with database.writing() as session:
        version = the_library().published(session, NPS.key, now).id
    for first in range(0, contacts, PORTION):
        with database.connection() as connection:
            people = range(first, min(first + PORTION, contacts))
            _customers(connection, people, draw, now)
            _permissions(connection, people, now)
            _asked_before(connection, people, version, now)
    waiting = answers_of(contacts)
    for first in range(0, waiting, PORTION):
        with database.connection() as connection:
            _waiting(connection, range(first, min(first + PORTION, waiting)), contacts, version, now)
    if not database.is_sqlite:
        with database.connection() as connection:
            connection.execute(text("ANALYZE"))  # which the server would do by itself in the next minutes
    database.close()


def answers_of(contacts: int) -> int:
    """How many invitations of the base wait for an answer."""
    return min(max(ANSWERS, contacts // 4), contacts * 20)


def insert_all(connection: Connection, model: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows with the same columns; on PostgreSQL by COPY, which is several times as fast."""
    table = model.__table__
    if not rows or connection.dialect.name != "postgresql":
        connection.execute(insert(table), rows or None)
        return
    filled = [_with_defaults(table, row) for row in rows]
    names = list(filled[0])
    columns = ", ".join(names)
    with (
        connection.connection.cursor() as cursor,
        cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy,  # type: ignore[attr-defined]
    ):
        for row in filled:
            copy.write_row([row[name] for name in names])


class _Parameters:
    """What a default that is made from the row's other columns asks for."""

    def __init__(self, row: dict[str, Any]) -> None:
        self._row = row

    def get_current_parameters(self) -> dict[str, Any]:
        return self._row


def _with_defaults(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The row with the defaults that SQLAlchemy would fill in, and with JSON as text."""
    found: dict[str, Any] = {}
    for column in table.columns:
        default: Any = column.default
        if column.name in row:
            value = row[column.name]
        elif default is not None:
            value = default.arg(_Parameters(row)) if default.is_callable else default.arg
        else:
            continue
        found[column.name] = json.dumps(value) if isinstance(value, dict | list) else value
    return found


def phone(n: int) -> str:
    return f"+9053{n:08}"


def mail(n: int) -> str:
    return f"person{n}@example.com"


def _customers(connection: Connection, people: range, draw: random.Random, now: datetime) -> None:
    stamps = {"created_at": now, "updated_at": now}
    accounts = sorted({n // 4 for n in people if n % 4 == 0})
    if accounts:
        rows = [
            {"id": n + 1, "external_id": f"a{n}", "name": f"Account {n}", **stamps,
             "renewal_on": now.date() + timedelta(days=draw.randrange(365))}
            for n in accounts
        ]  # fmt: skip
        insert_all(connection, Account, rows)
    rows = [
        {"id": n + 1, "external_id": f"c{n}", "name": f"Person {n}", "account_id": n // 4 + 1, **stamps,
         "phone": phone(n), "email": mail(n), "language": "en", "time_zone": draw.choice(ZONES)}
        for n in people
    ]  # fmt: skip
    insert_all(connection, Contact, rows)


def _permissions(connection: Connection, people: range, now: datetime) -> None:
    rows = [
        {"contact_id": n + 1, "kind": kind, "address": address, "basis": "contract", "source": "bench",
         "granted_at": now}
        for n in people if n % 50 != 7
        for kind, address in (("sms", phone(n)), ("email", mail(n)))
    ]  # fmt: skip
    insert_all(connection, Consent, rows)
    rows = [
        {"kind": "email", "address": mail(n), "reason": "opt_out", "source": "bench", "contact_id": n + 1,
         "created_at": now}
        for n in people if n % 50 == 11
    ]  # fmt: skip
    insert_all(connection, Suppression, rows)


def _asked_before(connection: Connection, people: range, version: int, now: datetime) -> None:
    rows = [_invitation(n, version, now - timedelta(days=n % 60), state="completed") for n in people[::5]]
    insert_all(connection, Invitation, rows)


def _waiting(connection: Connection, numbers: range, contacts: int, version: int, now: datetime) -> None:
    sent = now - timedelta(days=100)  # beyond every rest, so that planning decides as it would without them
    later = {"state": "delivered", "expires_at": now + timedelta(days=1)}
    rows = [_invitation(n % contacts, version, sent, token=page.token(n), **later) for n in numbers]
    insert_all(connection, Invitation, rows)


def _invitation(n: int, version: int, sent: datetime, **changes: Any) -> dict[str, Any]:
    times = dict.fromkeys(("created_at", "sent_at", "delivered_at"), sent)
    return {
        "contact_id": n + 1, "account_id": n // 4 + 1, "version_id": version, "stage": "relationship",
        "priority": 40, "channel": "email", "language": "en", "expires_at": sent + timedelta(days=21),
        **times, **changes,
    }  # fmt: skip


# The product.


def the_library() -> Library:
    """The shipped journey, and the questionnaire that the clients of `bench page` can answer."""
    shipped = library.load(resources.directories("questionnaires"))
    return Library({**shipped.questionnaires, NPS.key: NPS}, shipped.journey)


def the_runtime(url: str) -> Runtime:
    directory = Path(tempfile.gettempdir())
    settings = load(directory, {"FEEDBACK_DEMO": "true", "FEEDBACK_WEB_PUBLIC_URL": "http://127.0.0.1:8080"})
    settings = with_secrets(settings)
    mailbox = MemoryMailbox()
    providers: dict[str, Provider] = {
        f"simulator_{channel}": Simulator(channel=channel, mailbox=mailbox) for channel in ("sms", "email")
    }
    return Runtime(settings, the_library(), providers, Database(url, pool=20))


def with_secrets(settings: Settings) -> Settings:
    web = replace(settings.web, secret_key=Secret("s" * 40), password_salt=Secret("p" * 40))
    return replace(settings, web=web, organisation=replace(settings.organisation, name="Acme"))


class Holds:
    """The write transactions of this thread: how long each held its locks, its commit included, in seconds."""

    def __init__(self, database: Database) -> None:
        self.seconds: list[float] = []
        self.processor: list[float] = []
        """The part of `seconds` in which this thread computed; in the rest it waited for the disk or the processor."""
        self._thread, self._began, self._used = threading.get_ident(), 0.0, 0.0
        event.listen(database._writers, "begin", self._begin)
        event.listen(database._writers, "checkin", self._end)

    def _begin(self, _: Connection) -> None:
        if threading.get_ident() == self._thread:
            self._began, self._used = time.perf_counter(), time.thread_time()

    def _end(self, *_: object) -> None:
        if threading.get_ident() == self._thread and self._began:
            self.seconds.append(time.perf_counter() - self._began)
            self.processor.append(time.thread_time() - self._used)
            self._began = 0.0

    def milliseconds(self, share: float) -> float:
        """The time that this share of the transactions does not exceed."""
        return sorted(self.seconds)[max(0, round(len(self.seconds) * share) - 1)] * 1_000


def serve(url: str, contacts: int) -> None:
    """The web server; every line on standard input starts the worker's planning beside it."""
    import logging

    import structlog
    from waitress.server import create_server

    from feedback.cli.running import spare_what_lasts
    from feedback.web.app import create_app

    logging.disable(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    runtime = the_runtime(url)
    with runtime.database.writing() as session:
        _, key = api_keys.create(session, "bench", by=None, now=clock.now())
    server = create_server(create_app(runtime), host="127.0.0.1", port=0, threads=16, ident=None)
    spare_what_lasts()
    print(server.effective_port, flush=True)
    print(key, flush=True)
    threading.Thread(target=_plan_when_told, args=(runtime,), daemon=True).start()
    server.run()


def _plan_when_told(runtime: Runtime) -> None:
    """For as many seconds as each line says, or until there is nothing left to plan."""
    holds = Holds(runtime.database)
    for line in sys.stdin:
        deadline = Deadline(float(line))
        began, used = time.perf_counter(), time.thread_time()
        worker.plan(runtime, clock.now(), deadline.is_over)
        figures = {
            "seconds": time.perf_counter() - began,
            "processor": time.thread_time() - used,
            "longest_ms": holds.milliseconds(1.0),
            "longest_processor_ms": max(holds.processor) * 1_000,
            "p99_ms": holds.milliseconds(0.99),
            "transactions": len(holds.seconds),
            "is_done": not deadline.was_over,
        }
        with runtime.database.reading() as session:
            figures["enrolled"] = enrolled(session)
        print(json.dumps(figures), flush=True)


class Deadline:
    """Says when so many seconds are over, and remembers whether it was asked after that."""

    def __init__(self, seconds: float) -> None:
        self.was_over = False
        self._end = time.perf_counter() + seconds

    def is_over(self) -> bool:
        self.was_over = self.was_over or time.perf_counter() > self._end
        return self.was_over


def enrolled(session: Session) -> int:
    """The enrolments by date and cadence."""
    return session.scalar(select(func.count()).where(Enrolment.event_id.is_(None))) or 0


class Server(page.Server):
    """A page.Server that can be told to plan."""

    key: str = ""
    contacts: int = 0

    def plan(self, seconds: float) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()

    def planned(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        figures: dict[str, Any] = json.loads(self.process.stdout.readline())
        return figures


@contextmanager
def serving(url: str, contacts: int) -> Iterator[Server]:
    command = [sys.executable, "-m", "tests.benchmarks.scale", "--serve", "--database", url]
    process = subprocess.Popen(
        [*command, "--contacts", str(contacts)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        server = Server(int(process.stdout.readline()), process)
        server.key, server.contacts = process.stdout.readline().strip(), contacts
        yield server
    finally:
        process.terminate()
        process.wait()


# The floor.


class Floor:
    """What the floor of `bench page` costs, measured again beside everything that is compared with it.

    Other programs on the machine change the cost of both, so short runs take turns, and the median of their ratios
    counts.
    """

    def __init__(self, server: page.Server, seconds: float) -> None:
        self._server, self._seconds, self._numbers = server, seconds, page.Numbers()

    def milliseconds(self) -> float:
        """Of processor time for each answer, now."""
        run = page.measure_answers("the floor", self._server, 1, self._seconds, self._numbers, say=mute)
        return run.processor

    def beside(self, measure: Callable[[], float]) -> tuple[float, float]:
        """(milliseconds, multiple of the floor) of what `measure` returns in milliseconds; both are medians."""
        pairs = [(measure(), self.milliseconds()) for _ in range(ROUNDS)]
        return statistics.median(ours for ours, _ in pairs), statistics.median(a / b for a, b in pairs)


def mute(_: str) -> None:
    pass


# 4. Planning, and the answers beside it.

_NUMBERS = page.Numbers()


def measure_planning(server: Server, floor: Floor) -> dict[str, Any]:
    """Answers are posted by eight clients while the worker plans and, in turns, while it does not."""
    beside, alone, floors = Answering(server), Answering(server), [floor.milliseconds()]
    seconds = processor = 0.0
    alone.for_seconds(SLICE / 3)
    while True:
        server.plan(SLICE)
        planned = beside.until(server.planned)
        seconds, processor = seconds + planned["seconds"], processor + planned["processor"]
        alone.for_seconds(SLICE / 3)
        floors.append(floor.milliseconds())
        if planned["is_done"]:
            break
    each = processor * 1_000 / max(1, planned["enrolled"])
    ratio, kept = each / statistics.median(floors), beside.rate / alone.rate
    say(f"planning      {planned['enrolled']:,} enrolments in {seconds:.1f} s beside {page.QUICK} clients")
    say(f"              {each:.2f} ms of processor each, {ratio:.2f} times the floor (bar: 0.4)")
    say(f"              {planned['transactions']:,} write transactions: 99 of 100 within {planned['p99_ms']:.0f} ms,"
        f" longest {planned['longest_ms']:.0f} ms (bar: 50, on a quiet machine),"
        f" of its own processor time {planned['longest_processor_ms']:.0f} ms")  # fmt: skip
    say(f"              answers meanwhile {beside.rate:.0f}/s, p99 {p99(beside.run):.0f} ms,"
        f" {len(beside.run.failures)} failed; without it {alone.rate:.0f}/s, p99 {p99(alone.run):.0f} ms"
        f" (bar: {kept:.0%} of at least 80 %)")  # fmt: skip
    return {
        **planned, "seconds": seconds, "processor": processor, "against_floor": ratio, "rate": beside.rate,
        "p99": p99(beside.run), "alone_rate": alone.rate, "alone_p99": p99(alone.run),
        "failures": beside.run.failures,
    }  # fmt: skip


class Answering:
    """Eight clients that answer whenever they are told, and what they saw in all that time."""

    def __init__(self, server: Server) -> None:
        self.run, self.seconds = page.Run(), 0.0
        self._server = server

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.run.seconds) / self.seconds

    def for_seconds(self, seconds: float) -> None:
        self.until(lambda: time.sleep(seconds))

    def until(self, wait: Callable[[], T]) -> T:
        """Answer until `wait` returns. Returns what it returned."""
        done = threading.Event()
        clients = [
            threading.Thread(target=_answer_until, args=(done, self._server, self.run))
            for _ in range(page.QUICK)
        ]
        began = time.perf_counter()
        for client in clients:
            client.start()
        found = wait()
        done.set()
        for client in clients:
            client.join()
        self.seconds += time.perf_counter() - began
        if _NUMBERS.given >= page.INVITATIONS:
            raise SystemExit("All invitations of the base are answered, so the end was not measured.")
        return found


def _answer_until(done: threading.Event, server: Server, run: page.Run) -> None:
    while not done.is_set() and _NUMBERS.given < page.INVITATIONS:
        page.visit_until(time.perf_counter() + 0.2, server.port, _NUMBERS, run)


def p99(run: page.Run) -> float:
    return sorted(run.seconds)[int(len(run.seconds) * 0.99)] * 1_000 if run.seconds else float("nan")


# 1. Forecast.


def foresee(url: str, days: int) -> None:
    runtime = the_runtime(url)
    began, used = time.perf_counter(), time.process_time()
    with runtime.database.reading() as session:
        totals = forecast.Totals(UTC)
        for each in forecast.foresee(session, runtime, clock.now(), days):
            totals.count(*each)
    figures = {
        "seconds": time.perf_counter() - began,
        "processor": time.process_time() - used,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024,
        "sent": totals.sent,
        "skipped": sum(totals.skipped.values()),
    }
    print(json.dumps(figures), flush=True)


def measure_forecast(url: str, days: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.scale", "--forecast", "--database", url]
    done = subprocess.run(
        [*command, "--days", str(days)], stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT
    )
    found: dict[str, Any] = json.loads(done.stdout)
    say(f"forecast      {days} days, {found['sent'] + found['skipped']:,} surveys: {found['seconds']:.1f} s"
        f" ({found['processor']:.1f} s of processor), {found['megabytes']:.0f} MB")  # fmt: skip
    return found


# 3. Events.


class Events:
    """Posts each event once, as a program with an API key does."""

    def __init__(self, server: Server, contacts: int) -> None:
        self.server = server
        self.made, self._contacts = 0, contacts
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {server.key}"}

    def singly(self) -> float:
        """Milliseconds of the server's processor time for each event, with a request for each."""
        return self._each([("/api/v1/events", event) for event in self._new(EVENTS // ROUNDS)])

    def together(self) -> float:
        """The same with 100 events in a request."""
        batches = [self._new(TOGETHER) for _ in range(EVENTS // TOGETHER)]
        return self._each([("/api/v1/events/batch", {"events": each}) for each in batches]) / TOGETHER

    def _new(self, count: int) -> list[dict[str, str]]:
        numbers = range(self.made, self.made + count)
        self.made += count
        now = datetime.now(UTC).isoformat()
        return [
            {
                "key": f"bench:{n}",
                "name": "ticket_closed",
                "contact": f"c{n % self._contacts}",
                "occurred_at": now,
            }
            for n in numbers
        ]

    def _each(self, requests: list[tuple[str, Any]]) -> float:
        before = self.server.processor_seconds()
        for path, body in requests:
            self._connection.request("POST", path, json.dumps(body), self._headers)
            response = self._connection.getresponse()
            answer = response.read()
            if response.status not in (200, 201):
                raise SystemExit(f"The event was refused: {response.status} {answer!r}")
        return (self.server.processor_seconds() - before) * 1_000 / len(requests)


def measure_events(server: Server, directory: Path, url: str, floor: Floor) -> dict[str, float]:
    events = Events(server, server.contacts)
    figures = {}
    for name, words, measure in (
        ("api", "by API", events.singly),
        ("batch", f"{TOGETHER} in a request", events.together),
        ("file", "by file", lambda: import_events(directory, url, events)),
    ):
        each, ratio = floor.beside(measure)
        say(f"events        {words} {each:.2f} ms of processor, {ratio:.2f} times the floor (bar: 1.0)")
        figures |= {f"{name}_ms": each, name: ratio}
    return figures


def import_events(directory: Path, url: str, events: Events) -> float:
    """Milliseconds of processor time for each row."""
    path = directory / "events.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, ["key", "name", "contact", "occurred_at"])
        file.write("event.key,event.name,event.contact,event.occurred_at\n")
        rows.writerows(events._new(EVENTS))
    runtime = the_runtime(url)
    used = time.process_time()
    report = imports.run(runtime.database, "events", path, None, runtime, clock.now())
    if report.created != EVENTS:
        raise SystemExit(
            f"The import went wrong: {report.created} of {report.read} rows, {report.refused[:3]}"
        )
    runtime.database.close()
    return (time.process_time() - used) * 1_000 / EVENTS


# 2. Answers.


def measure_answers(server: Server, seconds: float, floor: Floor) -> dict[str, float]:
    part = seconds / ROUNDS
    posted, to_post = floor.beside(
        lambda: page.measure_answers("the product", server, 1, part, _NUMBERS, say=mute).processor
    )
    walked, to_walk = floor.beside(lambda: measure_walks(server, part))
    say(f"answers       page and post {posted:.2f} ms, {to_post:.2f} times the floor (bar: 2.0)")
    say(f"              and the next page {walked:.2f} ms, {to_walk:.2f} times the floor (bar: 3.0)")
    return {"page_and_post": to_post, "with_next_page": to_walk}


def measure_walks(server: Server, seconds: float) -> float:
    """Milliseconds of processor time for page, post and redirected page, one after the other as on a phone."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    before, end, count = server.processor_seconds(), time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        number = _NUMBERS.take()
        page.answer(connection, number)
        connection.request("GET", f"/{page.token(number)}", headers={"Accept-Encoding": "gzip"})
        connection.getresponse().read()
        count += 1
    return (server.processor_seconds() - before) * 1_000 / count


def say(line: str) -> None:
    print(line, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=30, help="of the forecast")
    parser.add_argument("--seconds", type=float, default=5, help="length of each run of answers")
    parser.add_argument("--database", help="an empty PostgreSQL database instead of SQLite")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL server of its own")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="what is measured")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--forecast", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
