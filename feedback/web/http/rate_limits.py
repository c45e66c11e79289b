"""Rate limits for visitors who are not signed in, per client address and minute.

They are in each process's memory, because a limit against guessing does not need to be exact. Addresses of this
machine are not limited, because a proxy without forwarding headers would look like one customer.
"""

from __future__ import annotations

import hashlib
import ipaddress
from functools import lru_cache, wraps
from typing import Any

from flask import request
from flask.typing import RouteCallable
from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

POSTS = RateLimitItemPerMinute(300)
"""Answers. The limit is high, because many phones share one address behind a mobile carrier."""
MISSES = RateLimitItemPerMinute(30)
"""Unknown links. Above the limit, unknown links are refused; known links still work."""
GUESSES = RateLimitItemPerMinute(300)
"""Unknown links after which no link of the client address is looked up, so that guessing cannot succeed."""

VOTES = RateLimitItemPerDay(1)
"""Answers of one device through one open link; further ones are stored as provisional."""

TRIES = (RateLimitItemPerMinute(10), RateLimitItemPerHour(60))
"""Attempts to sign in, for one address and one page. With several web processes each counts for itself, so the true
limit is this one times their number."""


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
        return network is None or self._limiter.hit(limit, _short(kind), network)

    def missed(self, address: str | None) -> bool:
        """Count an unknown link; returns False if the limit is exceeded."""
        self.hit(GUESSES, "miss", address)
        return self.hit(MISSES, "miss", address)

    def left(self, limit: RateLimitItem, kind: str, address: str | None) -> bool:
        """Whether one more is within the limit, without counting it."""
        network = network_of(address)
        return network is None or self._limiter.test(limit, _short(kind), network)


class Tries:
    """Counts what is posted to pages where a password or a code can be guessed, by page and address.

    Unlike `Limits` this holds for every address, this machine's own included.
    """

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def limited(self, page: str, view: RouteCallable) -> RouteCallable:
        """`view` with a lid on posts: those beyond `TRIES` raise TooManyRequests and count no further."""

        @wraps(view)
        def within_limits(*args: Any, **named: Any) -> Any:
            address = request.remote_addr or "127.0.0.1"
            if request.method == "POST" and not all(self._limiter.hit(each, page, address) for each in TRIES):
                raise TooManyRequests
            return view(*args, **named)

        return within_limits


def _short(kind: str) -> str:
    """The kind, or its digest: it can contain a header, and is kept for as long as the limit lasts."""
    return kind if len(kind) <= 32 else hashlib.blake2b(kind.encode(), digest_size=16).hexdigest()


_LONGEST_ADDRESS = 64
"""Characters; IPv6 with a zone has fewer. A proxy passes on what a stranger says."""


def network_of(address: str | None) -> str | None:
    """The network that counts as one visitor: an IPv6 /64 or an IPv4 address; None for this machine."""
    return _network_of((address or "")[:_LONGEST_ADDRESS])


@lru_cache(maxsize=10_000)
def _network_of(address: str) -> str | None:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if parsed.is_loopback:
        return None
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
