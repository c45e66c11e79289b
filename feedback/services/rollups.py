"""Keeps the daily counts behind the reports: in the transaction of the answer itself, or made anew.

Every change of a score or an invitation becomes a handful of cells that go up or down. On PostgreSQL
everybody who answers on one day meets in the cell of that day. So cells are raised without reading them
first, invitations before scores and each in the order of the key (two answers can never wait for each other
in a circle), and as the last thing before the commit (the wait is as short as the commit is).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    TextClause,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.local_days import day_of
from feedback.store.base import Base
from feedback.store.database import zone_of
from feedback.store.days import Grain, local_day
from feedback.store.models import (
    Invitation,
    InvitationCount,
    QuestionnaireVersion,
    Response,
    Score,
    ScoreCount,
)

Selected = Select[*tuple[Any, ...]]
Standing = Literal["answered", "provisional"] | None
"""What an invitation's response counts as; None where there is none."""

DAY: Grain = "day"
MONTH: Grain = "month"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ALL = "all"

DIMENSIONS: Mapping[str, InstrumentedAttribute[Any]] = {
    "segment": Response.segment,
    "stage": Response.stage,
    "channel": Response.channel,
    "owner": Response.owner_id,
    "language": Response.language,
}
"""By what scores are broken down, and where it stands: as it was when the customer answered."""


Cells = Counter[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Counted:
    """How a response stands in the counts: its cells of ScoreCount, and its place in the response rate."""

    cells: Cells
    standing: Standing


class Difference(NamedTuple):
    """A cell that does not hold what the answers say."""

    table: str
    cell: tuple[object, ...]
    counted: tuple[int, ...]
    actual: tuple[int, ...]


NOT_COUNTED = Counted(Counter(), None)


def counted(session: Session, response: Response | None) -> Counted:
    """How a response stands in the counts as its rows are now; take this before changing them."""
    if response is None:
        return NOT_COUNTED
    cells: Cells = Counter()
    if not response.provisional:
        for score in session.execute(_SCORES, {"response": response.id}):
            cells.update(_cells(response, day_of(response.answered_at, zone_of(session)), *score))
    return Counted(cells, standing(response))


def settle(session: Session, response: Response, before: Counted) -> None:
    """Move the counts from how the response stood `before` to how it stands now.

    A score belongs to the day of the response's first answer, whenever it is changed. This waits for others
    who answer on the same day: call it last.
    """
    _move(session, response, before, counted(session, response))


def withdraw(session: Session, response: Response) -> None:
    """Take a response out of the counts; call this before its rows are deleted."""
    _move(session, response, counted(session, response), NOT_COUNTED)


def _move(session: Session, response: Response, before: Counted, after: Counted) -> None:
    if before.standing != after.standing and response.invitation_id is not None:
        cell = _sent_as(session, response.invitation_id)
        change = [_as(after.standing, kind) - _as(before.standing, kind) for kind in _STANDINGS]
        if cell is not None:
            _raise(session, InvitationCount, {cell: (0, *change)})
    cells = after.cells.copy()
    cells.subtract(before.cells)
    _raise(session, ScoreCount, {cell: (n,) for cell, n in cells.items() if n})


def invited(session: Session, invitation_id: int, change: int = 1) -> None:
    """An invitation has left (`change` = 1). Flush it first: the counts go by its row.

    When one that has left already is to go out by another channel, call this with -1 before its channel
    changes and with 1 after.
    """
    cell = _sent_as(session, invitation_id)
    if cell is None:
        return
    response = session.scalar(select(Response).where(Response.invitation_id == invitation_id))
    answers = [_as(standing(response), kind) for kind in _STANDINGS]
    _raise(session, InvitationCount, {cell: [change * n for n in (1, *answers)]})


def standing(response: Response | None) -> Standing:
    """What a response counts as in the response rate."""
    if response is None:
        return None
    return "provisional" if response.provisional else "answered"


_STANDINGS: tuple[Standing, ...] = ("answered", "provisional")  # in the order of InvitationCount's columns


def _as(standing: Standing, kind: Standing) -> int:
    return int(standing == kind)


# --- Anew, and whether they are right ----------------------------------------------------------------


def rebuild(session: Session) -> int:
    """Make all counts anew from the answers, in one transaction; returns the number of cells.

    Reports go on reading the old counts meanwhile. On PostgreSQL answers wait at their last step until this
    is done, and are then counted on top: what they wrote was not yet visible to us.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE invitation_count, score_count IN EXCLUSIVE MODE"))
    session.execute(delete(InvitationCount))
    session.execute(delete(ScoreCount))
    session.execute(
        insert(InvitationCount).from_select(_columns(InvitationCount), _actual_invitations(session))
    )
    for each in _actual_scores(session):
        session.execute(insert(ScoreCount).from_select(_columns(ScoreCount), each))
    counts = (select(func.count()).select_from(table) for table in (InvitationCount, ScoreCount))
    return sum(session.scalars(each).one() for each in counts)


def check(session: Session) -> list[Difference]:
    """Cells that do not hold what the answers say; empty when all is well. Reads every answer."""
    scores = [row for each in _actual_scores(session) for row in session.execute(each)]
    invitations = session.execute(_actual_invitations(session))
    return [
        *_differences(session, InvitationCount, 4, invitations),
        *_differences(session, ScoreCount, 8, scores),
    ]


def _differences(
    session: Session, table: type[Base], width: int, actual_rows: Iterable[Any]
) -> Iterator[Difference]:
    """The first `width` columns are a cell's key, the others its numbers."""
    actual = {tuple(row)[:width]: tuple(row)[width:] for row in actual_rows}
    rows = session.execute(select(*table.__table__.columns))
    counted = {tuple(row)[:width]: tuple(row)[width:] for row in rows if any(tuple(row)[width:])}
    for cell in sorted(actual.keys() | counted.keys(), key=str):
        nothing = (0,) * (len(table.__table__.columns) - width)
        if counted.get(cell, nothing) != actual.get(cell, nothing):
            yield Difference(table.__tablename__, cell, counted.get(cell, nothing), actual.get(cell, nothing))


def _actual_scores(session: Session) -> Iterator[Selected]:
    """What the counts of scores should be: a query for each grain and dimension."""
    for grain in (DAY, MONTH):
        start = _first_day(session, Score.at, grain)
        for dimension, attribute in ((ALL, None), *DIMENSIONS.items()):
            key = literal("") if attribute is None else func.coalesce(cast(attribute, String(64)), "")
            cell = (Score.trend, Score.question, Score.metric, literal(grain), literal(dimension), start, key)
            yield (
                select(*cell, Score.value, func.count())
                .join(Response, Response.id == Score.response_id)
                .where(Response.provisional.is_(False))
                .group_by(Score.trend, Score.question, Score.metric, start, key, Score.value)
            )


def _actual_invitations(session: Session) -> Selected:
    day = _first_day(session, Invitation.sent_at, DAY)
    cell = (QuestionnaireVersion.key, day, Invitation.stage, Invitation.kind)
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


def _first_day(session: Session, moment: InstrumentedAttribute[Any], grain: Grain) -> ColumnElement[date]:
    """The organisation's day of a moment, or the first day of its month."""
    first, last = session.execute(select(func.min(moment), func.max(moment))).one()
    return local_day(session, moment, first or EPOCH, last or EPOCH, grain)


# --- Cells -------------------------------------------------------------------------------------------


_SCORES = select(Score.trend, Score.question, Score.metric, Score.value).where(
    Score.response_id == bindparam("response")
)


def _cells(
    response: Response, day: date, trend: str, question: str, metric: str, value: int
) -> Iterator[tuple[Any, ...]]:
    keys = [(ALL, ""), *((name, _key(response, column.key)) for name, column in DIMENSIONS.items())]
    for grain, start in ((DAY, day), (MONTH, day.replace(day=1))):
        for dimension, key in keys:
            yield (trend, question, metric, grain, dimension, start, key, value)


def _key(response: Response, attribute: str) -> str:
    value = getattr(response, attribute)
    return "" if value is None else str(value)


def _sent_as(session: Session, invitation_id: int) -> tuple[Any, ...] | None:
    """The cell of an invitation that has left. Holds its row: its answer and its leaving may meet."""
    row = session.execute(
        select(QuestionnaireVersion.key, Invitation.sent_at, Invitation.stage, Invitation.kind)
        .join(QuestionnaireVersion, QuestionnaireVersion.id == Invitation.version_id)
        .where(Invitation.id == invitation_id)
        .with_for_update(of=Invitation)
    ).one()
    sent_at: datetime | None = row.sent_at
    return (row.key, day_of(sent_at, zone_of(session)), row.stage, row.kind) if sent_at else None


def _raise(session: Session, table: type[Base], cells: Mapping[tuple[Any, ...], Sequence[int]]) -> None:
    """Add numbers to cells, new or not, in the order of their keys: one statement, one round trip."""
    if cells:
        rows = [(*cell, *cells[cell]) for cell in sorted(cells)]
        given = {f"p{at}": value for at, value in enumerate(value for row in rows for value in row)}
        session.execute(_upsert(table, len(rows)), given)


@cache
def _upsert(table: type[Base], rows: int) -> TextClause:
    """Written by hand: the toolkit compiles an INSERT of many rows anew every time, for milliseconds."""
    columns = list(table.__table__.columns)
    numbers = [column.name for column in columns if not column.primary_key]
    keys = ", ".join(column.name for column in columns if column.primary_key)
    names = [f"p{at}" for at in range(rows * len(columns))]
    lines = [names[at : at + len(columns)] for at in range(0, len(names), len(columns))]
    values = ", ".join("(" + ", ".join(f":{name}" for name in line) + ")" for line in lines)
    raised = ", ".join(f"{each} = {table.__tablename__}.{each} + excluded.{each}" for each in numbers)
    statement = (
        f"INSERT INTO {table.__tablename__} ({', '.join(_columns(table))}) VALUES {values} "  # noqa: S608
        f"ON CONFLICT ({keys}) DO UPDATE SET {raised}"
    )
    typed = [bindparam(name, type_=columns[at % len(columns)].type) for at, name in enumerate(names)]
    return text(statement).bindparams(*typed)


def _columns(table: type[Base]) -> list[str]:
    return [column.name for column in table.__table__.columns]
