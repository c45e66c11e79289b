"""Signs of life of the workers, in the database, so that the web, `feedback doctor` and other workers see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from feedback.core.lifecycle import MessageState
from feedback.errors import FeedbackError
from feedback.settings import Problem
from feedback.store.models import Message, WorkerHeartbeat

log = structlog.get_logger()

EVERY = 15.0
"""Seconds between two signs."""
SILENT = timedelta(minutes=3)
"""After this time without a sign, a worker was killed or hangs."""
FORGOTTEN = timedelta(days=1)
"""A worker that replaced a killed one deletes its row after this time."""
OVERDUE = timedelta(minutes=10)
"""If no worker gives a sign, a message that is due for so long shows that one is missing."""


@dataclass
class JobFailures:
    """The jobs of one worker that fail at the moment, each with its cause, the number of times, and since when."""

    now: Callable[[], datetime]
    _failing: dict[str, dict[str, Any]] = field(default_factory=dict)

    def failed(self, job: str, error: Exception) -> None:
        """Log one line. An error that was not foreseen comes with its traceback, once, and again for another cause."""
        # The text of an error that was not foreseen could quote a customer.
        cause = str(error) if isinstance(error, FeedbackError) else type(error).__name__
        known = self._failing.get(job)
        since = known["since"] if known else self.now().isoformat(timespec="seconds")
        count = known["count"] + 1 if known else 1
        is_new = known is None or known["cause"] != cause
        self._failing[job] = {"cause": cause, "count": count, "since": since}
        trace = {"exc_info": error} if is_new and not isinstance(error, FeedbackError) else {}
        log.error("worker.job_failed", job=job, cause=cause, count=count, since=since, **trace)

    def succeeded(self, job: str) -> None:
        if known := self._failing.pop(job, None):
            log.info("worker.job_works_again", job=job, failures=known["count"])

    def current(self) -> dict[str, Any]:
        """Job -> cause, count and since."""
        return self._failing.copy()


def beat(
    session: Session, worker: str, started_at: datetime, failing: Mapping[str, Any], now: datetime
) -> None:
    """A sign of life of `worker`, with the jobs that fail."""
    row = WorkerHeartbeat(worker=worker, started_at=started_at, seen_at=now, failing=dict(failing))
    session.merge(row)
    session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.seen_at < now - FORGOTTEN))


def left(session: Session, worker: str) -> None:
    """A worker stops on purpose, so nobody has to look for it."""
    session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.worker == worker))


@dataclass(frozen=True, slots=True)
class Workers:
    """The workers that give signs of life, and those that do not although they never said that they stop."""

    alive: tuple[WorkerHeartbeat, ...]
    silent: tuple[WorkerHeartbeat, ...]

    @property
    def last_seen(self) -> datetime | None:
        return max((each.seen_at for each in (*self.alive, *self.silent)), default=None)

    def failing(self) -> Iterable[tuple[WorkerHeartbeat, str, Mapping[str, Any]]]:
        """(worker, job, its cause, count and since) of all that are alive."""
        return [(each, job, known) for each in self.alive for job, known in sorted(each.failing.items())]


def workers(session: Session, now: datetime) -> Workers:
    rows = session.scalars(select(WorkerHeartbeat).order_by(WorkerHeartbeat.worker)).all()
    return Workers(
        tuple(each for each in rows if each.seen_at >= now - SILENT),
        tuple(each for each in rows if each.seen_at < now - SILENT),
    )


def problems(session: Session, now: datetime) -> list[Problem]:
    """Problems F121 (no worker) and F122 (a job fails) for `feedback doctor`."""
    found = workers(session, now)
    told = [
        Problem(
            "F122",
            f"The job {job!r} has failed {known['count']} times since {known['since']}: {known['cause']}",
            f"Fix the cause; the log of worker {each.worker} has the details.",
        )
        for each, job, known in found.failing()
    ]
    if found.alive:
        return told
    if found.silent:
        seen = f"{found.last_seen:%Y-%m-%d %H:%M} UTC"
        return [
            Problem(
                "F121",
                f"No worker gives a sign of life; the last one was at {seen}.",
                "Start `feedback run`.",
            )
        ]
    due = select(func.count()).where(Message.state == MessageState.QUEUED, Message.due_at < now - OVERDUE)
    overdue = session.scalar(due) or 0
    if overdue:
        told.append(
            Problem("F121", f"No worker runs, and {overdue} messages are due.", "Start `feedback run`.")
        )
    return told
