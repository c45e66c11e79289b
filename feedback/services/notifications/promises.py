"""The two targets of a follow-up, of which staff is reminded and notified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import InstrumentedAttribute

from feedback.store.models import FollowUp

Moment = InstrumentedAttribute[datetime | None]


@dataclass(frozen=True, slots=True)
class Promise:
    """One of the two targets of a follow-up: its columns, and its entries in the timeline."""

    due_at: InstrumentedAttribute[datetime]
    reminded_at: Moment
    escalated_at: Moment
    reminded: str
    escalated: str
    open: ColumnElement[bool]

    def is_open(self, task: FollowUp) -> bool:
        return self is not CONTACT or task.first_contact_at is None

    def due(self, task: FollowUp) -> datetime:
        moment: datetime = getattr(task, self.due_at.key)
        return moment


CONTACT = Promise(
    FollowUp.contact_due_at,
    FollowUp.contact_reminded_at,
    FollowUp.escalated_at,
    "reminded",
    "escalated",
    FollowUp.first_contact_at.is_(None),
)
CLOSE = Promise(
    FollowUp.close_due_at,
    FollowUp.close_reminded_at,
    FollowUp.close_escalated_at,
    "reminded_close",
    "escalated_close",
    true(),
)
PROMISES = (CONTACT, CLOSE)

Owed = Sequence[tuple[FollowUp, Promise]]
"""Follow-ups, each with a target that it is near or past."""
