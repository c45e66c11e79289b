"""What a page that is open tells its reader: follow-ups that became theirs, and snoozed ones whose time has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from feedback.core.followup import State
from feedback.store.models import Account, FollowUp, FollowUpEntry

LASTS = timedelta(minutes=10)
"""How long something is news: long enough for a page that asks every minute, short enough for one opened later."""
MOST, READ = 5, 20
NEWS = ("opened", "reassigned", "reopened", "woken")
"""Kinds of entries that are news for the owner of the follow-up."""


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One piece of news. Of the customer it names only the account and the score; `account` is None without one.

    `entry_id` is that of the timeline's entry, so a later piece has a higher one.
    """

    entry_id: int
    task_id: int
    kind: str
    account: str | None
    metric: str | None
    score: int | None


def news_for(session: Session, user_id: int, now: datetime) -> Sequence[NewsItem]:
    """The latest `MOST` pieces of news for a user, the newest first, without what they did themselves. A follow-up is
    named once, with the latest that happened to it."""
    rows = session.execute(
        select(
            FollowUpEntry.id, FollowUp.id, FollowUpEntry.kind, Account.name, FollowUp.metric, FollowUp.score
        )
        .join(FollowUp, FollowUp.id == FollowUpEntry.follow_up_id)
        .outerjoin(Account, Account.id == FollowUp.account_id)
        .where(FollowUp.owner_id == user_id, FollowUp.state.in_((State.OPEN, State.TAKEN)))
        .where(FollowUpEntry.kind.in_(NEWS), FollowUpEntry.at > now - LASTS)
        .where(or_(FollowUpEntry.user_id.is_(None), FollowUpEntry.user_id != user_id))
        .order_by(FollowUpEntry.id.desc())
        .limit(READ)
    )
    latest: dict[int, NewsItem] = {}
    for item in (NewsItem(*row) for row in rows):
        latest.setdefault(item.task_id, item)
    return list(latest.values())[:MOST]
