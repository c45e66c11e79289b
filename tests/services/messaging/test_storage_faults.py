"""Disks that fill up, databases that are locked or gone: nothing is sent that was not written down first."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, select, text

from feedback.errors import StorageUnavailable
from feedback.services.journey import enrolments, invitations
from feedback.services.messaging import dispatch
from feedback.services.messaging.stopping import StopSignal
from feedback.store.database import Database
from feedback.store.models import Enrolment, Invitation, Message
from tests.services.conftest import World, times_delivered
from tests.services.messaging.sending import many, queue, send


@pytest.fixture
def on_sqlite(migrated_sqlite: Path, tmp_path: Path, make_world: Callable[[Database], World]) -> World:
    file = tmp_path / "small.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    return queue(make_world(Database(f"sqlite:///{file}", patience=0.3)))


def state(world: World) -> str:
    with world.database.reading() as session:
        return session.scalars(select(Message.state)).one()


def test_a_full_disk_sends_nothing_and_goes_on_once_there_is_room(
    migrated_sqlite: Path, tmp_path: Path, make_world: Callable[[Database], World]
) -> None:
    file = tmp_path / "small.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    world = make_world(Database(f"sqlite:///{file}"))
    world.settings = replace(world.settings, worker=replace(world.settings.worker, batch=300))
    queue(world, *many(200))
    limit(world.database, full)
    with pytest.raises(StorageUnavailable, match="disk"):  # 200 calls to be written down need several pages
        send(world)
    assert world.mailbox.delivered == []
    with world.database.reading() as session:
        assert {tuple(row) for row in session.execute(select(Message.state, Message.attempt))} == {
            ("queued", 0)
        }
    event.remove(world.database._writers, "connect", full)
    limit(world.database, spacious)
    assert send(world) == 200
    assert set(times_delivered(world.mailbox).values()) == {1}


def full(connection: sqlite3.Connection, _: object) -> None:
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")


def spacious(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA max_page_count = 1000000")


def limit(database: Database, how: Callable[[sqlite3.Connection, object], None]) -> None:
    """From now on every connection of `database` has so much room."""
    database.close()
    event.listen(database._writers, "connect", how)


def test_a_locked_database_sends_nothing_and_goes_on_afterwards(on_sqlite: World) -> None:
    world = on_sqlite
    blocker = sqlite3.connect(world.database.url.database or "", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable):
        send(world)
    assert world.mailbox.delivered == []
    blocker.execute("ROLLBACK")
    blocker.close()
    assert send(world) == 1
    assert len(world.mailbox.delivered) == 1


def locked_for_a_moment(world: World, wanted: str) -> Callable[[str], None]:
    """Another program locks the database for 0.8 s when the sender reaches this point."""

    def reached(point: str) -> None:
        if point != wanted:
            return
        path = world.database.url.database or ""
        blocker = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        blocker.execute("BEGIN IMMEDIATE")
        threading.Timer(0.8, lambda: (blocker.execute("ROLLBACK"), blocker.close())).start()

    return reached


def test_a_result_is_recorded_once_the_database_is_back(on_sqlite: World) -> None:
    world, reached = on_sqlite, locked_for_a_moment(on_sqlite, "after_begin")
    dispatch.send_queued(world.database, world.context, "worker", world.now, reached=reached)
    assert (state(world), len(world.mailbox.delivered)) == ("sent", 1)


def test_a_call_whose_beginning_cannot_be_stored_is_not_made_and_is_due_again(on_sqlite: World) -> None:
    world, reached = on_sqlite, locked_for_a_moment(on_sqlite, "after_claim")
    dispatch.send_queued(world.database, world.context, "worker", world.now, reached=reached)
    assert (state(world), len(world.mailbox.delivered)) == ("queued", 0)
    world.wait(minutes=1)
    assert send(world) == 1
    assert (state(world), len(world.mailbox.delivered)) == ("sent", 1)


def test_a_result_is_kept_for_as_long_as_the_process_lives(on_sqlite: World) -> None:
    """A failover takes longer than any fixed number of tries."""
    world, tries = on_sqlite, 0
    blocker = sqlite3.connect(world.database.url.database or "", isolation_level=None)

    def reached(point: str) -> None:
        nonlocal tries
        if point == "after_begin":
            blocker.execute("BEGIN IMMEDIATE")
        if point == "before_another_try":
            tries += 1
            if tries == 2 * len(dispatch.STORAGE_BACK):
                blocker.execute("ROLLBACK")

    process = dispatch.Process(lambda: world.now, Hurried())
    dispatch.send_queued(world.database, world.context, "worker", world.now, process=process, reached=reached)
    blocker.close()
    assert (state(world), len(world.mailbox.delivered)) == ("sent", 1)


def test_a_process_that_has_to_end_waits_for_no_database(on_sqlite: World) -> None:
    world, stop = on_sqlite, StopSignal()
    blocker = sqlite3.connect(world.database.url.database or "", isolation_level=None)

    def reached(point: str) -> None:
        if point == "after_begin":
            blocker.execute("BEGIN IMMEDIATE")
        if point == "before_another_try":
            stop.end()

    process = dispatch.Process(lambda: world.now, stop)
    dispatch.send_queued(world.database, world.context, "worker", world.now, process=process, reached=reached)
    blocker.execute("ROLLBACK")
    blocker.close()
    assert (state(world), len(world.mailbox.delivered)) == ("sending", 1)


class Hurried(StopSignal):
    """Does not wait between two tries."""

    def wait_until_ended(self, seconds: float) -> bool:
        return super().wait_until_ended(0)


@pytest.mark.postgres
def test_a_server_that_ends_our_connections_in_the_middle_of_a_claim_loses_nothing(
    postgres_url: str, make_world: Callable[[Database], World]
) -> None:
    database = Database(postgres_url, patience=1)
    database.upgrade()
    world = queue(make_world(database))
    other = Database(postgres_url)

    def cut(point: str) -> None:
        if point == "before_claim_commit":
            with other.connection() as connection:
                connection.execute(
                    text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                         " WHERE datname = current_database() AND pid <> pg_backend_pid()")
                )  # fmt: skip

    with pytest.raises(StorageUnavailable):
        dispatch.send_queued(database, world.context, "worker", world.now, reached=cut)
    assert world.mailbox.delivered == []
    assert send(world) == 1
    assert len(world.mailbox.delivered) == 1
    other.close()
    database.close()


@pytest.mark.postgres
def test_four_events_of_one_contact_at_once_lead_to_one_survey(
    postgres_url: str, make_world: Callable[[Database], World]
) -> None:
    database = Database(postgres_url)
    database.upgrade()
    world = make_world(database)
    for round_ in range(5):
        with database.writing() as session:
            world.contact(session, f"c{round_}", phone=f"+90532123456{round_}")
        together(4, lambda number, who=f"c{round_}": tell(world, who, number))
    world.wait(hours=2)
    together(4, lambda _: issue(world))
    with database.reading() as session:
        per_contact = session.scalars(select(Invitation.contact_id)).all()
        states = session.scalars(select(Enrolment.state)).all()
    assert sorted(per_contact) == sorted(set(per_contact))
    assert len(per_contact) == 5
    assert states.count("issued") == 5
    assert states.count("skipped") == 15
    database.close()


def tell(world: World, who: str, number: int) -> None:
    with world.database.writing() as session:
        happened = enrolments.Event(f"{who}:{number}", "ticket_closed", who, world.now)
        enrolments.record_event(session, happened, world.context, world.now)


def issue(world: World) -> None:
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now)


def together(count: int, work: Callable[[int], None]) -> None:
    """In so many threads, released at the same moment."""
    gate = threading.Barrier(count)
    errors: list[BaseException] = []

    def run(number: int) -> None:
        gate.wait()
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
