"""Rate limits for visitors who are not signed in, per client address and minute.

They are in each process's memory, because a limit against guessing links does not need to be exact; the limits of the
sign-in are in the database (`web.auth.attempt_limits`). Addresses of this machine are not limited, because a proxy
without forwarding headers would look like one customer.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `amount` in each window of `seconds`; a window begins with its first event."""

    amount: int
    seconds: float = 60.0


POSTS = RateLimit(300)
"""Answers. The limit is high, because many phones share one address behind a mobile carrier."""
MISSES = RateLimit(30)
"""Unknown links. Above the limit, unknown links are refused; known links still work."""
GUESSES = RateLimit(300)
"""Unknown links after which no link of the client address is looked up, so that guessing cannot succeed."""
MOST_COUNTERS = 20_000
"""Counters that are kept, a few megabytes."""


class Counters:
    """Counts events in fixed windows, in this process's memory; safe to use from several threads.

    A dictionary, and not the library `limits`: its memory storage starts a thread that looks at every counter, at
    nearly every hit. Counters that end first are forgotten if there are too many, because strangers decide how many
    there are.
    """

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._counts: dict[tuple[RateLimit, str, str], tuple[int, float]] = {}
        """Limit, kind and subject -> the number in the window, and its end."""

    def hit(self, rate: RateLimit, kind: str, subject: str, times: int = 1) -> bool:
        """Count one or more; returns False if the limit is exceeded. What is refused is counted, too."""
        key = (rate, kind, subject)
        with self._lock:
            count, end = self._present(key)
            if key not in self._counts and len(self._counts) >= MOST_COUNTERS:
                self._forget()
            self._counts[key] = count + times, end
        return count + times <= rate.amount

    def left(self, rate: RateLimit, kind: str, subject: str) -> bool:
        """Whether one more is within the limit, without counting it."""
        with self._lock:
            return self._present((rate, kind, subject))[0] < rate.amount

    def window(self, rate: RateLimit, kind: str, subject: str) -> tuple[int, int]:
        """(how many are left, seconds until the window ends, rounded up), without counting one."""
        with self._lock:
            count, end = self._present((rate, kind, subject))
            return max(0, rate.amount - count), max(1, math.ceil(end - self._elapsed()))

    def __len__(self) -> int:
        return len(self._counts)

    def _present(self, key: tuple[RateLimit, str, str]) -> tuple[int, float]:
        now = self._elapsed()
        count, end = self._counts.get(key, (0, now))
        return (count, end) if end > now else (0, now + key[0].seconds)

    def _forget(self) -> None:
        by_end = sorted(self._counts, key=lambda key: self._counts[key][1])
        for key in by_end[: MOST_COUNTERS // 2]:
            del self._counts[key]


class Limits:
    """Counters per kind and network; this machine's own addresses are not limited."""

    def __init__(self) -> None:
        self.counters = Counters()

    def hit(self, rate: RateLimit, kind: str, address: str | None) -> bool:
        """Count one; returns False if the limit is exceeded."""
        network = network_of(address)
        return network is None or self.counters.hit(rate, kind, network)

    def missed(self, address: str | None) -> bool:
        """Count an unknown link; returns False if the limit is exceeded."""
        self.hit(GUESSES, "miss", address)
        return self.hit(MISSES, "miss", address)

    def left(self, rate: RateLimit, kind: str, address: str | None) -> bool:
        """Whether one more is within the limit, without counting it."""
        network = network_of(address)
        return network is None or self.counters.left(rate, kind, network)


_LONGEST_ADDRESS = 64
"""Characters; IPv6 with a zone has fewer. A proxy passes on what a stranger says."""


def network_of(address: str | None) -> str | None:
    """The network that counts as one visitor: an IPv6 /64 or an IPv4 address; None for this machine.

    An IPv4 address counts as the same one if it is written as IPv6 (::ffff:192.0.2.1).
    """
    return _network_of((address or "")[:_LONGEST_ADDRESS])


@lru_cache(maxsize=10_000)
def _network_of(address: str) -> str | None:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    parsed = mapped or parsed
    if parsed.is_loopback:
        return None
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
