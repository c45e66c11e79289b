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
SOURCE = "follow_up"
"""The source of events that the program records itself."""


def reserved_key(key: str) -> str | None:
    """The reserved beginning of a key or an external id; None if callers may use it. Case does not matter."""
    return next((each for each in KEYS if key.strip().casefold().startswith(each)), None)


def refusal_of_event(key: str, name: str) -> str | None:
    """Why a caller cannot record an event with this key and name; None if they can."""
    if begin := reserved_key(key):
        return f"Use another key: keys that begin with {begin!r} are the program's own."
    if name in EVENTS:
        return f"Use another name: {name!r} is an event that the program records itself."
    return None


def refusal_of_contact(external_id: str) -> str | None:
    """Why a caller cannot store a contact with this external id; None if they can."""
    if begin := reserved_key(external_id):
        return f"Use another id: ids that begin with {begin!r} are the program's own."
    return None
