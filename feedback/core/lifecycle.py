"""How far an invitation and a message have come. States move only forward: late and doubled news are normal."""

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
"""States that nothing but an answer leads out of."""

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
    """True where `new` lies ahead of `current`; a state outside the order is never left this way."""
    return current in ranks and new in ranks and ranks[new] > ranks[current]
