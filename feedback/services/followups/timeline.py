"""The timeline of a follow-up: everything that happened to it, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from feedback.store.models import FollowUpEntry


def add(
    session: Session,
    follow_up_id: int,
    kind: str,
    *,
    by: int | None = None,
    now: datetime,
    text: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Add an entry; `by` is a user's id, None for the system. The words of each `kind` are in
    `web.wording.followup_wording`."""
    session.add(
        FollowUpEntry(
            follow_up_id=follow_up_id, at=now, user_id=by, kind=kind, text=text, detail=dict(detail or {})
        )
    )
