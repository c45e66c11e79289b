"""Customers' comments with the score of the same response."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from feedback.core.followup import State
from feedback.core.metrics import METRICS
from feedback.core.metrics.own_scale import GOOD, OTHER
from feedback.core.questions import Question, TextQuestion
from feedback.core.themes.frame import UNSORTED
from feedback.core.time.period import Period
from feedback.library import Library
from feedback.services.access import Viewer, sees_account
from feedback.services.reports.series import Series, published
from feedback.store.database import zone_of
from feedback.store.models import Account, AnswerRow, CommentTheme, Contact, FollowUp, Response, Score
from feedback.store.search import finds

PAGE = 40


@dataclass(frozen=True, slots=True)
class CommentFilter:
    """The filters; None means any. `words` is searched as a phrase, ignoring case.

    `band` is a band of a metric, or bad, middle or good for all metrics. `owner` is the id of the account's owner
    at the time of the answer, 0 for none. `follow_up` is open, closed, any or none. `questionnaires` are keys.
    With `themes`, a comment has one of them; `-` means that it has none.
    """

    period: Period
    series: Series | None = None
    band: str | None = None
    owner: int | None = None
    follow_up: str | None = None
    segment: str | None = None
    stage: str | None = None
    channel: str | None = None
    language: str | None = None
    account_id: int | None = None
    words: str = ""
    questionnaires: frozenset[str] | None = None
    themes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment. `value` is the score of the same response, or None."""

    answer_id: int
    response_id: int
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


def contact_questions(session: Session, library: Library) -> frozenset[tuple[str, str]]:
    """(questionnaire, question) of all that ask for a name or an address, in any version."""
    every = [*library.questionnaires.values(), *published(session, library)]
    asked = ((each.key, question) for each in every for question in each.questions)
    return frozenset((key, question.key) for key, question in asked if asks_who(question))


def asks_who(question: Question | None) -> bool:
    """Whether a question asks for a name or an address."""
    return isinstance(question, TextQuestion) and question.contact is not None


def comments(
    session: Session,
    library: Library,
    viewer: Viewer,
    wanted: CommentFilter,
    *,
    before: int | None = None,
    limit: int = PAGE,
) -> list[Comment]:
    """A page of comments, the latest first; `before` is the last `answer_id` of the previous page.

    Answers that look like a machine's are left out, and so are names and addresses that a survey has asked for: they
    are no comments, and not for everybody who may read comments. `library` says which questions those are.
    """
    query = _selected(session, library, viewer, wanted).limit(limit)
    if before is not None:
        query = query.where(tuple_(Response.answered_at, AnswerRow.id) < _place_of(session, before))
    return [Comment(**row) for row in session.execute(query).mappings()]


def every_comment(
    session: Session, library: Library, viewer: Viewer, wanted: CommentFilter
) -> Iterator[Comment]:
    """Like `comments`, but all of them, read in blocks of a thousand."""
    query = _selected(session, library, viewer, wanted).execution_options(yield_per=1000)
    for row in session.execute(query).mappings():
        yield Comment(**row)


def _selected(
    session: Session, library: Library, viewer: Viewer, wanted: CommentFilter
) -> Select[*tuple[Any, ...]]:
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
        .where(*_conditions(wanted, zone_of(session)), sees_account(viewer))
        .order_by(Response.answered_at.desc(), AnswerRow.id.desc())
    )
    if hidden := contact_questions(session, library):
        query = query.where(tuple_(Response.questionnaire, AnswerRow.question).not_in(sorted(hidden)))
    if wanted.series is not None:
        query = query.where(scored.id.is_not(None))
    if wanted.follow_up is not None:
        query = query.where(_followed(task)[wanted.follow_up])
    return query.where(scored.band.in_(bands_of(wanted.band))) if wanted.band else query


def bands_of(band: str) -> frozenset[str]:
    """The bands for a filter: bad, middle and good mean those of every metric, anything else only itself."""
    ladders = [metric.bands for metric in METRICS.values()]
    moods = {
        "bad": frozenset(bands[0] for bands in ladders),
        "middle": frozenset(band for bands in ladders for band in bands[1:-1]) | {OTHER},
        "good": frozenset(bands[-1] for bands in ladders) | {GOOD},
    }
    return moods.get(band, frozenset({band}))


def _followed(task: Any) -> dict[str, ColumnElement[bool]]:
    there = task.id.is_not(None)
    return {
        "any": there,
        "open": and_(there, task.state != State.CLOSED),
        "closed": task.state == State.CLOSED,
        "none": task.id.is_(None),
    }


_COLUMNS = (
    AnswerRow.id.label("answer_id"),
    AnswerRow.response_id,
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


def _first_score(wanted: CommentFilter) -> Any:
    """The response's score in the wanted series, or else its first score."""
    query = select(Score.id).where(Score.response_id == Response.id).order_by(Score.id).limit(1)
    if wanted.series is not None:
        of_series = (Score.trend == wanted.series.trend, Score.question == wanted.series.question)
        query = query.where(*of_series)
    return query.correlate(Response).scalar_subquery()


def _conditions(wanted: CommentFilter, zone: tzinfo) -> Sequence[ColumnElement[bool]]:
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
    if wanted.questionnaires is not None:
        found.append(Response.questionnaire.in_(wanted.questionnaires))
    if wanted.owner is not None:
        owner = Response.owner_id
        found.append(owner == wanted.owner if wanted.owner else owner.is_(None))
    if wanted.themes:
        found.append(_about(wanted.themes))
    if wanted.words.strip():
        found.append(finds(AnswerRow.text, wanted.words))
    return found


def _about(themes: tuple[str, ...]) -> ColumnElement[bool]:
    """A condition: the comment has one of these themes, or none for `-`."""
    given = CommentTheme.answer_id == AnswerRow.id
    has_one = select(CommentTheme.id).where(given, CommentTheme.theme.in_(themes)).exists()
    if UNSORTED not in themes:
        return has_one
    return or_(has_one, ~select(CommentTheme.id).where(given).exists())


def _place_of(session: Session, answer_id: int) -> Any:
    """The sort key of a comment in the list."""
    at = session.scalar(
        select(Response.answered_at)
        .join(AnswerRow, AnswerRow.response_id == Response.id)
        .where(AnswerRow.id == answer_id)
    )
    return tuple_(at, answer_id)
