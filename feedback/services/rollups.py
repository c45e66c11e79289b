"""Maintains the daily and monthly counts behind the reports: in the answer's transaction, or by a rebuild.

Every change of a score or an invitation increments or decrements a few cells. On PostgreSQL all answers of one
day update the same cells. So cells are incremented without reading them first, invitations before scores and
each in the order of their keys (which prevents deadlocks), and as the last step before the commit (which keeps
the lock short).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Row,
    Select,
    String,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.answer import Answer
from feedback.core.time.local_days import day_of
from feedback.settings import Problem
from feedback.store.base import Base
from feedback.store.database import zone_of
from feedback.store.days import local_day
from feedback.store.models import (
    AnswerCount,
    AnswerRow,
    CountedBy,
    Invitation,
    InvitationCount,
    QuestionnaireVersion,
    Response,
    Score,
    ScoreCount,
)
from feedback.store.portions import Portions
from feedback.store.prepared import rows_of

if TYPE_CHECKING:
    from feedback.core.questionnaire import Questionnaire

Selected = Select[*tuple[Any, ...]]
Standing = Literal["answered", "provisional"] | None
"""How an invitation's response counts in the response rate; None if there is none."""

DAY, MONTH = "day", "month"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ALL = "all"
REBUILD_CACHE = 256 * 1024  # KiB
INSERTED_AT_ONCE = 500
COUNTED_AT_START = 20_000
"""Answers that are counted by themselves after an upgrade; with more, somebody chooses when."""

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


class Difference(NamedTuple):
    """A cell that differs from the answers."""

    table: str
    cell: tuple[object, ...]
    counted: tuple[int, ...]
    actual: tuple[int, ...]


NOT_COUNTED = Counted(Counter(), None)


def counted(
    response: Countable, scores: Iterable[Scored], zone: tzinfo, tallies: Iterable[Tallied] = ()
) -> Counted:
    """The contribution of a response with these scores and tallies, with days in `zone` (see `zone_of`)."""
    if response.provisional:
        return Counted(Counter(), "provisional")
    day = day_of(response.answered_at, zone)
    cells: Cells = Counter()
    for each in scores:
        cells.update(_cells(response, day, *each))
    return Counted(cells, "answered", Counter(_answer_cells(response, day, tallies)))


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
        _raise(connection, InvitationCount, {sent: (0, *change)})
    for table, new, old in (
        (ScoreCount, after.cells, before.cells),
        (AnswerCount, after.answers, before.answers),
    ):
        cells = new.copy()
        cells.subtract(old)
        _raise(connection, table, {cell: (n,) for cell, n in cells.items() if n})


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
    _raise(session.connection(), InvitationCount, {cell: [change * n for n in (1, *answers)]})


def standing(response: Response | None) -> Standing:
    """How a response counts in the response rate."""
    if response is None:
        return None
    return "provisional" if response.provisional else "answered"


_STANDINGS: tuple[Standing, ...] = ("answered", "provisional")  # in the order of InvitationCount's columns


def _as(standing: Standing, kind: Standing) -> int:
    return int(standing == kind)


# --- Rebuilding and checking -------------------------------------------------------------------------


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
        insert(InvitationCount).from_select(_columns(InvitationCount), _actual_invitations(session))
    )
    for each in (*_actual_days(session), _months_of_days(session)):
        session.execute(insert(ScoreCount).from_select(_columns(ScoreCount), each))
    session.execute(delete(AnswerCount))
    _insert_answers(session, _actual_answers(session))
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
    actual = _sent(literal(day)).where(Invitation.sent_at >= begin, Invitation.sent_at < end)
    session.execute(insert(InvitationCount).from_select(_columns(InvitationCount), actual))


def _recount_day(session: Session, part: _Slice) -> None:
    begin, end = _bounds(part.start, zone_of(session))
    _delete_cells(session, part, DAY)
    for actual in _scores_of_day(literal(part.start)):
        trend, question, metric = part.series
        own = actual.where(Score.trend == trend, Score.question == question, Score.metric == metric)
        selected = own.where(Score.at >= begin, Score.at < end)
        session.execute(insert(ScoreCount).from_select(_columns(ScoreCount), selected))


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
    session.execute(insert(ScoreCount).from_select(_columns(ScoreCount), selected))


def _recount_answers(session: Session, part: _Slice) -> None:
    trends, count = part.series, AnswerCount
    own = (count.trend.in_(trends), count.grain == (MONTH if part.month else DAY), count.start == part.start)
    session.execute(delete(count).where(*own, count.dimension.in_((ALL, *DIMENSIONS))))
    if not part.month:
        begin, end = _bounds(part.start, zone_of(session))
        actual = _actual_answers(session, Response.answered_at >= begin, Response.answered_at < end)
        _insert_answers(session, {cell: n for cell, n in actual.items() if cell[1] == DAY})
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
    session.execute(insert(count).from_select(_columns(count), selected))


def _trends(session: Session) -> list[str]:
    """Every trend that has counts or was published: the counts are found by it."""
    counted = session.scalars(select(AnswerCount.trend).distinct())
    # The row that says what is in force has a key with a dot, and is no questionnaire.
    which = QuestionnaireVersion.key.not_like("%.%")
    published = session.scalars(select(QuestionnaireVersion.content).where(which))
    return sorted({*counted, *(_restored(content).series for content in published)})


def _restored(content: Mapping[str, Any]) -> Questionnaire:
    from feedback.library import restore  # noqa: PLC0415  (with the linter it costs half a second)

    return restore(content)


def _insert_answers(session: Session, cells: Mapping[tuple[Any, ...], int]) -> None:
    ordered = iter(sorted(cells))
    while portion := list(islice(ordered, INSERTED_AT_ONCE)):
        _raise(session.connection(), AnswerCount, {cell: (cells[cell],) for cell in portion})


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


def adopt(session: Session) -> None:
    """Store the time zone of the counts of a new installation. Before the first answer the zone may still change.

    After an upgrade that brought a new kind of count, a small base is counted at once (a large one: `is_complete`).
    """
    kept = session.get(CountedBy, 1)
    if kept is None:
        with suppress(IntegrityError), session.begin_nested():  # another node has just done it
            session.add(CountedBy(id=1, zone=str(zone_of(session))))
    elif kept.zone != str(zone_of(session)) and not _has_answers(session):
        rebuild(session)  # only sent invitations are counted
    elif not kept.complete and kept.zone == str(zone_of(session)) and _is_small(session):
        rebuild(session)


def other_zone(session: Session) -> str | None:
    """The time zone of the counts if it differs from the settings (then rebuild them); otherwise None.

    Also None before the first answer: the next start takes the zone of the settings (`adopt`).
    """
    kept = session.get(CountedBy, 1)
    if kept is None or kept.zone == str(zone_of(session)) or not _has_answers(session):
        return None
    return kept.zone


def _is_small(session: Session) -> bool:
    """Whether all answers can be counted within a few seconds."""
    some = select(AnswerRow.id).limit(COUNTED_AT_START + 1).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one() <= COUNTED_AT_START


def _has_answers(session: Session) -> bool:
    return session.scalar(select(Response.id).limit(1)) is not None


def is_complete(session: Session) -> bool:
    """Whether every answer is in the counts of answers; false after the upgrade that brought them."""
    kept = session.get(CountedBy, 1)
    return kept is None or kept.complete


def problems(session: Session) -> list[Problem]:
    """Problem F111 if the counts are in another time zone than the settings, F125 if older answers are missing."""
    found = []
    if (kept := other_zone(session)) is not None:
        said = f"The rollups use the time zone {kept}, but organisation.time_zone is {zone_of(session)}."
        found.append(Problem("F111", said, "Run `feedback db rebuild-rollups`."))
    if not is_complete(session):
        said = "The results of questions lack the answers from before the upgrade, so they are not shown."
        found.append(Problem("F125", said, "Run `feedback db rebuild-rollups`."))
    return found


def check(session: Session) -> list[Difference]:
    """Cells that differ from the answers; empty if all are right. Reads every answer."""
    days = [tuple(row) for each in _actual_days(session) for row in session.execute(each)]
    scores = [*days, *_months(days)]
    invitations = session.execute(_actual_invitations(session))
    return [
        *_differences(session, InvitationCount, 4, invitations),
        *_differences(session, ScoreCount, 8, scores),
        *_differences(session, AnswerCount, 8, [(*cell, n) for cell, n in _actual_answers(session).items()]),
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


def _actual_days(session: Session) -> Iterator[Selected]:
    """The correct daily counts of scores: one query per dimension."""
    return _scores_of_day(_day(session, Score.at))


def _scores_of_day(day: ColumnElement[date]) -> Iterator[Selected]:
    for dimension, attribute in ((ALL, None), *DIMENSIONS.items()):
        key = literal("") if attribute is None else func.coalesce(cast(attribute, String(64)), "")
        cell = (Score.trend, Score.question, Score.metric, literal(DAY), literal(dimension), day, key)
        yield (
            select(*cell, Score.value, func.count())
            .join(Response, Response.id == Score.response_id)
            .where(Response.provisional.is_(False))
            .group_by(Score.trend, Score.question, Score.metric, day, key, Score.value)
        )


def _actual_answers(session: Session, *which: ColumnElement[bool]) -> Cells:
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
            asked[row.version_id] = _restored(session.scalars(content).one())
        given = {row.question: Answer.from_stored(row.value, None)}
        day = day_of(row.answered_at, zone)
        cells.update(_answer_cells(row, day, tallied(asked[row.version_id], given)))
    return cells


_COUNTABLE = (
    Response.segment,
    Response.stage,
    Response.channel,
    Response.owner_id,
    Response.language,
    Response.answered_at,
)


def _months_of_days(session: Session) -> Selected:
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
    """Like `_months_of_days`, for rows that are not stored."""
    found: Counter[tuple[Any, ...]] = Counter()
    for trend, question, metric, _, dimension, day, key, value, n in days:
        found[trend, question, metric, MONTH, dimension, day.replace(day=1), key, value] += n
    return ((*cell, n) for cell, n in found.items())


def _actual_invitations(session: Session) -> Selected:
    return _sent(_day(session, Invitation.sent_at))


def _sent(day: ColumnElement[date]) -> Selected:
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


# --- Cells -------------------------------------------------------------------------------------------


def _cells(
    response: Countable, day: date, trend: str, question: str, metric: str, value: int
) -> Iterator[tuple[Any, ...]]:
    for grain, dimension, start, key in _places(response, day):
        yield (trend, question, metric, grain, dimension, start, key, value)


def _answer_cells(response: Any, day: date, tallies: Iterable[Tallied]) -> Iterator[tuple[Any, ...]]:
    places = list(_places(response, day))
    for trend, question, item, value in tallies:
        for place in places:
            yield (trend, *place, question, item, value)


def _places(response: Any, day: date) -> Iterator[tuple[str, str, date, str]]:
    """(grain, dimension, start, key) of every cell in which a response counts."""
    keys = [(ALL, ""), *((name, _key(response, column.key)) for name, column in DIMENSIONS.items())]
    for grain, start in ((DAY, day), (MONTH, day.replace(day=1))):
        for dimension, key in keys:
            yield grain, dimension, start, key


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


def _raise(connection: Connection, table: type[Base], cells: Mapping[tuple[Any, ...], Sequence[int]]) -> None:
    """Add numbers to cells, and insert missing ones, in the order of their keys, in one statement."""
    if cells:
        values = (value for cell in sorted(cells) for value in (*cell, *cells[cell]))
        # Both drivers accept a day as text.
        bare = tuple(value.isoformat() if type(value) is date else value for value in values)
        statement = _upsert(table, len(cells), "?" if connection.dialect.paramstyle == "qmark" else "%s")
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
        f"INSERT INTO {table.__tablename__} ({', '.join(_columns(table))}) "  # noqa: S608
        f"VALUES {', '.join([line] * rows)} ON CONFLICT ({keys}) DO UPDATE SET {raised}"
    )


def _columns(table: type[Base]) -> list[str]:
    return [column.name for column in table.__table__.columns]
