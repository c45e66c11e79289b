"""Whether a process may send: only once it has read the replies that came while nobody listened.

A STOP that was written during downtime must be known before the next survey goes out. So sending on a provider waits
until its list of replies was read: after the start, and again after a time in which this process could take in
nothing. A reading that fails is tried again soon. If it fails for long, the provider is held, so that everybody who
looks can see it; the hold ends by itself with the first reading that succeeds, or when a person releases it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from feedback.providers.base import uptime

EVERY = 600.0
"""Seconds between two readings while all is well."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds between two tries; the pause doubles from the first to the longest."""
HELD_AFTER = 900.0
"""Seconds of failing before the provider is held."""


@dataclass
class _Reading:
    """The state of one provider, in seconds on the clock of `Readings`."""

    is_current: bool = False
    due_at: float = 0.0
    failures: int = 0
    failing_since: float | None = None
    is_held: bool = False


@dataclass
class Readings:
    """What this process knows of each provider whose replies it reads; safe to use from several threads."""

    keys: Iterable[str]
    elapsed: Callable[[], float] = uptime
    _of: dict[str, _Reading] = field(init=False)

    def __post_init__(self) -> None:
        self._of = {key: _Reading() for key in self.keys}

    def read_also(self, keys: Iterable[str]) -> None:
        """Read the replies of these providers, too; one that is new has to be read before anything is sent."""
        for key in keys:
            self._of.setdefault(key, _Reading())

    def switched_off(self, key: str) -> None:
        """Read the replies of a provider again before anything is sent on it, once it is enabled again."""
        self._of[key] = _Reading()

    def may_send(self, key: str) -> bool:
        """Whether replies of the provider were read, or somebody decides about the hold instead; always true for a
        provider without replies."""
        reading = self._of.get(key)
        return reading is None or reading.is_current or reading.is_held

    def is_due(self, key: str) -> bool:
        return key in self._of and self.elapsed() >= self._of[key].due_at

    def hurry(self) -> None:
        """Make every reading due."""
        for reading in self._of.values():
            reading.due_at = 0.0

    def missed(self) -> None:
        """This process could not take in replies for some time: read them before anything else is sent."""
        for reading in self._of.values():
            reading.is_current, reading.due_at = False, min(reading.due_at, self.elapsed())

    def succeeded(self, key: str) -> None:
        self._of[key] = _Reading(is_current=True, due_at=self.elapsed() + EVERY)

    def failed(self, key: str) -> bool:
        """Try again later. Returns whether it has failed for so long that the provider must now be held."""
        reading, present = self._of[key], self.elapsed()
        reading.due_at = present + min(FIRST_PAUSE * 2**reading.failures, LONGEST_PAUSE)
        reading.failures += 1
        reading.failing_since = present if reading.failing_since is None else reading.failing_since
        if reading.is_current or reading.is_held or present - reading.failing_since < HELD_AFTER:
            return False
        reading.is_held = True
        return True
