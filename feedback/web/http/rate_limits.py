"""Rate limits for visitors who are not signed in, per client address and minute.

They are in each process's memory, because a limit against guessing links does not need to be exact; the limits of the
sign-in are in the database (`web.auth.attempt_limits`). Addresses of this machine are not limited, because a proxy
without forwarding headers would look like one customer.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

POSTS = RateLimitItemPerMinute(300)
"""Answers. The limit is high, because many phones share one address behind a mobile carrier."""
MISSES = RateLimitItemPerMinute(30)
"""Unknown links. Above the limit, unknown links are refused; known links still work."""
GUESSES = RateLimitItemPerMinute(300)
"""Unknown links after which no link of the client address is looked up, so that guessing cannot succeed."""


MOST_COUNTERS = 20_000
"""Counters that one `Limits` keeps, a few megabytes."""


class BoundedStorage(MemoryStorage):
    """Forgets the counters that end first if there are too many, because strangers decide how many there are."""

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        if len(self.expirations) >= MOST_COUNTERS and key not in self.expirations:
            by_end = sorted(self.expirations.copy().items(), key=lambda each: each[1])
            for known, _end in by_end[: MOST_COUNTERS // 2]:
                self.clear(known)
        return super().incr(key, expiry, amount)


class Limits:
    """Counters per kind and address."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(BoundedStorage())

    def hit(self, limit: RateLimitItem, kind: str, address: str | None) -> bool:
        """Count one; returns False if the limit is exceeded."""
        network = network_of(address)
        return network is None or self._limiter.hit(limit, kind, network)

    def missed(self, address: str | None) -> bool:
        """Count an unknown link; returns False if the limit is exceeded."""
        self.hit(GUESSES, "miss", address)
        return self.hit(MISSES, "miss", address)

    def left(self, limit: RateLimitItem, kind: str, address: str | None) -> bool:
        """Whether one more is within the limit, without counting it."""
        network = network_of(address)
        return network is None or self._limiter.test(limit, kind, network)


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
