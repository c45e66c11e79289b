"""Which accounts and follow-ups a member of staff may see: the one rule that every list and page asks.

A lead sees everything. A CSM sees what they own, what nobody owns, and what belongs to colleagues who are away and
named them as their deputy.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Select, literal, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from feedback.core.followup import State
from feedback.store.models import Account, FollowUp, User


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user who reads: a CSM sees what is theirs or has no owner, one with `sees_all` everything."""

    user_id: int
    sees_all: bool = False


def stands_for(viewer: Viewer) -> Select[int]:
    """Ids of the viewer and of absent users who named them as delegate, directly or through other absent users."""
    people = select(literal(viewer.user_id, BigInteger).label("id")).cte(recursive=True)
    away = select(User.id).join(people, User.delegate_id == people.c.id).where(User.away_until.is_not(None))
    return select(people.union(away).c.id)  # UNION removes duplicates, so circles of delegates end


def _is_theirs(viewer: Viewer) -> ColumnElement[bool]:
    """A condition on Account: owned by the viewer or a user whose delegate they are, or with their follow-up.

    With a follow-up of a colleague's account, one has to know its history, so one sees the account like its owner
    until the follow-up is closed or reassigned.
    """
    people = stands_for(viewer)
    work = (FollowUp.state.in_(set(State) - {State.CLOSED}), FollowUp.owner_id.in_(people))
    at_work = select(FollowUp.account_id).where(FollowUp.account_id.is_not(None), *work)
    return or_(Account.owner_id.in_(people), Account.id.in_(at_work))


def sees_account(viewer: Viewer) -> ColumnElement[bool]:
    """A condition on Account: all, or the viewer's and those without an owner.

    In an outer join, a missing account counts as one without an owner.
    """
    if viewer.sees_all:
        return true()
    return or_(Account.owner_id.is_(None), _is_theirs(viewer))


def accounts_of(viewer: Viewer) -> Select[int]:
    """Ids of the accounts that the viewer sees (`sees_account`)."""
    return select(Account.id).where(sees_account(viewer))


def without_or_in_accounts_of(
    viewer: Viewer, account: InstrumentedAttribute[int | None]
) -> ColumnElement[bool]:
    """A condition on a column with account ids: none, or one that the viewer sees."""
    if viewer.sees_all:
        return true()
    return or_(account.is_(None), account.in_(accounts_of(viewer)))


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """A condition on FollowUp: the viewer's own, those without an owner, those of users whose delegate they are, and
    all of the accounts that they see."""
    if viewer.sees_all:
        return true()
    return or_(
        FollowUp.owner_id.is_(None),
        FollowUp.owner_id.in_(stands_for(viewer)),
        FollowUp.account_id.in_(accounts_of(viewer)),
    )
