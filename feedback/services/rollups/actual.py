"""The correct counts, computed from the answers themselves: for a rebuild, and to check the ones that are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Select, String, case, cast, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.answer import Answer
from feedback.core.time.local_days import day_of
from feedback.services.rollups.counting import (
    ALL,
    DAY,
    DIMENSIONS,
    MONTH,
    Cells,
    answer_cells,
    places_of,
    tallied,
)
from feedback.store.base import Base
from feedback.store.database import zone_of
from feedback.store.days import local_day
from feedback.store.models import (
    AnswerCount,
    AnswerRow,
    Invitation,
    InvitationCount,
    QuestionnaireVersion,
    Response,
    Score,
    ScoreCount,
)

if TYPE_CHECKING:
    from feedback.core.questionnaire import Questionnaire

Selected = Select[*tuple[Any, ...]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Difference(NamedTuple):
    """A cell that differs from the answers."""

    table: str
    cell: tuple[object, ...]
    counted: tuple[int, ...]
    actual: tuple[int, ...]


def check(session: Session) -> list[Difference]:
    """Cells that differ from the answers; empty if all are right. Reads every answer."""
    days = [tuple(row) for each in score_days(session) for row in session.execute(each)]
    scores = [*days, *_months(days)]
    invitations = session.execute(invitations_sent(session))
    return [
        *_differences(session, InvitationCount, 4, invitations),
        *_differences(session, ScoreCount, 8, scores),
        *_differences(session, AnswerCount, 8, [(*cell, n) for cell, n in answers(session).items()]),
    ]


def _differences(
    session: Session, table: type[Base], width: int, actual_rows: Iterable[Any]
) -> Iterator[Difference]:
    """Compare two selections whose first `width` columns are a cell's key, and the others its numbers."""
    actual = {tuple(row)[:width]: tuple(row)[width:] for row in actual_rows}
    rows = session.execute(select(*table.__table__.columns))
    counted = {tuple(row)[:width]: tuple(row)[width:] for row in rows if any(tuple(row)[width:])}
    for cell in sorted(actual.keys() | counted.keys(), key=str):
        nothing = (0,) * (len(table.__table__.columns) - width)
        if counted.get(cell, nothing) != actual.get(cell, nothing):
            yield Difference(table.__tablename__, cell, counted.get(cell, nothing), actual.get(cell, nothing))


def score_days(session: Session) -> Iterator[Selected]:
    """The correct daily counts of scores: one query per dimension."""
    return scores_of_day(_day(session, Score.at))


def scores_of_day(day: ColumnElement[date]) -> Iterator[Selected]:
    """The same, with `day` as the day of every score."""
    for dimension, attribute in ((ALL, None), *DIMENSIONS.items()):
        key = literal("") if attribute is None else func.coalesce(cast(attribute, String(64)), "")
        cell = (Score.trend, Score.question, Score.metric, literal(DAY), literal(dimension), day, key)
        yield (
            select(*cell, Score.value, func.count())
            .join(Response, Response.id == Score.response_id)
            .where(Response.provisional.is_(False))
            .group_by(Score.trend, Score.question, Score.metric, day, key, Score.value)
        )


def answers(session: Session, *which: ColumnElement[bool]) -> Cells:
    """The correct counts of answers. What an answer is counted as depends on its question, so each is read."""
    zone, asked = zone_of(session), {}
    cells: Cells = Counter()
    rows = session.execute(
        select(Response.version_id, AnswerRow.question, AnswerRow.value, *_COUNTABLE)
        .join(Response, Response.id == AnswerRow.response_id)
        .where(Response.provisional.is_(False), *which)
        .execution_options(yield_per=1000)
    )
    for row in rows:
        if row.version_id not in asked:
            content = select(QuestionnaireVersion.content).where(QuestionnaireVersion.id == row.version_id)
            asked[row.version_id] = restored(session.scalars(content).one())
        given = {row.question: Answer.from_stored(row.value, None)}
        places = places_of(row, day_of(row.answered_at, zone))
        cells.update(answer_cells(places, tallied(asked[row.version_id], given)))
    return cells


_COUNTABLE = (
    Response.segment,
    Response.stage,
    Response.channel,
    Response.owner_id,
    Response.language,
    Response.answered_at,
)


def months_of_days(session: Session) -> Selected:
    """The monthly counts, computed from the daily ones, which are fewer than the answers."""
    count = ScoreCount
    month: ColumnElement[Any] = (
        func.date(count.start, "start of month", type_=Date)
        if session.get_bind().dialect.name == "sqlite"
        else cast(func.date_trunc(MONTH, count.start), Date)
    )
    cell = (count.trend, count.question, count.metric, literal(MONTH), count.dimension, month, count.key)
    return (
        select(*cell, count.value, func.sum(count.n))
        .where(count.grain == DAY)
        .group_by(count.trend, count.question, count.metric, count.dimension, month, count.key, count.value)
    )


def _months(days: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Like `months_of_days`, for rows that are not stored."""
    found: Counter[tuple[Any, ...]] = Counter()
    for trend, question, metric, _, dimension, day, key, value, n in days:
        found[trend, question, metric, MONTH, dimension, day.replace(day=1), key, value] += n
    return ((*cell, n) for cell, n in found.items())


def invitations_sent(session: Session) -> Selected:
    return sent_on(_day(session, Invitation.sent_at))


def sent_on(day: ColumnElement[date]) -> Selected:
    """The same, with `day` as the day of every invitation."""
    cell = (QuestionnaireVersion.key, day, Invitation.stage, Invitation.channel)
    return (
        select(
            *cell,
            func.count(),
            _how_many(Response.provisional.is_(False)),
            _how_many(Response.provisional.is_(True)),
        )
        .select_from(Invitation)
        .join(QuestionnaireVersion, QuestionnaireVersion.id == Invitation.version_id)
        .outerjoin(Response, Response.invitation_id == Invitation.id)
        .where(Invitation.sent_at.is_not(None))
        .group_by(*cell)
    )


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _day(session: Session, moment: InstrumentedAttribute[Any]) -> ColumnElement[date]:
    """A SQL expression for the local date of `moment` in the organisation's time zone."""
    first, last = session.execute(select(func.min(moment), func.max(moment))).one()
    return local_day(session, moment, first or EPOCH, last or EPOCH)


def restored(content: Mapping[str, Any]) -> Questionnaire:
    """The questionnaire of a stored version."""
    from feedback.library import restore  # noqa: PLC0415  (with the linter it costs half a second)

    return restore(content)
