"""Long work in short write transactions."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.store.database import Database
from feedback.store.models import Bookmark
from feedback.store.portions import GOAL, LONGEST, REST, Portions


@dataclass
class Stopwatch:
    """A clock that only work moves; what it measures is what the portions took."""

    now: float = 0.0
    rested: list[float] = field(default_factory=list)

    def seconds(self) -> float:
        return self.now

    def portions(self, database: Database) -> Portions:
        return Portions(database, seconds=self.seconds, rest=self.rested.append)


@pytest.mark.parametrize("cost", [0.000_01, 0.000_3, 0.004, 0.019])
def test_a_portion_of_equal_items_stays_within_the_goal(migrated: Database, cost: float) -> None:
    watch, took = Stopwatch(), []

    def work(_: Session, some: Sequence[int]) -> None:
        watch.now += cost * len(some)
        took.append(cost * len(some))

    assert watch.portions(migrated).each(range(2_000 if cost < 0.001 else 50), work)
    assert max(took[1:]) <= GOAL + cost
    assert max(took) <= LONGEST or cost * 4 > LONGEST  # the first portion knows nothing of the cost


def test_after_a_slow_portion_the_next_one_is_short_at_once(migrated: Database) -> None:
    watch, sizes = Stopwatch(), []

    def work(_: Session, some: Sequence[int]) -> None:
        sizes.append(len(some))
        watch.now += len(some) * (0.01 if some[-1] >= 100 else 0.0005)

    watch.portions(migrated).each(range(200), work)
    slow = next(number for number, _ in enumerate(sizes) if sum(sizes[: number + 1]) > 100)
    assert sizes[slow] > 20
    assert set(sizes[slow + 1 : -1]) <= {1, 2}


def test_a_portion_of_items_that_are_handled_together_never_falls_below_its_least_size(
    migrated: Database,
) -> None:
    """On a loaded machine the statements alone take longer than a portion should."""
    watch, sizes = Stopwatch(), []

    def work(_: Session, some: Sequence[int]) -> None:
        sizes.append(len(some))
        watch.now += 0.09 + 0.0003 * len(some)

    watch.portions(migrated).each(range(100), work, least=20)
    assert sizes == [20] * 5


def test_everything_is_done_once_and_in_order(migrated: Database) -> None:
    done: list[int] = []
    assert Portions(migrated, rest=lambda _: None).each(range(137), lambda _, some: done.extend(some))
    assert done == list(range(137))


def test_between_portions_the_job_rests_longer_than_it_worked(migrated: Database) -> None:
    watch = Stopwatch()

    def work(_: Session, some: Sequence[int]) -> None:
        watch.now += 0.005 * len(some)

    watch.portions(migrated).each(range(12), work)
    assert watch.rested == pytest.approx([REST * 0.02] * 2)  # and not after the last one


def test_what_was_done_before_a_failure_stays(migrated: Database) -> None:
    def work(session: Session, some: Sequence[int]) -> None:
        session.add_all(Bookmark(name=f"item {each}", value="") for each in some)
        if 10 in some:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        Portions(migrated, seconds=lambda: 0.0, rest=lambda _: None).each(range(20), work)
    with migrated.reading() as session:
        assert session.scalar(select(func.count()).select_from(Bookmark)) == 4


def test_a_job_that_is_stopped_ends_after_its_portion(migrated: Database) -> None:
    done: list[int] = []
    portions = Portions(migrated, stopped=lambda: len(done) >= 5, rest=lambda _: None)
    assert portions.each(range(1_000), lambda _, some: done.extend(some)) is False
    assert 5 <= len(done) < 1_000


@pytest.mark.parametrize("there", [0, 1, 4, 7, 100])
def test_work_is_repeated_until_nothing_is_left(migrated: Database, there: int) -> None:
    left = list(range(there))

    def work(_: Session, limit: int) -> int:
        some, left[:] = left[:limit], left[limit:]
        return len(some)

    assert Portions(migrated, rest=lambda _: None).repeat(work) == there
    assert left == []


def test_a_portion_that_another_node_has_overtaken_is_tried_again_and_counted_once(
    migrated: Database,
) -> None:
    with migrated.writing() as session:
        session.add(Bookmark(name="item 2", value=""))
    tries, counted = 0, []

    def work(session: Session, some: Sequence[int]) -> list[int]:
        nonlocal tries
        tries += 1
        known = session.scalars(select(Bookmark.name)).all() if tries > 1 else ()
        fresh = [each for each in some if f"item {each}" not in known]
        session.add_all(Bookmark(name=f"item {each}", value="") for each in fresh)
        session.flush()
        return fresh

    Portions(migrated, rest=lambda _: None).each(range(4), work, counted.extend)
    assert (tries, counted) == (2, [0, 1, 3])


def test_an_answer_does_not_wait_for_the_end_of_a_job(migrated: Database) -> None:
    answered, done = threading.Event(), 0

    def answer() -> None:
        with migrated.writing() as session:
            session.add(Bookmark(name="answer", value=""))
        answered.set()

    customer = threading.Thread(target=answer)

    def work(session: Session, some: Sequence[int]) -> None:
        nonlocal done
        session.execute(select(Bookmark).with_for_update())
        if not done:
            customer.start()
        done += len(some)
        threading.Event().wait(0.01)

    portions = Portions(migrated, stopped=answered.is_set)
    assert portions.each(range(100_000), work) is False
    customer.join()
    assert done < 100_000
