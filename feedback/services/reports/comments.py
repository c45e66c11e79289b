"""What customers said, in their own words, with the score that goes with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from feedback.core.period import Period
from feedback.services.followups import Viewer
from feedback.services.reports.series import Series
from feedback.store.database import zone_of
from feedback.store.models import Account, AnswerRow, Contact, FollowUp, Response, Score

PAGE = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which comments. `words` is looked for as it stands, whatever its case; None means any."""

    period: Period
    series: Series | None = None
    band: str | None = None
    segment: str | None = None
    stage: str | None = None
    channel: str | None = None
    language: str | None = None
    account_id: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """One answer in words. `value` is the score of the same response, None where it has none."""

    answer_id: int
    at: datetime
    text: str
    question: str
    questionnaire: str
    language: str
    stage: str | None
    segment: str | None
    channel: str
    metric: str | None
    value: int | None
    band: str | None
    account_id: int | None
    account: str | None
    contact: str | None
    follow_up_id: int | None
    follow_up_state: str | None


def comments(
    session: Session, viewer: Viewer, wanted: Wanted, *, before: int | None = None, limit: int = PAGE
) -> list[Comment]:
    """A page of comments, the latest first; `before` is the last `answer_id` of the page before.

    Answers that look like a machine's are left out.
    """
    query = _selected(viewer, wanted, zone_of(session)).limit(limit)
    if before is not None:
        query = query.where(tuple_(Response.answered_at, AnswerRow.id) < _place_of(session, before))
    return [Comment(**row) for row in session.execute(query).mappings()]


def every_comment(session: Session, viewer: Viewer, wanted: Wanted) -> Iterator[Comment]:
    """As `comments`, however many there are, a thousand at a time."""
    query = _selected(viewer, wanted, zone_of(session)).execution_options(yield_per=1000)
    for row in session.execute(query).mappings():
        yield Comment(**row)


def visible_accounts(viewer: Viewer) -> ColumnElement[bool]:
    """The accounts that somebody may see: all, or one's own and nobody's."""
    if viewer.sees_all:
        return true()
    return or_(Account.owner_id == viewer.user_id, Account.owner_id.is_(None))


def _selected(viewer: Viewer, wanted: Wanted, zone: tzinfo) -> Select[*tuple[Any, ...]]:
    scored, task = aliased(Score), aliased(FollowUp)
    query = (
        select(*_COLUMNS)
        .add_columns(scored.metric, scored.value, scored.band)
        .add_columns(task.id.label("follow_up_id"), task.state.label("follow_up_state"))
        .join(Response, Response.id == AnswerRow.response_id)
        .outerjoin(scored, scored.id == _first_score(wanted))
        .outerjoin(task, and_(task.response_id == Response.id, task.kind == "recovery"))
        .outerjoin(Account, Account.id == Response.account_id)
        .outerjoin(Contact, Contact.id == Response.contact_id)
        .where(*_conditions(wanted, zone), visible_accounts(viewer))
        .order_by(Response.answered_at.desc(), AnswerRow.id.desc())
    )
    if wanted.series is not None:
        query = query.where(scored.id.is_not(None))
    return query.where(scored.band == wanted.band) if wanted.band else query


_COLUMNS = (
    AnswerRow.id.label("answer_id"),
    Response.answered_at.label("at"),
    AnswerRow.text,
    AnswerRow.question,
    Response.questionnaire,
    Response.language,
    Response.stage,
    Response.segment,
    Response.channel,
    Response.account_id,
    Account.name.label("account"),
    Contact.name.label("contact"),
)


def _first_score(wanted: Wanted) -> Any:
    """The response's score of the wanted series, else its first one."""
    query = select(Score.id).where(Score.response_id == Response.id).order_by(Score.id).limit(1)
    if wanted.series is not None:
        of_series = (Score.trend == wanted.series.trend, Score.question == wanted.series.question)
        query = query.where(*of_series)
    return query.correlate(Response).scalar_subquery()


def _conditions(wanted: Wanted, zone: tzinfo) -> Sequence[ColumnElement[bool]]:
    first, after = wanted.period.moments(zone)
    exact = {
        Response.segment: wanted.segment,
        Response.stage: wanted.stage,
        Response.channel: wanted.channel,
        Response.language: wanted.language,
        Response.account_id: wanted.account_id,
    }
    found = [
        Response.answered_at >= first,
        Response.answered_at < after,
        Response.provisional.is_(False),
        AnswerRow.text.is_not(None),
        AnswerRow.text != "",
    ]
    found += [column == value for column, value in exact.items() if value is not None]
    if wanted.words.strip():
        found.append(AnswerRow.text.icontains(wanted.words.strip(), autoescape=True))
    return found


def _place_of(session: Session, answer_id: int) -> Any:
    """Where a comment stands in the order of the feed."""
    at = session.scalar(
        select(Response.answered_at)
        .join(AnswerRow, AnswerRow.response_id == Response.id)
        .where(AnswerRow.id == answer_id)
    )
    return tuple_(at, answer_id)
