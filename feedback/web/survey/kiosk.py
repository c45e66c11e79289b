"""A screen that many people use, one after the other: each visit ends, and nothing of it comes back.

Everybody can press "back" on such a screen. So its pages show no answer that was given before, not even while
the same person may still be standing there; and a visit that was finished or left is neither shown nor changed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from feedback.core.lifecycle import ResponseState
from feedback.services.responses.lookup import Sheet

IDLE, THANKED, REFUSED = 90, 10, 60
"""Seconds until the screen starts again for the next person: without an answer, after thanks, after an error.

After an error, that is when limits and most faults are over.
"""

GRACE = timedelta(seconds=30)
"""A page that was asked for in time may be slow to come."""


def starting_again(address: str, seconds: int) -> dict[str, Any]:
    """What a page needs to know to lead to the beginning after a while."""
    return {"seconds": seconds, "address": address}


def is_over(sheet: Sheet, now: datetime) -> bool:
    """Whether the visit was finished, or left for so long that somebody else may stand there."""
    return (
        sheet.state == ResponseState.COMPLETE
        or _since(sheet.updated_at, now) > timedelta(seconds=IDLE) + GRACE
    )


def is_thanked(sheet: Sheet, now: datetime) -> bool:
    """Whether the visit has just been finished, so that its thanks may still be on the screen."""
    return sheet.state == ResponseState.COMPLETE and _since(sheet.completed_at, now) <= timedelta(
        seconds=THANKED
    )


def _since(moment: datetime | None, now: datetime) -> timedelta:
    return now - moment if moment else timedelta()
