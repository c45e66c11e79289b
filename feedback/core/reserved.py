"""Keys and names that the program itself gives to events and contacts; callers cannot use them."""

from __future__ import annotations

ERASED = "erased:"
"""Begins the external id of an erased contact, and the key of an event of theirs."""
FOLLOW_UP = "follow-up:"
"""Begins the key of an event that the program records about a follow-up."""
FOLLOW_UP_CLOSED = "follow_up_closed"
"""The event of a complaint that ended well; it starts the recovery survey."""

KEYS = (ERASED, FOLLOW_UP)
EVENTS = frozenset({FOLLOW_UP_CLOSED})


def reserved_key(key: str) -> str | None:
    """The reserved beginning of a key or an external id; None if callers may use it. Case does not matter."""
    return next((each for each in KEYS if key.strip().casefold().startswith(each)), None)


def is_reserved_event(name: str) -> bool:
    """Whether only the program records events of this name."""
    return name in EVENTS
