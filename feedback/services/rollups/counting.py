"""What a response or an invitation contributes to the counts, and how the counts are moved by it.

Every change of an answer or an invitation increments or decrements a few cells. On PostgreSQL all answers of one
day update the same cells. So cells are incremented without reading them first, invitations before scores before
answers and each in the order of their keys (which prevents deadlocks), and as the last step before the commit (which
keeps the lock short).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sqlalchemy import Connection, Row, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.answer import Answer
from feedback.core.time.local_days import day_of
from feedback.store.base import Base
from feedback.store.database import zone_of
from feedback.store.models import (
    AnswerCount,
    Invitation,
    InvitationCount,
    QuestionnaireVersion,
    Response,
    ScoreCount,
)
from feedback.store.prepared import rows_of

if TYPE_CHECKING:
    from feedback.core.questionnaire import Questionnaire

Standing = Literal["answered", "provisional"] | None
"""How an invitation's response counts in the response rate; None if there is none."""

DAY, MONTH = "day", "month"
ALL = "all"
CELLS_AT_ONCE = 500
"""Cells of one statement: databases limit its parameters."""

DIMENSIONS: Mapping[str, InstrumentedAttribute[Any]] = {
    "segment": Response.segment,
    "stage": Response.stage,
    "channel": Response.channel,
    "owner": Response.owner_id,
    "language": Response.language,
}
"""The dimensions of scores and their columns; values are those at the time of the answer."""


Cells = Counter[tuple[Any, ...]]
SentAs = tuple[str, date, str, str]
"""(questionnaire, day, stage, channel) under which an invitation is counted."""
Place = tuple[str, str, date, str]
Scored = tuple[str, str, str, int]
"""(trend, question, metric, value) of one score."""
Tallied = tuple[str, str, str, str]
"""(trend, question, item, value) of one tally of an answer (`Question.tallies`)."""


class Countable(Protocol):
    """The fields of a response that the counts need; an ORM object or a draft row."""

    @property
    def segment(self) -> str | None: ...
    @property
    def stage(self) -> str | None: ...
    @property
    def channel(self) -> str: ...
    @property
    def owner_id(self) -> int | None: ...
    @property
    def language(self) -> str: ...
    @property
    def provisional(self) -> bool: ...
    @property
    def answered_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Counted:
    """The contribution of a response: cells of ScoreCount and AnswerCount, and how it counts in the response rate."""

    cells: Cells
    standing: Standing
    answers: Cells = field(default_factory=Counter)


NOT_COUNTED = Counted(Counter(), None)


def counted(
    response: Countable, scores: Iterable[Scored], zone: tzinfo, tallies: Iterable[Tallied] = ()
) -> Counted:
    """The contribution of a response with these scores and tallies, with days in `zone` (see `zone_of`)."""
    if response.provisional:
        return Counted(Counter(), "provisional")
    places = places_of(response, day_of(response.answered_at, zone))
    cells = Counter(
        (trend, question, metric, *place, value)
        for trend, question, metric, value in scores
        for place in places
    )
    return Counted(cells, "answered", Counter(answer_cells(places, tallies)))


def tallied(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> Iterator[Tallied]:
    """What these answers are counted as in the results of their questions."""
    for key, answer in answers.items():
        question = questionnaire.question(key)
        if question is not None:
            yield from ((questionnaire.series, key, *tally) for tally in question.tallies(answer))


def settle(connection: Connection, before: Counted, after: Counted, sent: SentAs | None) -> None:
    """Update the counts from the contribution `before` to the contribution `after`.

    `sent` is the key of its invitation (`sent_as`), None without an invitation or if none was sent. A score
    counts on the day of the response's first answer, also if it is changed later. This can wait for other
    answers of the same day, so call it last.
    """
    if before.standing != after.standing and sent is not None:
        change = [_as(after.standing, kind) - _as(before.standing, kind) for kind in _STANDINGS]
        raise_cells(connection, InvitationCount, {sent: (0, *change)})
    for table, new, old in (
        (ScoreCount, after.cells, before.cells),
        (AnswerCount, after.answers, before.answers),
    ):
        cells = new.copy() if old else new
        if old:
            cells.subtract(old)
        raise_cells(connection, table, {cell: (n,) for cell, n in cells.items() if n})


def sent_as(
    questionnaire: str, invitation: Invitation | Row[*tuple[Any, ...]], zone: tzinfo
) -> SentAs | None:
    """The key under which a sent invitation is counted; its row must be locked."""
    sent_at: datetime | None = invitation.sent_at
    return (questionnaire, day_of(sent_at, zone), invitation.stage, invitation.channel) if sent_at else None


def invited(session: Session, invitation_id: int, change: int = 1) -> None:
    """Count an invitation as sent (`change` = 1). Flush it first, because this reads its row.

    If a sent invitation changes its channel, call this with -1 before the change and with 1 after it.
    """
    cell = _place(session, invitation_id)
    if cell is None:
        return
    response = session.scalar(select(Response).where(Response.invitation_id == invitation_id))
    answers = [_as(standing(response), kind) for kind in _STANDINGS]
    raise_cells(session.connection(), InvitationCount, {cell: [change * n for n in (1, *answers)]})


def standing(response: Response | None) -> Standing:
    """How a response counts in the response rate."""
    if response is None:
        return None
    return "provisional" if response.provisional else "answered"


_STANDINGS: tuple[Standing, ...] = ("answered", "provisional")  # in the order of InvitationCount's columns


def _as(standing: Standing, kind: Standing) -> int:
    return int(standing == kind)


def answer_cells(places: Sequence[Place], tallies: Iterable[Tallied]) -> Iterator[tuple[Any, ...]]:
    """The cells of AnswerCount in which a response with these places counts."""
    for trend, question, item, value in tallies:
        for place in places:
            yield (trend, *place, question, item, value)


def places_of(response: Any, day: date) -> list[Place]:
    """Every (grain, dimension, start, key) in which a response counts."""
    keys = [(ALL, ""), *((name, _key(response, column.key)) for name, column in DIMENSIONS.items())]
    grains = ((DAY, day), (MONTH, day.replace(day=1)))
    return [(grain, dimension, start, key) for grain, start in grains for dimension, key in keys]


def _key(response: Countable, attribute: str) -> str:
    value = getattr(response, attribute)
    return "" if value is None else str(value)


def _place(session: Session, invitation_id: int) -> SentAs | None:
    """Like `sent_as`, but locks the invitation's row, because it may be answered while it is sent."""
    row = session.execute(
        select(QuestionnaireVersion.key, Invitation.sent_at, Invitation.stage, Invitation.channel)
        .join(QuestionnaireVersion, QuestionnaireVersion.id == Invitation.version_id)
        .where(Invitation.id == invitation_id)
        .with_for_update(of=Invitation)
    ).one()
    return sent_as(row.key, row, zone_of(session))


def raise_cells(
    connection: Connection, table: type[Base], cells: Mapping[tuple[Any, ...], Sequence[int]]
) -> None:
    """Add numbers to cells, and insert missing ones, in the order of their keys, in as few statements as possible."""
    ordered = iter(sorted(cells))
    while some := list(islice(ordered, CELLS_AT_ONCE)):
        # Both drivers accept a day as text.
        bare = [
            value.isoformat() if type(value) is date else value
            for cell in some
            for value in (*cell, *cells[cell])
        ]
        statement = _upsert(table, len(some), "?" if connection.dialect.paramstyle == "qmark" else "%s")
        rows_of(connection, statement, bare)


@cache
def _upsert(table: type[Base], rows: int, placeholder: str) -> str:
    """The upsert as raw SQL, because SQLAlchemy needs more time for a hundred parameters than the database."""
    columns = list(table.__table__.columns)
    numbers = [column.name for column in columns if not column.primary_key]
    keys = ", ".join(column.name for column in columns if column.primary_key)
    line = "(" + ", ".join([placeholder] * len(columns)) + ")"
    raised = ", ".join(f"{each} = {table.__tablename__}.{each} + excluded.{each}" for each in numbers)
    return (
        f"INSERT INTO {table.__tablename__} ({', '.join(columns_of(table))}) "  # noqa: S608
        f"VALUES {', '.join([line] * rows)} ON CONFLICT ({keys}) DO UPDATE SET {raised}"
    )


def columns_of(table: type[Base]) -> list[str]:
    """The names of a table's columns, in their order."""
    return [column.name for column in table.__table__.columns]
