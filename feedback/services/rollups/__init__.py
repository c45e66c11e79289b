"""The daily and monthly counts behind the reports: kept in the answer's transaction, checked and rebuilt."""

from feedback.services.rollups.actual import check
from feedback.services.rollups.counting import (
    ALL,
    DAY,
    DIMENSIONS,
    MONTH,
    NOT_COUNTED,
    Counted,
    Scored,
    counted,
    invited,
    sent_as,
    settle,
    tallied,
)
from feedback.services.rollups.rebuilding import rebuild, rebuild_all
from feedback.services.rollups.validity import adopt, is_complete, other_zone, problems

__all__ = [
    "ALL",
    "DAY",
    "DIMENSIONS",
    "MONTH",
    "NOT_COUNTED",
    "Counted",
    "Scored",
    "adopt",
    "check",
    "counted",
    "invited",
    "is_complete",
    "other_zone",
    "problems",
    "rebuild",
    "rebuild_all",
    "sent_as",
    "settle",
    "tallied",
]
