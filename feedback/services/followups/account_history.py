"""The history of an account: scores, messages, earlier follow-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session, aliased, selectinload

from feedback.services.access import Viewer, visible
from feedback.store.models import Contact, FollowUp, Invitation, Response, Score

ENOUGH = 20
"""Maximum number of entries of each kind."""
MESSAGES = 8
"""Maximum number of surveys on the account's page."""


@dataclass(frozen=True, slots=True)
class AccountHistory:
    """Lists with the latest entries first. `scores` holds rows of (score, contact or None).

    `colleague` is the account's last score in the series of the follow-up if somebody else gave it, or None.
    """

    scores: Sequence[Row[Score, Contact]]
    colleague: Row[Score, Contact] | None
    invitations: Sequence[Invitation]
    follow_ups: Sequence[FollowUp]


def read(session: Session, task: FollowUp, viewer: Viewer) -> AccountHistory:
    """The history of the account, or of the person if there is no account, without `task` itself."""
    return AccountHistory(
        _scores(session, task),
        _colleague(session, task),
        _invitations(session, task),
        _earlier(session, task, viewer),
    )


def _scores(session: Session, task: FollowUp) -> Sequence[Row[Score, Contact]]:
    query = (
        select(Score, Contact)
        .join(Response, Response.id == Score.response_id)
        .outerjoin(Contact, Contact.id == Response.contact_id)
        .where(Response.provisional.is_(False), _same(Response, task))
    )
    return session.execute(query.order_by(Score.at.desc()).limit(ENOUGH)).all()


def _colleague(session: Session, task: FollowUp) -> Row[Score, Contact] | None:
    if task.account_id is None or task.metric is None:
        return None
    own = aliased(Score)
    query = (
        select(Score, Contact)
        .join(own, (own.metric == Score.metric) & (own.trend == Score.trend) & (own.at >= Score.at))
        .join(Response, Response.id == Score.response_id)
        .outerjoin(Contact, Contact.id == Response.contact_id)
        .where(Response.account_id == task.account_id, Response.id != task.response_id)
        .where(Response.provisional.is_(False), Response.contact_id.is_distinct_from(task.contact_id))
        .where(own.response_id == task.response_id, own.metric == task.metric)
    )
    return session.execute(query.order_by(Score.at.desc()).limit(1)).first()


def _invitations(session: Session, task: FollowUp) -> Sequence[Invitation]:
    query = select(Invitation).where(_same(Invitation, task)).options(selectinload(Invitation.contact))
    return session.scalars(query.order_by(Invitation.created_at.desc()).limit(MESSAGES)).all()


def _earlier(session: Session, task: FollowUp, viewer: Viewer) -> Sequence[FollowUp]:
    query = select(FollowUp).where(FollowUp.id != task.id, _same(FollowUp, task), visible(viewer))
    return session.scalars(query.order_by(FollowUp.opened_at.desc()).limit(ENOUGH)).all()


def _same(table: type[Response] | type[Invitation] | type[FollowUp], task: FollowUp) -> ColumnElement[bool]:
    if task.account_id is not None:
        return table.account_id == task.account_id
    return table.contact_id == task.contact_id
