"""Counts everything again from the answers: at once, or in portions while answers come in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import delete, func, insert, literal, select, text
from sqlalchemy.orm import Session

from feedback.core.time.local_days import day_of
from feedback.services.rollups import actual
from feedback.services.rollups.counting import ALL, DAY, DIMENSIONS, MONTH, columns_of, raise_cells
from feedback.store.database import zone_of
from feedback.store.models import (
    AnswerCount,
    CountedBy,
    Invitation,
    InvitationCount,
    QuestionnaireVersion,
    Response,
    Score,
    ScoreCount,
)
from feedback.store.models.journeys import IN_FORCE
from feedback.store.portions import Portions

REBUILD_CACHE = 256 * 1024  # KiB


def rebuild(session: Session) -> int:
    """Rebuild all counts from the answers, in one transaction. Returns the number of cells.

    Meanwhile reports read the old counts. On PostgreSQL answers wait at their last step until this is done, and
    are then added: their uncommitted rows were not visible to the rebuild.
    """
    _keep_writers_out(session)
    if session.get_bind().dialect.name == "sqlite":  # it reads the same pages repeatedly
        session.execute(text(f"PRAGMA cache_size = -{REBUILD_CACHE}"))
    session.execute(delete(InvitationCount))
    session.execute(delete(ScoreCount))
    session.execute(
        insert(InvitationCount).from_select(columns_of(InvitationCount), actual.invitations_sent(session))
    )
    for each in (*actual.score_days(session), actual.months_of_days(session)):
        session.execute(insert(ScoreCount).from_select(columns_of(ScoreCount), each))
    session.execute(delete(AnswerCount))
    _insert(session, actual.answers(session))
    session.merge(CountedBy(id=1, zone=str(zone_of(session)), complete=True))
    counts = (select(func.count()).select_from(table) for table in (InvitationCount, ScoreCount, AnswerCount))
    return sum(session.scalars(each).one() for each in counts)


def rebuild_all(portions: Portions) -> bool:
    """As `rebuild`, in portions of a day or a month of one series, so that nobody waits for long.

    Each portion replaces its cells by what is stored at that moment, so answers may come meanwhile, and a run that is
    killed is simply begun again. Until the last portion some days are old. Returns False if it was stopped.
    """
    with portions.database.reading() as session:
        work = [*_sent_days(session), *_scored_days(session)]
        work += sorted(
            {replace(each, month=True, start=each.start.replace(day=1)) for each in work if each.series}
        )
        answered = _answered_days(session)
        work += answered
        work += sorted({replace(each, month=True, start=each.start.replace(day=1)) for each in answered})
    done = portions.each(work, _recount_some)
    if done:
        with portions.database.writing() as session:
            session.merge(CountedBy(id=1, zone=str(zone_of(session)), complete=True))
    return done


@dataclass(frozen=True, slots=True, order=True)
class _Slice:
    """A day or a month of a series (trend, question, metric); with an empty series, the invitations of a day, or with
    `answers` the values of all answers to the surveys (trends) in it."""

    series: tuple[str, ...]
    start: date
    month: bool = False
    answers: bool = False


def _sent_days(session: Session) -> list[_Slice]:
    counted = session.scalars(select(InvitationCount.day).distinct())
    first, last = session.execute(select(func.min(Invitation.sent_at), func.max(Invitation.sent_at))).one()
    return [_Slice((), day) for day in _days(session, first, last, counted)]


def _answered_days(session: Session) -> list[_Slice]:
    counted = session.scalars(select(AnswerCount.start).distinct())
    first, last = session.execute(
        select(func.min(Response.answered_at), func.max(Response.answered_at))
    ).one()
    trends = tuple(_trends(session))
    return [_Slice(trends, day, answers=True) for day in _days(session, first, last, counted)]


def _scored_days(session: Session) -> list[_Slice]:
    """Every day with scores or counts of each series."""
    spans = session.execute(
        select(Score.trend, Score.question, Score.metric, func.min(Score.at), func.max(Score.at))
        .group_by(Score.trend, Score.question, Score.metric)
    )  # fmt: skip
    known: dict[tuple[str, ...], tuple[datetime | None, datetime | None]] = {
        (trend, question, metric): (first, last) for trend, question, metric, first, last in spans
    }
    counted: dict[tuple[str, ...], set[date]] = defaultdict(set)
    for *series, start in session.execute(
        select(ScoreCount.trend, ScoreCount.question, ScoreCount.metric, ScoreCount.start).distinct()
    ):
        counted[tuple(series)].add(start)
    return [
        _Slice(series, day)
        for series in sorted(known.keys() | counted.keys())
        for day in _days(session, *known.get(series, (None, None)), counted[series])
    ]


def _days(
    session: Session, first: datetime | None, last: datetime | None, counted: Iterable[date]
) -> list[date]:
    """The local days from `first` to `last`, and those that are counted already."""
    days = set(counted)
    if first is not None and last is not None:
        begin, end = (day_of(each, zone_of(session)) for each in (first, last))
        days.update(begin + timedelta(days=each) for each in range((end - begin).days + 1))
    return sorted(days)


def _recount_some(session: Session, work: Sequence[_Slice]) -> None:
    _keep_writers_out(session)
    for each in work:
        if each.answers:
            _recount_answers(session, each)
        elif not each.series:
            _recount_invitations(session, each.start)
        elif each.month:
            _recount_month(session, each)
        else:
            _recount_day(session, each)


def _keep_writers_out(session: Session) -> None:
    """Until the transaction ends nobody else changes the counts; on SQLite that is so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE invitation_count, score_count, answer_count IN EXCLUSIVE MODE"))


def _recount_invitations(session: Session, day: date) -> None:
    begin, end = _bounds(day, zone_of(session))
    session.execute(delete(InvitationCount).where(InvitationCount.day == day))
    selected = actual.sent_on(literal(day)).where(Invitation.sent_at >= begin, Invitation.sent_at < end)
    session.execute(insert(InvitationCount).from_select(columns_of(InvitationCount), selected))


def _recount_day(session: Session, part: _Slice) -> None:
    begin, end = _bounds(part.start, zone_of(session))
    _delete_cells(session, part, DAY)
    for query in actual.scores_of_day(literal(part.start)):
        trend, question, metric = part.series
        own = query.where(Score.trend == trend, Score.question == question, Score.metric == metric)
        selected = own.where(Score.at >= begin, Score.at < end)
        session.execute(insert(ScoreCount).from_select(columns_of(ScoreCount), selected))


def _recount_month(session: Session, part: _Slice) -> None:
    _delete_cells(session, part, MONTH)
    count, following = ScoreCount, (part.start + timedelta(days=31)).replace(day=1)
    cell = (
        count.trend,
        count.question,
        count.metric,
        literal(MONTH),
        count.dimension,
        literal(part.start),
        count.key,
    )
    trend, question, metric = part.series
    selected = (
        select(*cell, count.value, func.sum(count.n))
        .where(count.trend == trend, count.question == question, count.metric == metric, count.grain == DAY)
        .where(count.start >= part.start, count.start < following)
        .group_by(count.trend, count.question, count.metric, count.dimension, count.key, count.value)
    )
    session.execute(insert(ScoreCount).from_select(columns_of(ScoreCount), selected))


def _recount_answers(session: Session, part: _Slice) -> None:
    trends, count = part.series, AnswerCount
    own = (count.trend.in_(trends), count.grain == (MONTH if part.month else DAY), count.start == part.start)
    session.execute(delete(count).where(*own, count.dimension.in_((ALL, *DIMENSIONS))))
    if not part.month:
        begin, end = _bounds(part.start, zone_of(session))
        cells = actual.answers(session, Response.answered_at >= begin, Response.answered_at < end)
        _insert(session, {cell: n for cell, n in cells.items() if cell[1] == DAY})
        return
    following = (part.start + timedelta(days=31)).replace(day=1)
    cell = (count.trend, literal(MONTH), count.dimension, literal(part.start), count.key)
    what = (count.question, count.item, count.value)
    selected = (
        select(*cell, *what, func.sum(count.n))
        .where(count.trend.in_(trends), count.grain == DAY, count.dimension.in_((ALL, *DIMENSIONS)))
        .where(count.start >= part.start, count.start < following)
        .group_by(count.trend, count.dimension, count.key, *what)
    )
    session.execute(insert(count).from_select(columns_of(count), selected))


def _trends(session: Session) -> list[str]:
    """Every trend that has counts or was published: the counts are found by it."""
    counted = session.scalars(select(AnswerCount.trend).distinct())
    published = session.scalars(
        select(QuestionnaireVersion.content).where(QuestionnaireVersion.key != IN_FORCE)
    )
    return sorted({*counted, *(actual.restored(content).series for content in published)})


def _insert(session: Session, cells: Mapping[tuple[Any, ...], int]) -> None:
    raise_cells(session.connection(), AnswerCount, {cell: (n,) for cell, n in cells.items()})


def _delete_cells(session: Session, part: _Slice, grain: str) -> None:
    trend, question, metric = part.series
    session.execute(
        delete(ScoreCount)
        .where(ScoreCount.trend == trend, ScoreCount.question == question, ScoreCount.metric == metric)
        .where(ScoreCount.grain == grain, ScoreCount.dimension.in_((ALL, *DIMENSIONS)))
        .where(ScoreCount.start == part.start)
    )


def _bounds(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first moment of a local day, and that of the next one. Where midnight comes twice or not at all, `fold=0`
    stands for the first moment of the day."""
    first, following = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    return first.astimezone(UTC), following.astimezone(UTC)
