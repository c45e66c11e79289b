"""A gate before password hashing, which takes much processor time and memory on purpose.

Customers' pages run in the same threads, so only a few of them may hash or wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from passlib.context import CryptContext
from structlog import get_logger
from werkzeug.exceptions import ServiceUnavailable

log = get_logger()

AT_ONCE = 2
WAITING = 4
PATIENCE = 2.0
"""Seconds that a sign-in waits for its turn; after that it is answered with 503."""


class HashingGate:
    """Hashes with a passlib context, but at most `AT_ONCE` times at the same moment.

    Raises ServiceUnavailable at once if `WAITING` others wait already, and after `patience` seconds of waiting.
    """

    def __init__(self, context: CryptContext, patience: float = PATIENCE) -> None:
        self._context = context
        self._patience = patience
        self._running = threading.BoundedSemaphore(AT_ONCE)
        self._inside = threading.BoundedSemaphore(AT_ONCE + WAITING)

    def hash(self, *args: Any, **named: Any) -> Any:
        with self._turn():
            return self._context.hash(*args, **named)

    def verify(self, *args: Any, **named: Any) -> Any:
        with self._turn():
            return self._context.verify(*args, **named)

    def __getattr__(self, name: str) -> Any:
        """Everything else costs nothing: `identify`, `needs_update` ..."""
        return getattr(self._context, name)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._inside.acquire(blocking=False):
            raise self._busy()
        try:
            if not self._running.acquire(timeout=self._patience):
                raise self._busy()
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._inside.release()

    def _busy(self) -> ServiceUnavailable:
        log.warning("sign_in.busy")
        return ServiceUnavailable(retry_after=5)
