"""Workers give signs of life, and what they fail at is one line each time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import structlog

from feedback.bootstrap import Runtime
from feedback.errors import StorageUnavailable
from feedback.services.messaging import heartbeats
from feedback.store.models import WorkerHeartbeat
from feedback.worker import Worker
from tests.services.conftest import World
from tests.services.messaging.sending import count, queue


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


def beat(world: World, worker: str = "one", **failing: Any) -> None:
    with world.database.writing() as session:
        heartbeats.beat(session, worker, world.now, failing, world.now)


def codes(world: World) -> list[str]:
    with world.database.reading() as session:
        return [each.code for each in heartbeats.problems(session, world.now)]


def test_a_worker_that_gives_signs_of_life_is_no_problem(world: World) -> None:
    beat(world)
    world.wait(minutes=1)
    assert codes(world) == []


def test_a_worker_that_was_killed_is_a_problem_until_another_one_runs(world: World) -> None:
    beat(world)
    world.wait(minutes=4)
    assert codes(world) == ["F121"]
    beat(world, "two")
    assert codes(world) == []


def test_a_worker_that_stops_on_purpose_is_not_looked_for(world: World) -> None:
    beat(world)
    with world.database.writing() as session:
        heartbeats.left(session, "one")
    world.wait(minutes=4)
    assert codes(world) == []


def test_without_any_worker_messages_that_are_due_are_a_problem(world: World) -> None:
    queue(world)
    assert codes(world) == []
    world.wait(minutes=11)
    assert codes(world) == ["F121"]


def test_the_row_of_a_killed_worker_goes_after_a_day(world: World) -> None:
    beat(world)
    world.wait(days=2)
    beat(world, "two")
    assert count(world, WorkerHeartbeat) == 1


def test_a_job_that_fails_is_a_problem_with_its_cause(world: World) -> None:
    beat(world, issue={"cause": "KeyError", "count": 7, "since": "2026-03-02T12:00:00+00:00"})
    with world.database.reading() as session:
        (problem,) = heartbeats.problems(session, world.now)
    assert problem.code == "F122"
    assert problem.message == "The job 'issue' has failed 7 times since 2026-03-02T12:00:00+00:00: KeyError"


def test_a_worker_beats_with_every_round_and_leaves_when_it_stops(world: World) -> None:
    worker = Worker(
        Runtime(world.settings, world.library, world.providers, world.database), lambda: world.now
    )
    worker.tick()
    with world.database.reading() as session:
        assert [each.worker for each in heartbeats.workers(session, world.now).alive] == [worker.name]
    worker.start()
    assert worker.stop()
    assert count(world, WorkerHeartbeat) == 0


def test_what_an_operator_can_fix_is_one_line_with_count_and_since(logged: list[Any], world: World) -> None:
    failures = heartbeats.JobFailures(lambda: world.now)
    for _ in range(3):
        failures.failed("issue", StorageUnavailable("The database was locked."))
        world.wait(minutes=1)
    lines = [line for line in logged if line["event"] == "worker.job_failed"]
    assert [line["count"] for line in lines] == [1, 2, 3]
    assert {line["since"] for line in lines} == {(world.now - timedelta(minutes=3)).isoformat()}
    assert {line["cause"] for line in lines} == {"The database was locked."}
    assert not any("exc_info" in line for line in lines)
    failures.succeeded("issue")
    failures.succeeded("issue")
    assert [line["failures"] for line in logged if line["event"] == "worker.job_works_again"] == [3]
    assert failures.current() == {}


def test_an_error_that_nobody_foresaw_has_its_traceback_once_and_no_words_in_the_row(
    logged: list[Any], world: World
) -> None:
    failures = heartbeats.JobFailures(lambda: world.now)
    for error in (KeyError("Ada Lovelace"), KeyError("Ada Lovelace"), ValueError("Ada Lovelace")):
        failures.failed("issue", error)
    assert ["exc_info" in line for line in logged] == [True, False, True]
    assert failures.current()["issue"]["cause"] == "ValueError"
