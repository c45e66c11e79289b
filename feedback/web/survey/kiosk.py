"""A screen that many people use, one after the other: each visit ends, and nothing of it comes back.

Everybody can press "back" on such a screen. So its pages show no answer that was given before, not even while
the same person may still be standing there; and a visit that was finished or left is neither shown nor changed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from feedback.core.lifecycle import ResponseState
from feedback.services.responses.lookup import SurveyState

IDLE, THANKED, REFUSED = 90, 10, 60
"""Seconds until the screen starts again for the next person: without an answer, after thanks, after an error.

After an error, that is when limits and most faults are over.
"""

GRACE = timedelta(seconds=30)
"""A page that was asked for in time may be slow to come."""


def is_over(survey: SurveyState, now: datetime) -> bool:
    """Whether the visit was finished, or left for so long that somebody else may stand there."""
    return (
        survey.state == ResponseState.COMPLETE
        or _since(survey.updated_at, now) > timedelta(seconds=IDLE) + GRACE
    )


def is_thanked(survey: SurveyState, now: datetime) -> bool:
    """Whether the visit has just been finished, so that its thanks may still be on the screen."""
    return survey.state == ResponseState.COMPLETE and _since(survey.completed_at, now) <= timedelta(
        seconds=THANKED
    )


def _since(moment: datetime | None, now: datetime) -> timedelta:
    return now - moment if moment else timedelta()
