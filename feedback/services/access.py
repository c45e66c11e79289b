"""Which accounts and follow-ups a member of staff may see: the one rule that every list and page asks.

A lead sees everything. A CSM sees what they own, what nobody owns, and what belongs to colleagues who are away and
named them as their deputy.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Select, literal, or_, select, true

from feedback.core.followup import State
from feedback.store.models import Account, FollowUp, User


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: a CSM sees what is theirs or nobody's, `sees_all` everything."""

    user_id: int
    sees_all: bool = False


def stands_for(viewer: Viewer) -> Select[int]:
    """Ids of the viewer, of those who are away and named them, of those who named one of these, and so on."""
    people = select(literal(viewer.user_id, BigInteger).label("id")).cte(recursive=True)
    away = select(User.id).join(people, User.delegate_id == people.c.id).where(User.away_until.is_not(None))
    return select(people.union(away).c.id)  # a union of different ones: circles of delegates come to an end


def _is_theirs(viewer: Viewer) -> ColumnElement[bool]:
    """For queries over Account: the viewer's, of those for whom they stand in, and where one of these has work.

    Whoever calls the customer of a colleague has to know what there was before, and sees the account as its owner
    does until that follow-up is closed or somebody else's.
    """
    people = stands_for(viewer)
    work = (FollowUp.state.in_(set(State) - {State.CLOSED}), FollowUp.owner_id.in_(people))
    at_work = select(FollowUp.account_id).where(FollowUp.account_id.is_not(None), *work)
    return or_(Account.owner_id.in_(people), Account.id.in_(at_work))


def sees_account(viewer: Viewer) -> ColumnElement[bool]:
    """For queries over Account: all, or theirs and nobody's.

    Where Account is joined from outside, who has no account is nobody's.
    """
    if viewer.sees_all:
        return true()
    return or_(Account.owner_id.is_(None), _is_theirs(viewer))


def accounts_of(viewer: Viewer) -> Select[int]:
    """Ids of the accounts that `sees_account` lets through."""
    return select(Account.id).where(sees_account(viewer))


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """What `viewer` may see and work on: their own, nobody's, those of whom they stand in for, and all of the accounts
    that they see."""
    if viewer.sees_all:
        return true()
    return or_(
        FollowUp.owner_id.is_(None),
        FollowUp.owner_id.in_(stands_for(viewer)),
        FollowUp.account_id.in_(accounts_of(viewer)),
    )
