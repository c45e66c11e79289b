"""A thread for each endpoint to which something is being sent, so that nobody waits for a slow receiver."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog

from feedback.providers.webhook_http import WebhookHttp
from feedback.services.webhooks import delivering
from feedback.services.webhooks.endpoints import MOST
from feedback.store.database import Database
from feedback.store.portions import never

log = structlog.get_logger()


class WebhookLanes:
    """Sends what is due, to each endpoint in a thread of its own, or in this thread with `run_here`.

    `clock` returns the time of an attempt, `stopped` whether to begin nothing more.
    """

    def __init__(
        self,
        database: Database,
        http: WebhookHttp,
        clock: Callable[[], datetime],
        stopped: Callable[[], bool] = never,
    ) -> None:
        self._database, self._http, self._clock, self._stopped = database, http, clock, stopped
        self._pool = ThreadPoolExecutor(MOST, thread_name_prefix="webhooks")
        self._lock = threading.Lock()
        self._busy: set[int] = set()
        self._error: Exception | None = None

    def start_due(self, now: datetime) -> None:
        """Begin to send to every endpoint that has something due, and return. Raises what a lane has raised since."""
        for endpoint_id in self._due(now):
            with self._lock:
                if endpoint_id in self._busy:
                    continue
                self._busy.add(endpoint_id)
            self._pool.submit(self._run, endpoint_id)
        self.raise_error()

    def raise_error(self) -> None:
        """Raise what a lane has raised since the last time, if there is anything."""
        with self._lock:
            error, self._error = self._error, None
        if error is not None:
            raise error

    def run_here(self, now: datetime) -> int:
        """Send what is due, one endpoint after the other. Returns the number of calls."""
        return sum(self._deliver(endpoint_id) for endpoint_id in self._due(now))

    def close(self) -> None:
        """Wait until every call in flight is recorded; `stopped` must say so, or everything is sent first."""
        self._pool.shutdown(wait=True)

    def _due(self, now: datetime) -> list[int]:
        with self._database.reading() as session:
            return delivering.endpoints_with_due(session, now)

    def _run(self, endpoint_id: int) -> None:
        try:
            self._deliver(endpoint_id)
        except Exception as error:  # told by the job, whose next run tries again
            log.warning("webhook.lane_failed", endpoint=endpoint_id, error=type(error).__name__)
            with self._lock:
                self._error = error
        finally:
            with self._lock:
                self._busy.discard(endpoint_id)

    def _deliver(self, endpoint_id: int) -> int:
        return delivering.deliver(self._database, self._http, endpoint_id, self._clock, self._stopped)
