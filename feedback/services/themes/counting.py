"""Counts of themes by day and month, so that a page over a million comments reads a few hundred rows.

They are made by the worker, a day at a time, from the themes of its comments: an answer never waits for them. A change
marks its day (`ThemeDay`), and a marked day is counted again from what is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from feedback.core.themes.frame import UNSORTED
from feedback.core.time.local_days import day_of
from feedback.services.rollups.counting import DAY, MONTH, places_of, raise_cells
from feedback.store.database import Database, zone_of
from feedback.store.models import AnswerRow, CommentTheme, Response, Score, ThemeCount, ThemeDay
from feedback.store.portions import never

ALL_COMMENTS = ""
"""The theme that stands for all comments."""
NO_SERIES = ("", "", "")
Asked = tuple[str, str]


def mark_moments(session: Session, moments: Iterable[datetime]) -> None:
    """The comments of these moments, or their themes, have changed."""
    zone = zone_of(session)
    days = {day_of(each, zone) for each in moments}
    raise_cells(session.connection(), ThemeDay, {(day,): (1,) for day in days})


def mark_responses(session: Session, responses: Sequence[int]) -> None:
    """The comments of these responses, or their themes, have changed."""
    given = (
        select(Response.answered_at)
        .join(AnswerRow, AnswerRow.response_id == Response.id)
        .where(Response.id.in_(responses), AnswerRow.text.is_not(None))
    )
    mark_moments(session, session.scalars(given).all())


def count_marked(
    database: Database, left_out: Collection[Asked], stopped: Any = never, limit: int = 1_000
) -> int:
    """Count every marked day again; returns how many. `left_out` are questions whose answers are no comments."""
    with database.reading() as session:
        marked = session.execute(
            select(ThemeDay.day, ThemeDay.n).order_by(ThemeDay.day.desc()).limit(limit)
        ).all()
    done = 0
    for day, mark in marked:
        if stopped():
            break
        with database.reading() as session:
            cells = _cells(session, day, frozenset(left_out))
        with database.writing() as session:
            done += _replace(session, day, mark, cells)
    return done


def mark_everything(session: Session) -> None:
    """Count every day again, after a change of the time zone or of what is no comment."""
    session.execute(delete(ThemeCount))
    session.execute(delete(ThemeDay))
    moments = (
        select(Response.answered_at)
        .join(AnswerRow, AnswerRow.response_id == Response.id)
        .where(AnswerRow.text.is_not(None))
        .execution_options(yield_per=1000)
    )
    zone = zone_of(session)
    days = {day_of(each, zone) for each in session.scalars(moments)}
    raise_cells(session.connection(), ThemeDay, {(day,): (1,) for day in days})


def _replace(session: Session, day: date, mark: int, cells: Mapping[tuple[Any, ...], int]) -> int:
    """Replace the counts of a day and move those of its month. Returns 0 if the day has changed meanwhile."""
    gone = session.execute(delete(ThemeDay).where(ThemeDay.day == day, ThemeDay.n == mark))
    if not getattr(gone, "rowcount", 0):
        return 0
    count = ThemeCount
    key = (count.trend, count.question, count.metric, count.grain, count.dimension, count.start)
    old = session.execute(
        select(*key, count.key, count.theme, count.value, count.n).where(
            count.grain == DAY, count.start == day
        )
    )
    change = Counter(cells)
    change.subtract({tuple(row[:-1]): row[-1] for row in old})
    moved: dict[tuple[Any, ...], tuple[int]] = {}
    for cell, n in change.items():
        if n:
            moved[cell] = (n,)
            trend, question, metric, _, dimension, start, *rest = cell
            moved[trend, question, metric, MONTH, dimension, start.replace(day=1), *rest] = (n,)
    raise_cells(session.connection(), ThemeCount, moved)
    session.execute(delete(count).where(count.grain == DAY, count.start == day, count.n == 0))
    return 1


def _cells(session: Session, day: date, left_out: frozenset[Asked]) -> Counter[tuple[Any, ...]]:
    """The correct daily cells of a day."""
    begin, end = _bounds(day, zone_of(session))
    within = (
        Response.answered_at >= begin,
        Response.answered_at < end,
        Response.provisional.is_(False),
        AnswerRow.text.is_not(None),
        AnswerRow.text != "",
    )
    rows = session.execute(
        select(AnswerRow.id, AnswerRow.response_id, AnswerRow.question, Response.questionnaire, *_COUNTABLE)
        .join(Response, Response.id == AnswerRow.response_id)
        .where(*within)
    ).all()
    of_comments = (
        select(CommentTheme.answer_id, CommentTheme.theme)
        .join(AnswerRow, AnswerRow.id == CommentTheme.answer_id)
        .join(Response, Response.id == AnswerRow.response_id)
        .where(*within)
    )
    of_responses = (
        select(Score.response_id, Score.trend, Score.question, Score.metric, Score.value)
        .join(Response, Response.id == Score.response_id)
        .where(*within[:3])
    )
    themes, scores = _grouped(session.execute(of_comments)), _grouped(session.execute(of_responses))
    found: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        if (row.questionnaire, row.question) in left_out:
            continue
        named = [theme for (theme,) in themes.get(row.id, ())] or [UNSORTED]
        series = [(*NO_SERIES, 0), *scores.get(row.response_id, ())]
        for grain, dimension, start, key in places_of(row, day):
            if grain == DAY:
                found.update(
                    (*of, grain, dimension, start, key, theme, value)
                    for *of, value in series
                    for theme in (ALL_COMMENTS, *named)
                )
    return found


_COUNTABLE = (
    Response.segment,
    Response.stage,
    Response.channel,
    Response.owner_id,
    Response.language,
)


def _grouped(rows: Iterable[Any]) -> dict[int, list[tuple[Any, ...]]]:
    """First column -> the others of its rows."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for first, *others in rows:
        found.setdefault(first, []).append(tuple(others))
    return found


def _bounds(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first moment of a local day, and that of the next one."""
    first, following = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    return first.astimezone(UTC), following.astimezone(UTC)
