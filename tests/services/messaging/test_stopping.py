"""Workers that are told to stop, or killed: only calls that were really begun are in doubt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from feedback.errors import DeliveryFailed
from feedback.providers.base import Deadline, Outgoing, Sent
from feedback.providers.simulator import Simulator
from feedback.services.journey import invitations
from feedback.services.messaging import dispatch, invariants
from feedback.services.messaging.stopping import StopSignal
from feedback.store.database import Database
from feedback.store.models import Attempt, Message
from tests import outbox_processes
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, times_accepted
from tests.outbox_processes import ROOT
from tests.services.conftest import World, times_delivered
from tests.services.messaging.sending import begin, claim, many, queue, reap, send

LONGEST = 60.0  # seconds until a trial counts as stuck


def states(world: World) -> Counter[str]:
    with world.database.reading() as session:
        return Counter(session.scalars(select(Message.state)))


# -- killed ------------------------------------------------------------------------------------------------------------


def test_of_a_claimed_batch_only_the_calls_that_were_begun_are_in_doubt(world: World) -> None:
    queue(world, *many(20))
    claimed = claim(world)
    for each in claimed[:4]:
        begin(world, each)
    world.wait(seconds=world.settings.worker.lease.total_seconds() + Simulator.longest_call + 1)
    assert reap(world) == 20
    assert states(world) == {"unconfirmed": 4, "queued": 16}


def test_what_was_not_begun_does_not_wait_for_the_longest_call(world: World) -> None:
    queue(world, *many(2))
    begin(world, claim(world)[0])
    world.wait(seconds=world.settings.worker.lease.total_seconds() + 1)
    assert reap(world) == 1
    assert states(world) == {"sending": 1, "queued": 1}


def test_what_was_claimed_and_never_begun_counts_as_no_attempt(due: World) -> None:
    claim(due)
    with due.database.reading() as session:
        assert invariants.check(session, due.now) == []
    due.wait(hours=1)
    reap(due)
    assert send(due) == 1
    with due.database.reading() as session:
        assert session.scalars(select(Attempt.number)).all() == [1]
        assert invariants.check(session, due.now) == []
    assert times_delivered(due.mailbox) == {1: 1}


@pytest.mark.parametrize("other", ["worker", "another"])
def test_a_worker_that_slept_through_its_lease_begins_nothing(due: World, other: str) -> None:
    (late,) = claim(due)
    due.wait(hours=1)
    reap(due)
    assert not begin(due, late)
    (taken,) = claim(due, other)
    if other == "worker":  # the same one, by its name, but another call
        assert begin(due, taken)
        carried_out(due, late)
        assert due.mailbox.delivered == []
    else:
        assert not begin(due, late)
        assert begin(due, taken)


def carried_out(world: World, claimed: dispatch.Claimed) -> None:
    process = dispatch.Process(lambda: world.now)
    dispatch._Calls(world.database, world.context, process, lambda _: None).carry_out(claimed)


def test_a_certain_refusal_that_is_recorded_late_ends_the_doubt_about_a_mail(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session, phone=None)
        world.event(session, "ticket_closed")
    queue_mail(world)
    (claimed,) = claim(world)
    begin(world, claimed)
    world.wait(hours=1)
    reap(world)
    assert states(world) == {"held": 1}
    outcome = dispatch.SendOutcome(claimed, error=refused())
    with world.database.writing() as session:
        assert dispatch.record(session, outcome, world.settings, world.now)
    assert states(world) == {"queued": 1}


def refused() -> DeliveryFailed:
    return DeliveryFailed("Not now.", permanent=False, code="retry")


def queue_mail(world: World) -> None:
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now)


def test_one_kill_leaves_as_many_in_doubt_as_calls_were_under_way(
    migrated: Database, tmp_path: Path, make_world: Callable[[Database], World]
) -> None:
    outbox_processes.fill(migrated, 20)
    url = migrated.url.render_as_string(hide_password=False)
    log = tmp_path / "twilio.jsonl"
    with outbox_processes.fake_twilio(log, "--send-latency", "60") as twilio:
        victim = outbox_processes.start_sender(
            url, twilio, "--lease", "60", "--timeout", "60", "--threads", "3"
        )
        try:
            until(lambda: calls_begun(migrated) == 3)
        finally:
            outbox_processes.put_down(victim)
    world = make_world(migrated)
    world.now = migrated.now()
    world.wait(hours=1)
    assert reap(world) == 20
    assert states(world) == {"unconfirmed": 3, "queued": 17}


def calls_begun(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Attempt)) or 0


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < end, "stuck"
        time.sleep(0.05)


# -- told to stop ------------------------------------------------------------------------------------------------------


def test_a_worker_that_is_told_to_stop_puts_back_what_it_has_claimed(world: World) -> None:
    queue(world, *many(9))
    stop = StopSignal()
    world.providers["simulator_sms"] = StopsAt(3, stop, world)
    process = dispatch.Process(lambda: world.now, stop)
    dispatch.send_queued(world.database, world.context, "worker", world.now, process=process)
    assert states(world) == {"sent": 3, "queued": 6}
    assert dispatch.send_queued(world.database, world.context, "worker", world.now, process=process) == 0
    send(world)
    assert states(world) == {"sent": 9}
    assert set(times_delivered(world.mailbox).values()) == {1}


class StopsAt(Simulator):
    """The stop comes while the call number `last` is under way."""

    def __init__(self, last: int, stop: StopSignal, world: World) -> None:
        super().__init__(channel="sms", mailbox=world.mailbox)
        self.left, self.stop = last, stop

    def send(self, outgoing: Outgoing) -> Sent:
        sent = super().send(outgoing)
        self.left -= 1
        if not self.left:
            self.stop.ask()
        return sent


def test_a_call_that_has_written_nothing_yet_is_given_up_at_the_stop() -> None:
    stop = StopSignal()
    deadline = Deadline.after(60, revoked=lambda: stop.asked)
    deadline.check()
    stop.ask()
    with pytest.raises(DeliveryFailed) as failure:
        deadline.check()
    assert not failure.value.permanent


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    directory = tmp_path / "instance"
    made = run(directory, "init", "--name", "Acme", "--public-url", "https://s.example")
    assert made.wait(LONGEST) == 0
    return directory


def run(instance: Path, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
    """A command of `feedback` as a process."""
    environ = {
        **os.environ,
        "FEEDBACK_PROVIDERS_ENABLED": "twilio_sms",
        "FEEDBACK_TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "FEEDBACK_TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "FEEDBACK_TWILIO_SENDER": OUR_NUMBER,
        "FEEDBACK_TWILIO_MESSAGES_PER_SECOND": "1000",
        "FEEDBACK_WORKER_TICK": "0.2",
        **settings,
    }
    command = [sys.executable, "-m", "feedback.cli", "--instance", str(instance), *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)


@pytest.fixture
def queued(instance: Path) -> Iterator[Database]:
    """The database of an installation with a hundred messages in its outbox."""
    database = Database(f"sqlite:///{instance / 'feedback.db'}")
    outbox_processes.fill(database, 100)
    yield database
    database.close()


def test_sigterm_sends_nothing_more_and_leaves_nothing_in_doubt(
    instance: Path, queued: Database, tmp_path: Path
) -> None:
    log = tmp_path / "twilio.jsonl"
    with outbox_processes.fake_twilio(log, "--send-latency", "0.3") as twilio:
        worker = run(instance, "run", "--no-web", FEEDBACK_TWILIO_BASE_URL=twilio)
        try:
            until(lambda: accepted(log) >= 4)
            worker.send_signal(signal.SIGTERM)
            at_signal = accepted(log)
            assert worker.wait(LONGEST) == 0
        finally:
            outbox_processes.put_down(worker)
    assert accepted(log) <= at_signal + 2 * 4  # the calls under way, and those that began as the signal came
    assert state_counts(queued) == {"sent": accepted(log), "queued": 100 - accepted(log)}


@pytest.mark.parametrize("web", [(), ("--no-web",)])
def test_sigterm_does_not_wait_for_a_provider_that_hangs(
    instance: Path, queued: Database, tmp_path: Path, web: tuple[str, ...]
) -> None:
    log = tmp_path / "twilio.jsonl"
    hang = {"FEEDBACK_TWILIO_TIMEOUT": "60", "FEEDBACK_WORKER_STOP_WITHIN": "1s", "FEEDBACK_WEB_PORT": "0"}
    with outbox_processes.fake_twilio(log, "--send-latency", "60") as twilio:
        worker = run(instance, "run", *web, FEEDBACK_TWILIO_BASE_URL=twilio, **hang)
        try:
            until(lambda: calls_begun(queued) == 4)
            told = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(LONGEST) == 0
            assert time.monotonic() - told < 30  # a call takes sixty
        finally:
            outbox_processes.put_down(worker)
    found = state_counts(queued)  # a call that had written nothing yet is certainly not sent
    assert (found["sending"] + found["queued"], found["sending"] <= 4) == (100, True)


def accepted(log: Path) -> int:
    return sum(times_accepted(log, outbox_processes.LINK.pattern).values()) if log.exists() else 0


def state_counts(database: Database) -> Counter[str]:
    with database.reading() as session:
        return Counter(session.scalars(select(Message.state)))
