"""Limits for visitors whom nobody has signed in: how much one address may do in a minute.

Kept in each process's memory: a limit against guessing need not be exact, and a lost one costs nothing. This
machine's own addresses are not limited: a proxy that does not say for whom it asks would be one customer.
"""

from __future__ import annotations

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
"""Answers: many phones share one address behind a mobile carrier, so this is a lid and not a sieve."""
MISSES = RateLimitItemPerMinute(30)
"""Unknown links: nobody mistypes thirty in a minute. More get no answer; links that we know still do."""
GUESSES = RateLimitItemPerMinute(300)
"""Unknown links after which nothing more is looked up for an address: guessing must find nothing by its mass."""

VOTES = RateLimitItemPerDay(1)
"""Answers of one device through one open link; more are kept, and not counted until somebody looks."""

TRIES = (RateLimitItemPerMinute(10), RateLimitItemPerHour(60))
"""Attempts to sign in, for one address and one page. With several web processes each counts for itself, so the true
limit is this one times their number."""


class Limits:
    """Counts by kind and address."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def hit(self, limit: RateLimitItem, kind: str, address: str | None) -> bool:
        """Counts one more; False when it was one too many."""
        network = network_of(address)
        return network is None or self._limiter.hit(limit, kind, network)

    def missed(self, address: str | None) -> bool:
        """Counts an unknown link; False when it was one too many."""
        self.hit(GUESSES, "miss", address)
        return self.hit(MISSES, "miss", address)

    def left(self, limit: RateLimitItem, kind: str, address: str | None) -> bool:
        """Whether one more would be within the limit, without counting it."""
        network = network_of(address)
        return network is None or self._limiter.test(limit, kind, network)


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


@lru_cache(maxsize=10_000)
def network_of(address: str | None) -> str | None:
    """What one visitor can have many addresses in: an IPv6 /64, an IPv4 address; None for this machine."""
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if parsed.is_loopback:
        return None
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
