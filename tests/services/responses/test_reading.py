"""A STOP that was written while the product was down is read before anything is sent."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.errors import StorageUnavailable
from feedback.services.messaging import provider_holds
from feedback.services.responses import reading
from feedback.services.responses.reading import Readings
from feedback.store.database import Database
from feedback.store.models import Contact, Message, Suppression
from feedback.worker import UNREAD, Worker
from tests import outbox_processes
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, FakeTwilio
from tests.providers.made import twilio_sms
from tests.services.conftest import World
from tests.services.messaging.test_stopping import instance, run, until

__all__ = ["instance"]  # a fixture

SMS = "twilio_sms"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Clock:
    return Clock()


@pytest.fixture
def readings(time: Clock) -> Readings:
    return Readings([SMS], time)


def test_nothing_is_sent_before_the_first_reading(readings: Readings) -> None:
    assert (readings.may_send(SMS), readings.is_due(SMS)) == (False, True)
    readings.succeeded(SMS)
    assert (readings.may_send(SMS), readings.is_due(SMS)) == (True, False)


def test_a_provider_without_replies_waits_for_nothing(readings: Readings) -> None:
    assert readings.may_send("smtp_email")


def test_a_reading_that_fails_is_tried_again_soon_and_ever_more_seldom(
    readings: Readings, time: Clock
) -> None:
    pauses = []
    for _ in range(9):
        readings.failed(SMS)
        began = time.seconds
        while not readings.is_due(SMS):
            time.seconds += 1
        pauses.append(time.seconds - began)
        assert not readings.may_send(SMS) or pauses[-1] > 100
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_after_a_quarter_of_an_hour_of_failing_the_provider_is_to_be_held_once(
    readings: Readings, time: Clock
) -> None:
    answers = []
    for _ in range(5):
        answers.append(readings.failed(SMS))
        time.seconds += reading.HELD_AFTER / 3
    assert answers == [False, False, False, True, False]
    assert readings.may_send(SMS)  # the hold decides now, and a person can release it


def test_a_failure_while_all_is_well_stops_nothing(readings: Readings, time: Clock) -> None:
    readings.succeeded(SMS)
    for _ in range(5):
        time.seconds += reading.HELD_AFTER
        assert not readings.failed(SMS)
    assert readings.may_send(SMS)


def test_after_a_time_in_which_nothing_could_be_stored_replies_are_read_first(
    readings: Readings, time: Clock
) -> None:
    readings.succeeded(SMS)
    readings.missed()
    assert (readings.may_send(SMS), readings.is_due(SMS)) == (False, True)


# -- the worker --------------------------------------------------------------------------------------------------------


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as server:
        yield server


@pytest.fixture
def down(world: World, twilio: FakeTwilio) -> World:
    """Ten texts are queued, and five of the people have written STOP."""
    world.now = clock.now()
    world.settings = replace(world.settings, twilio=replace(world.settings.twilio, sender=OUR_NUMBER))
    world.providers.clear()
    world.providers[SMS] = twilio_sms(
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        public_url="https://feedback.example",
        sender=OUR_NUMBER,
        base_url=twilio.url,
    )
    fill(world.database, twilio.receive)
    return world


def fill(database: Database, write: Callable[[str, str, str], object]) -> None:
    outbox_processes.fill(database, 10, numbers=10)
    with database.writing() as session:
        for number in range(10):
            phone = f"+1500556{number:04d}"
            now = clock.now()
            person = {"external_id": f"c{number}", "phone": phone, "created_at": now, "updated_at": now}
            session.execute(insert(Contact).values(person))
    for number in range(5):
        write(f"+1500556{number:04d}", OUR_NUMBER, "STOP")


def worker_of(world: World) -> Worker:
    runtime = Runtime(world.settings, world.library, world.providers, world.database)
    return Worker(runtime, lambda: world.now)


def asked(twilio: FakeTwilio) -> set[str]:
    """Who got a survey; a STOP is confirmed to whoever wrote it."""
    return {each.to for each in twilio.outbound() if "https://s.example/" in each.body}


def test_a_stop_written_while_the_product_was_down_is_read_first(down: World, twilio: FakeTwilio) -> None:
    worker_of(down).tick()
    assert asked(twilio) == {f"+1500556{number:04d}" for number in range(5, 10)}


def test_while_replies_cannot_be_read_nothing_is_sent(down: World, twilio: FakeTwilio) -> None:
    twilio.list_down = True
    worker = worker_of(down)
    for _ in range(3):
        worker.tick()
    assert twilio.outbound() == []
    twilio.list_down = False
    worker.tick()
    assert len(asked(twilio)) == 5


def test_replies_that_cannot_be_read_for_long_hold_the_provider_until_they_can(
    down: World, twilio: FakeTwilio, time: Clock
) -> None:
    twilio.list_down = True
    worker = worker_of(down)
    worker._readings.elapsed = time
    for _ in range(4):
        worker.tick()
        time.seconds += reading.HELD_AFTER / 2
    (hold,) = holds(down)
    assert (hold.provider, hold.code) == (SMS, UNREAD)
    assert "Replies of customers cannot be read: Twilio answered 503." in hold.reason
    assert "resumes by itself" in hold.reason
    assert twilio.outbound() == []
    twilio.list_down = False
    worker.tick()
    assert holds(down) == []
    assert len(asked(twilio)) == 5


def test_a_person_may_release_it_all_the_same(down: World, twilio: FakeTwilio, time: Clock) -> None:
    twilio.list_down = True
    worker = worker_of(down)
    worker._readings.elapsed = time
    for _ in range(4):
        worker.tick()
        time.seconds += reading.HELD_AFTER / 2
    with down.database.writing() as session:
        provider_holds.lift(session, SMS, None, down.now)
    worker.tick()
    assert len(asked(twilio)) == 10
    assert holds(down) == []


def holds(world: World) -> list[provider_holds.ProviderHold]:
    with world.database.reading() as session:
        return list(provider_holds.in_force(session))


def test_a_database_that_was_away_makes_the_worker_read_again(down: World, twilio: FakeTwilio) -> None:
    worker = worker_of(down)
    worker.tick()
    assert worker._readings.may_send(SMS)

    def away(*_: object) -> None:
        raise StorageUnavailable("The database is away.")

    worker._run("anything", away)
    assert not worker._readings.may_send(SMS)


def test_no_message_goes_out_before_the_stops_of_the_downtime_were_read_by_a_real_worker(
    instance: Path, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{instance / 'feedback.db'}")
    log = tmp_path / "twilio.jsonl"
    with outbox_processes.fake_twilio(log) as url:
        fill(database, lambda sender, to, body: receive(url, sender, to, body))
        worker = run(instance, "run", "--no-web", FEEDBACK_TWILIO_BASE_URL=url)
        try:
            until(lambda: stopped(database) == 5 and outbox_processes.unfinished(database) == 0)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
        finally:
            outbox_processes.put_down(worker)
    with database.reading() as session:
        states = dict(
            session.execute(
                select(Message.state, func.count()).where(Message.match.is_not(None)).group_by(Message.state)
            ).all()
        )
    database.close()
    assert states == {"sent": 5, "cancelled": 5}


def receive(url: str, sender: str, to: str, body: str) -> None:
    import requests

    session = requests.Session()
    session.trust_env = False
    session.post(
        f"{url}/_fake/receive", json={"from_": sender, "to": to, "body": body}, timeout=10
    ).raise_for_status()


def stopped(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Suppression)) or 0
