"""How a process that sends is told to stop: first to begin nothing new, then to wait for nothing any more."""

from __future__ import annotations

import threading
import time


class StopSignal:
    """Shared by the thread that stops and the threads that work.

    From `ask` on, nothing new is begun, but what was begun may finish. From `end` on, nobody waits any longer.
    """

    def __init__(self) -> None:
        self._asked, self._ended = threading.Event(), threading.Event()
        self._since = 0.0

    def ask(self) -> None:
        """Begin nothing new."""
        if not self._asked.is_set():
            self._since = time.monotonic()
            self._asked.set()

    def end(self) -> None:
        """Wait for nothing any more."""
        self.ask()
        self._ended.set()

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def seconds_ago(self) -> float:
        """Seconds since `ask`."""
        return time.monotonic() - self._since

    def wait_until_asked(self, seconds: float | None = None) -> bool:
        """Sleep until `ask` or for `seconds`. Returns whether a stop was asked for."""
        return self._asked.wait(seconds)

    def wait_until_ended(self, seconds: float) -> bool:
        """Sleep until `end` or for `seconds`. Returns whether the time is over."""
        return self._ended.wait(seconds)
