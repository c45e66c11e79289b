"""Follow-ups as a list, with filters, for the viewer who asks; the queue ranks them instead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from feedback.services.access import Viewer, visible
from feedback.store.models import Account, FollowUp, User


@dataclass(frozen=True, slots=True)
class FollowUpFilter:
    """None means any. `owner` is an e-mail address, `account` an external id; `since` is about the opening."""

    state: str | None = None
    kind: str | None = None
    owner: str | None = None
    account: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def follow_ups(viewer: Viewer, wanted: FollowUpFilter) -> Select[FollowUp]:
    """The follow-ups that the viewer sees and that match, with account, contact and owner, in no order."""
    related = (selectinload(FollowUp.account), selectinload(FollowUp.contact), selectinload(FollowUp.owner))
    query = select(FollowUp).where(visible(viewer)).options(*related)
    if wanted.state is not None:
        query = query.where(FollowUp.state == wanted.state)
    if wanted.kind is not None:
        query = query.where(FollowUp.kind == wanted.kind)
    if wanted.owner is not None:
        owner = select(User.id).where(func.lower(User.email) == wanted.owner.strip().lower())
        query = query.where(FollowUp.owner_id == owner.scalar_subquery())
    if wanted.account is not None:
        account = select(Account.id).where(Account.external_id == wanted.account)
        query = query.where(FollowUp.account_id == account.scalar_subquery())
    if wanted.since is not None:
        query = query.where(FollowUp.opened_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(FollowUp.opened_at < wanted.until)
    return query
