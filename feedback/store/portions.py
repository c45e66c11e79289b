"""Long work in short write transactions: the one place that bounds how long a job keeps other writers waiting.

A job reads what there is to do without a lock, and gives it to `Portions`. Each portion is a transaction of its own,
and its size follows from how long the one before it took. Between two portions the job rests, so that customers'
answers come first. A process that is killed loses at most the portion that it was working on, so the work on a portion
has to look again at what is still to be done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback.store.database import Database

LONGEST = 0.050
"""Seconds for which a portion may hold the write lock, its commit included."""
GOAL = 0.020
"""Seconds that a portion should take: the next one may be slower than what its size was chosen by."""
REST = 3.0
"""How often its own time a job waits after a portion: it uses a quarter of the time at most."""
SHORT_REST = 1.0
"""The same for a command that somebody waits for."""
FIRST = 4
"""Items in a first portion, when nothing is known yet."""
TOGETHER = 20
"""Least items of a portion that are handled together, at some tenths of a millisecond each."""
GROWTH = 2
"""A portion is at most so many times as large as the one before it."""

TRIES = 3
"""How often a portion is tried that another node keeps overtaking."""

T = TypeVar("T")
R = TypeVar("R")


def never() -> bool:
    """Not stopped."""
    return False


@dataclass
class PortionPace:
    """How many items the next portion may have, given how long the last one took."""

    size: int = FIRST
    most: int = 1_000
    least: int = 1

    def took(self, items: int, seconds: float) -> None:
        """Learn from a portion. A portion that was too long makes the next one shorter at once."""
        wanted = int(items * GOAL / seconds) if seconds > 0 else self.most
        self.size = max(self.least, min(wanted, self.size * GROWTH, self.most))


@dataclass
class Portions:
    """Does work in portions until it is done or `stopped`; what is left is found again in the next run.

    `resting` is how often the time of a portion is rested after it. `seconds` is a clock that only runs forward, `rest`
    waits that long.
    """

    database: Database
    stopped: Callable[[], bool] = never
    resting: float = REST
    seconds: Callable[[], float] = field(default=time.perf_counter)
    rest: Callable[[float], None] = field(default=time.sleep)

    def each(
        self,
        items: Sequence[T],
        work: Callable[[Session, Sequence[T]], R],
        then: Callable[[R], object] | None = None,
        *,
        least: int = 1,
    ) -> bool:
        """Give all `items` to `work`, a portion at a time; `then` gets its result once it is committed.

        The items of a portion are taken from `items` before its transaction begins, so a sequence that computes them
        when it is asked keeps nobody waiting meanwhile.

        If `work` handles its items together, most of its time is that of its statements and its commit. A portion then
        has at least `least` items: with fewer it would hardly be shorter, however slow a loaded machine makes it.

        A portion in which a unique key is taken was overtaken by another node, and is tried again. Returns False if it
        was stopped before the end.
        """
        pace, done = PortionPace(max(FIRST, least), least=least), 0
        while done < len(items):
            if self.stopped():
                return False
            some = items[done : done + pace.size]
            spent, result = self._tried(lambda session, some=some: work(session, some))  # type: ignore[misc]
            if then is not None:
                then(result)
            pace.took(len(some), spent)
            done += len(some)
            if done < len(items):
                self.rest(self.resting * spent)
        return True

    def repeat(self, work: Callable[[Session, int], int], most: int = 1_000) -> int:
        """Let `work` do at most so many items at a time until it does fewer. Returns the number of items.

        For work whose items are gone from its selection once they are done.
        """
        pace, total = PortionPace(most=most), 0
        while not self.stopped():
            limit, done = pace.size, 0

            def portion(session: Session, limit: int = limit) -> None:
                nonlocal done
                done = work(session, limit)

            spent, _ = self._tried(portion)
            total += done
            if done < limit:
                break
            pace.took(done, spent)
            self.rest(self.resting * spent)
        return total

    def _tried(self, work: Callable[[Session], R]) -> tuple[float, R]:
        for _ in range(TRIES - 1):
            with suppress(IntegrityError):
                return self._one(work)
        return self._one(work)

    def _one(self, work: Callable[[Session], R]) -> tuple[float, R]:
        """One write transaction. Returns the seconds from its begin to the end of its commit, and what `work` said."""
        with self.database.writing() as session:
            began = self.seconds()
            result = work(session)
        return self.seconds() - began, result
