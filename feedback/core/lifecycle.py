"""The order of the states of invitations and messages. States only move forward, because late and repeated
reports are normal."""

from __future__ import annotations

from collections.abc import Mapping

INVITATION: Mapping[str, int] = {
    "queued": 0,
    "sent": 1,
    "delivered": 2,
    "opened": 3,
    "started": 4,
    "completed": 5,
}
INVITATION_ENDS = frozenset({"completed", "expired", "failed", "withdrawn", "skipped"})
"""States that only an answer can change."""

MESSAGE: Mapping[str, int] = {
    "queued": 0,
    "sending": 1,
    "unconfirmed": 2,
    "sent": 3,
    "undelivered": 4,
    "failed": 4,
    "delivered": 5,
}


def further(ranks: Mapping[str, int], current: str, new: str) -> bool:
    """Whether `new` comes after `current`; False if either is not in `ranks`."""
    return current in ranks and new in ranks and ranks[new] > ranks[current]
