"""Shared screens, which many people use one after the other: every visit ends, and its answers are not shown again.

Anybody can press "back" on such a screen. So its pages never show earlier answers, not even to the same person,
and a finished or abandoned visit can be neither shown nor changed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from feedback.core.lifecycle import ResponseState
from feedback.services.responses.lookup import SurveyState

IDLE, THANKED, REFUSED = 90, 10, 60
"""Seconds until the screen starts over for the next person: without an answer, after thanks, after an error.

After an error they are long enough for rate limits and most failures to end.
"""

GRACE = timedelta(seconds=30)
"""Additional time for a page that was requested in time but loads slowly."""


def is_over(survey: SurveyState, now: datetime) -> bool:
    """Whether the visit was finished, or has been idle so long that another person may be there."""
    return (
        survey.state == ResponseState.COMPLETE
        or _since(survey.updated_at, now) > timedelta(seconds=IDLE) + GRACE
    )


def is_thanked(survey: SurveyState, now: datetime) -> bool:
    """Whether the visit has just been finished, so that its last page can still be on the screen."""
    return survey.state == ResponseState.COMPLETE and _since(survey.completed_at, now) <= timedelta(
        seconds=THANKED
    )


def _since(moment: datetime | None, now: datetime) -> timedelta:
    return now - moment if moment else timedelta()
