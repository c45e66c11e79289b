"""What the customer's page costs: for the customer on a slow phone, and for the machine that serves it.

    python3 dev.py bench page [--seconds 5] [--database postgresql://...] [--json FILE]

1. The page: bytes over the wire and requests for every question type, then first contentful paint and load in
   Chromium on an emulated slow phone (400 kbit/s, 400 ms, processor slowed 4 times), beside a page written by
   hand with the same question and nothing else: the floor.
2. The answers: page and post until the answer is stored, by 1, 8 and 32 clients, beside a bare Flask view
   that inserts one row durably, on the same server (waitress) and machine: answers per second, processor time
   of the server per answer, the 99th percentile; then 8 clients again, alone and beside 64 phones that take
   their time (in a process of their own, so that only the server feels them).

Server and clients share the machine, so rates depend on it; the ratios to the floor are what to watch.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).parents[2]
CLIENTS = (1, 8, 32)
QUICK = 8
SLOW_PHONES = 64
INVITATIONS = 20_000
LETTERS = "ABCDEFGHJK"

MINIMAL = """<!doctype html><html lang=en><meta charset=utf-8>
<meta name=viewport content="width=device-width,initial-scale=1"><title>Feedback</title>
<form method=post><fieldset>
<legend>How likely is it that you would recommend Acme to a friend or colleague?</legend>
{points}</fieldset><button>Send</button></form>""".format(
    points="".join(f"<label><input type=radio name=score value={n}>{n}</label> " for n in range(11))
)


def token(number: int) -> str:
    """The token of invitation `number`, as the server made it."""
    return "".join(LETTERS[int(digit)] for digit in f"{number:012d}")


def say(line: str) -> None:
    print(line, flush=True)


# The server: this module again, in a process of its own, so that its processor time can be told apart.


def serve(kind: str, database: str) -> None:
    import logging

    logging.disable(logging.WARNING)  # waitress tells of every request that has to wait
    from waitress.server import create_server

    app = _floor(database) if kind == "floor" else _product(database)
    server = create_server(app, host="127.0.0.1", port=0, threads=16, ident=None)
    print(server.effective_port, flush=True)
    server.run()


def _product(url: str) -> Callable[..., object]:
    import logging
    from dataclasses import replace

    import structlog

    from feedback import clock
    from feedback.bootstrap import Runtime
    from feedback.settings import Secret, Settings
    from feedback.settings.table import OrganisationSettings, WebSettings
    from feedback.store.database import Database
    from feedback.web.app import create_app
    from tests.factories_all_types import EVERYTHING
    from tests.factories_surveys import NPS, invite, shelf

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    database = Database(url, pool=20)
    database.upgrade()
    library = shelf(NPS, EVERYTHING)
    sent, end = clock.now() - timedelta(hours=1), clock.now() + timedelta(days=1)
    times = {"sent_at": sent, "delivered_at": sent, "expires_at": end}
    with database.writing() as session:
        for number in range(INVITATIONS):
            invite(session, library, token=token(number), **times)
            if number % 1_000 == 0:
                session.expunge_all()
        invite(session, library, "everything", token="Z" * 12, **times)
    settings = replace(
        Settings(instance=Path(tempfile.gettempdir())),
        web=replace(WebSettings(), secret_key=Secret("s" * 40), password_salt=Secret("p" * 40)),
        organisation=replace(OrganisationSettings(), name="Acme", privacy_url="https://acme.example/privacy"),
    )
    return create_app(Runtime(settings, library, {}, database))


def _floor(url: str) -> Callable[..., object]:
    """One view that shows the minimal page, one that inserts one row and waits until it is durable."""
    from flask import Flask, request
    from sqlalchemy import text

    from feedback.store.database import Database

    app, database = Flask("floor"), Database(url, pool=20)
    if database.is_sqlite:
        Path(database.url.database or "").touch()
    with database.connection() as connection:
        connection.execute(text("CREATE TABLE bare_answer (token varchar(12), score integer)"))

    @app.get("/<token>")
    def show(token: str) -> str:
        return MINIMAL

    @app.post("/<token>")
    def submit(token: str) -> tuple[str, int, dict[str, str]]:
        row = {"token": token, "score": int(request.form["recommend"])}
        with database.connection() as connection:
            connection.execute(text("INSERT INTO bare_answer VALUES (:token, :score)"), row)
        return "", 303, {"Location": f"/{token}"}

    return app


@dataclass
class Server:
    port: int
    process: subprocess.Popen[str]

    def processor_seconds(self) -> float:
        """User and system time of the server so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(kind: str, database: str) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.page", "--serve", kind, "--database", database],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    try:
        yield Server(int(process.stdout.readline()), process)
    finally:
        process.terminate()
        process.wait()


# 1. The page.


def wire_bytes(port: int, path: str) -> int:
    """Bytes of the whole response to a browser's request, headers included."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        return sum(len(part) for part in iter(lambda: connection.recv(65536), b""))


@dataclass
class Load:
    requests: int
    paint: float
    loaded: float


def load(browser: object, address: str, rounds: int) -> Load:
    """Medians over `rounds` visits with an empty cache; milliseconds."""
    visits = [_visit(browser, address) for _ in range(rounds)]
    return Load(
        max(visit.requests for visit in visits),
        statistics.median(visit.paint for visit in visits),
        statistics.median(visit.loaded for visit in visits),
    )


def _visit(browser: object, address: str) -> Load:
    context = browser.new_context(viewport={"width": 390, "height": 844})  # type: ignore[attr-defined]
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000},
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(address, wait_until="load")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    context.close()
    return Load(len(requested), paint, loaded)


def measure_pages(product: Server, floor: Server, rounds: int) -> dict[str, object]:
    from tests.factories_all_types import EVERYTHING, LANGUAGES

    sizes = {
        (question.key, language): wire_bytes(product.port, f"/{'Z' * 12}?q={question.key}&l={language}")
        for question in EVERYTHING.questions
        for language in LANGUAGES
    }
    largest = max(sizes, key=lambda each: sizes[each])
    say(f"bytes of a page    NPS in English {sizes['nps', 'en']:,}")
    say(f"                   largest {sizes[largest]:,} ({', '.join(largest)}; bar: 8,000)")
    say(f"                   the floor, not compressed: {wire_bytes(floor.port, '/A'):,}")
    with _chromium() as browser:
        ours = load(browser, f"http://127.0.0.1:{product.port}/{'Z' * 12}", rounds)
        bare = load(browser, f"http://127.0.0.1:{floor.port}/A", rounds)
    say(f"{'on a slow phone':18} {'requests':>9} {'first paint':>12} {'loaded':>9}")
    for name, each in (("the page", ours), ("the floor", bare)):
        say(f"{name:18} {each.requests:9} {each.paint:9.0f} ms {each.loaded:6.0f} ms")
    say(f"first paint is {ours.paint / bare.paint:.2f} times the floor's (bar: 1.5)")
    return {"largest_bytes": sizes[largest], "page": asdict(ours), "floor": asdict(bare)}


@contextmanager
def _chromium() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    from tests.conftest import CHROMIUM, CHROMIUM_ARGUMENTS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


# 2. The answers.


@dataclass
class Run:
    """What all clients together saw: seconds for each answer, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Numbers:
    """Hands every invitation out once."""

    def __init__(self) -> None:
        self._next, self._lock = 0, threading.Lock()

    @property
    def given(self) -> int:
        """How many were handed out."""
        return self._next

    def take(self) -> int:
        with self._lock:
            self._next += 1
            return self._next - 1


def answer(connection: http.client.HTTPConnection, number: int) -> None:
    """Looks at a page and sends its form. Raises ValueError where the answer was not accepted."""
    path = f"/{token(number)}"
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})  # as every phone does
    shown = connection.getresponse()
    body = shown.read()
    page = (gzip.decompress(body) if shown.getheader("Content-Encoding") else body).decode()
    made = re.search(r'name="stamp" value="([^"]+)"', page)
    form = urlencode({"recommend": number % 11, "seen": 1, "stamp": made[1] if made else ""})
    connection.request(
        "POST", f"{path}?q=recommend", form, {"Content-Type": "application/x-www-form-urlencoded"}
    )
    response = connection.getresponse()
    response.read()
    if response.status != 303:
        raise ValueError(f"status {response.status}")


def visit_until(end: float, port: int, numbers: Numbers, run: Run) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while time.perf_counter() < end and (number := numbers.take()) < INVITATIONS:
        began = time.perf_counter()
        try:
            answer(connection, number)
        except (OSError, ValueError, http.client.HTTPException) as error:
            run.failures.append(repr(error))
            connection.close()
        else:
            run.seconds.append(time.perf_counter() - began)


def dawdle(port: int, number: int) -> None:
    """A phone with one bar of signal: sends its post a few bytes at a time, again and again."""
    body = b"recommend=5&stamp=none" + b"&x=" + b"y" * 400
    head = f"POST /{token(number)}?q=recommend HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    kind = "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    while True:
        with socket.create_connection(("127.0.0.1", port)) as phone:
            phone.sendall((head + kind).encode())
            for at in range(0, len(body), 4):
                phone.sendall(body[at : at + 4])
                time.sleep(0.1)
            phone.recv(4096)


def dawdle_together(port: int) -> None:
    phones = [threading.Thread(target=dawdle, args=(port, each), daemon=True) for each in range(SLOW_PHONES)]
    for phone in phones:
        phone.start()
    print("ready", flush=True)
    for phone in phones:
        phone.join()


@contextmanager
def slow_phones(port: int) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.page", "--dawdle", str(port)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        process.wait()


@dataclass
class Answers:
    """One line of the table. Times in milliseconds; `processor` is the server's, for each answer."""

    who: str
    clients: int
    beside: int
    rate: float
    processor: float
    p99: float
    failures: list[str]

    def __str__(self) -> str:
        failed = f" · {len(self.failures)} failed, first {self.failures[0]}" if self.failures else ""
        beside = f"beside {self.beside} slow" if self.beside else ""
        return (
            f"{self.who:12} {self.clients:3} clients {beside:14}"
            f" {self.rate:7.0f}/s {self.processor:8.2f} ms {self.p99:8.0f} ms{failed}"
        )


def measure_answers(
    who: str,
    server: Server,
    clients: int,
    seconds: float,
    numbers: Numbers,
    beside: int = 0,
    say: Callable[[str], None] = say,
) -> Answers:
    run, end = Run(), time.perf_counter() + seconds
    visitors = [
        threading.Thread(target=visit_until, args=(end, server.port, numbers, run)) for _ in range(clients)
    ]
    before, began = server.processor_seconds(), time.perf_counter()
    for thread in visitors:
        thread.start()
    for thread in visitors:
        thread.join()
    took, used = time.perf_counter() - began, server.processor_seconds() - before
    count = max(1, len(run.seconds))
    p99 = sorted(run.seconds)[int(len(run.seconds) * 0.99)] * 1_000 if run.seconds else float("nan")
    line = Answers(who, clients, beside, len(run.seconds) / took, used / count * 1_000, p99, run.failures)
    say(str(line))
    return line


def measure_all_answers(product: Server, floor: Server, seconds: float) -> list[Answers]:
    say(f"\n{'answers stored':38} {'rate':>9} {'processor':>11} {'p99':>11}")
    ours, bare = Numbers(), Numbers()
    lines = []
    for clients in CLIENTS:
        lines.append(measure_answers("the product", product, clients, seconds, ours))
        lines.append(measure_answers("the floor", floor, clients, seconds, bare))
    alone = measure_answers("the product", product, QUICK, seconds, ours)
    with slow_phones(product.port):
        slowed = measure_answers("the product", product, QUICK, seconds, ours, SLOW_PHONES)
    say(f"beside {SLOW_PHONES} slow phones {slowed.rate / alone.rate:.0%} of the rate (bar: 80 %)")
    return [*lines, alone, slowed]


def measure(seconds: float, database: str | None, rounds: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as directory:
        ours = database or f"sqlite:///{directory}/product.db"
        bare = f"sqlite:///{directory}/floor.db"
        with running("product", ours) as product, running("floor", bare) as floor:
            pages = measure_pages(product, floor, rounds)
            answers = measure_all_answers(product, floor, seconds)
    return {"pages": pages, "answers": [asdict(each) for each in answers]}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5, help="length of each run")
    parser.add_argument("--rounds", type=int, default=5, help="visits on the slow phone")
    parser.add_argument("--database", help="an empty PostgreSQL database instead of SQLite")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--serve", choices=["product", "floor"], help=argparse.SUPPRESS)
    parser.add_argument("--dawdle", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.database)
    elif options.dawdle:
        dawdle_together(options.dawdle)
    else:
        figures = measure(options.seconds, options.database, options.rounds)
        if options.json:
            options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
