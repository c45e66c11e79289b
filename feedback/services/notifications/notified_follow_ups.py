"""The follow-ups that an e-mail to staff is about: locked while it is queued, and noted in their timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from feedback.services.followups import timeline
from feedback.store.models import FollowUp, User


def locked(session: Session, *conditions: ColumnElement[bool]) -> Sequence[FollowUp]:
    """Read and lock rows; those that another worker has locked are skipped."""
    query = select(FollowUp).where(*conditions).order_by(FollowUp.id)
    related = (selectinload(FollowUp.account), selectinload(FollowUp.contact), selectinload(FollowUp.owner))
    held = query.options(*related).with_for_update(of=FollowUp, skip_locked=True)
    return session.scalars(held.execution_options(populate_existing=True)).all()


def note(session: Session, task: FollowUp, kind: str, readers: Iterable[User], now: datetime) -> None:
    """Record in the timeline that these readers are notified."""
    detail = {"name": ", ".join(reader.name for reader in readers)}
    timeline.add(session, task.id, kind, now=now, detail=detail)
