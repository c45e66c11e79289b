"""Takes in what came by a door: at once if it is small, else by the worker, in short transactions; and tries it.

A body is taken in part by part. After each portion its outcome says how many parts are done, so a process that is
killed leaves it to be continued by the next tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, overload

import structlog
from sqlalchemy import Select, literal_column, select
from sqlalchemy.orm import Session

from feedback.core.lifecycle import ArrivalState
from feedback.core.text.translatable import message
from feedback.errors import StorageUnavailable
from feedback.services.contact import suppression
from feedback.services.context import Context
from feedback.services.doors import arrivals, bodies, mapping
from feedback.services.doors.bodies import UnreadableError
from feedback.services.doors.expressions import ExpressionError
from feedback.services.doors.mapping import DoorSetup
from feedback.services.doors.reading import DoorReading
from feedback.services.doors.taking import SEEN, TakenItem, read, take
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Door, DoorArrival
from feedback.store.portions import SHORT_REST, Portions, never

log = structlog.get_logger()

MOST_ITEMS = 1_000
"""Parts of one body."""
AT_ONCE = 20
"""Parts that are taken in while the other system waits for its answer; more are left to the worker."""
TRIED = 20
"""Parts of a body that a trial shows."""
BATCH = 100
_WORST = (ArrivalState.REFUSED, ArrivalState.UNKNOWN, ArrivalState.DONE)
"""What a whole body is, by its parts: the first of these that one of them is, else ignored."""


@dataclass(frozen=True, slots=True)
class DoorWork:
    """A body that was read: its parts, or why there are none."""

    setup: DoorSetup | None
    items: list[Any] = field(default_factory=list)
    why: str = ""


def work_in(setup_text: str, body: str) -> DoorWork:
    """The parts of a body, by a set-up."""
    setup, problems = mapping.read(setup_text)
    if setup is None:
        return DoorWork(None, why=problems[0].message)
    try:
        items = setup.items_of(bodies.parsed(body))
    except (UnreadableError, ExpressionError) as error:
        return DoorWork(setup, why=str(error))
    if not items:
        return DoorWork(setup, why=message("There is nothing in the body where `items` looks."))
    if len(items) > MOST_ITEMS:
        return DoorWork(setup, why=f"The body has more than {MOST_ITEMS} parts.")
    return DoorWork(setup, items)


def process(
    portions: Portions, arrival_id: int, context: Context, now: datetime, most: int = MOST_ITEMS
) -> None:
    """Take in one body that waits, in portions. One with more than `most` parts or of a paused door goes on waiting."""
    with portions.database.reading() as session:
        arrival = session.get(DoorArrival, arrival_id)
        door = session.get(Door, arrival.door_id) if arrival is not None else None
    if arrival is None or door is None or not _is_due(arrival, door):
        return
    work = work_in(door.setup, arrival.body or "")
    if not work.items:
        with portions.database.writing() as session:
            _end(session, arrival_id, work.why, now)
        return
    if work.setup is not None and len(work.items) <= most:
        first = len(_done(arrival))
        parts = _ReadParts(work.setup, work.items[first:], context.settings, first)
        portions.each(parts, partial(_take_some, arrival_id, len(work.items), context, now))


def process_waiting(database: Database, context: Context, now: datetime, stopped: Any = never) -> int:
    """Take in everything that waits at doors that are not paused. Returns the number of bodies."""
    portions, total, last = Portions(database, stopped, resting=SHORT_REST), 0, 0
    while not stopped():
        with database.reading() as session:
            ids = session.scalars(_waiting(last)).all()
        for arrival_id in ids:
            if stopped():
                break
            _process_safely(portions, arrival_id, context, now)
            total += 1
        if len(ids) < BATCH:
            break
        last = ids[-1]
    return total


def _waiting(after: int) -> Select[int]:
    """What waits at doors that are not paused, from a small index: the database has to see the word of the state."""
    return (
        select(DoorArrival.id)
        .join(Door, Door.id == DoorArrival.door_id)
        .where(DoorArrival.state == literal_column(f"'{ArrivalState.WAITING}'"))
        .where(DoorArrival.id > after, Door.paused_at.is_(None))
        .order_by(DoorArrival.id)
        .limit(BATCH)
    )


def _process_safely(portions: Portions, arrival_id: int, context: Context, now: datetime) -> None:
    """A body that breaks the program does not keep the others waiting: it is kept for somebody, like a refused one."""
    try:
        process(portions, arrival_id, context, now)
    except StorageUnavailable:
        raise
    except Exception:
        log.exception("doors.not_processed", arrival=arrival_id)
        with portions.database.writing() as session:
            _end(session, arrival_id, message("The program failed at this body. Its log says more."), now)


def _is_due(arrival: DoorArrival, door: Door) -> bool:
    return arrival.state == ArrivalState.WAITING and arrival.body is not None and door.paused_at is None


def _done(arrival: DoorArrival) -> list[Any]:
    return list((arrival.outcome or {}).get("items", ()))


@dataclass(frozen=True, slots=True)
class _ReadPart:
    """What was read from the part at this place of a body."""

    place: int
    reading: DoorReading | TakenItem


@dataclass(frozen=True, slots=True)
class _ReadParts(Sequence[_ReadPart]):
    """Parts of a body, which are read with the mapping when they are asked for: `Portions` does so between its
    transactions. So the mapping keeps nobody waiting, and only one portion of what it makes is in memory."""

    setup: DoorSetup
    items: Sequence[Any]
    settings: Settings
    first: int = 0
    """The place in the body of the first of them."""

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, place: int) -> _ReadPart: ...
    @overload
    def __getitem__(self, place: slice) -> list[_ReadPart]: ...
    def __getitem__(self, place: int | slice) -> _ReadPart | list[_ReadPart]:
        places = range(len(self))[place]
        return self._read(places) if isinstance(places, int) else [self._read(each) for each in places]

    def _read(self, place: int) -> _ReadPart:
        return _ReadPart(self.first + place, read(self.setup, self.items[place], self.settings))


def _take_some(
    arrival_id: int, parts: int, context: Context, now: datetime, session: Session, some: Sequence[_ReadPart]
) -> None:
    """Take in some of so many parts, if nobody else has done so."""
    arrival = session.scalar(select(DoorArrival).where(DoorArrival.id == arrival_id).with_for_update())
    door = session.get(Door, arrival.door_id) if arrival is not None else None
    if arrival is None or door is None or not _is_due(arrival, door):
        return
    done = _done(arrival)
    if len(done) != some[0].place:
        return
    taken = [take(session, door, each.reading, context, now) for each in some]
    done += [each.stored() for each in taken]
    arrival.outcome = {"items": done}
    arrivals.add_mentions(session, arrival.id, _named(taken))
    if len(done) == parts:
        arrival.state, arrival.processed_at = overall([each["state"] for each in done]), now


def _named(taken: Sequence[TakenItem]) -> set[str]:
    return {suppression.digest(key) for each in taken for what, key, _ in each.did if what == "contact"}


def _end(session: Session, arrival_id: int, why: str, now: datetime) -> None:
    arrival = session.scalar(select(DoorArrival).where(DoorArrival.id == arrival_id).with_for_update())
    if arrival is not None and arrival.state == ArrivalState.WAITING:
        arrival.state, arrival.processed_at = ArrivalState.UNKNOWN, now
        arrival.outcome = {"items": [], "why": why}


def overall(states: Sequence[str]) -> ArrivalState:
    """What a whole body is, by its parts; parts that were taken in before are done."""
    present = {ArrivalState.DONE if each == SEEN else ArrivalState(each) for each in states}
    return next((each for each in _WORST if each in present), ArrivalState.IGNORED)


# --- Trials --------------------------------------------------------------------------------------


class _NothingStoredError(Exception):
    """Ends the transaction of a trial."""


@dataclass(frozen=True, slots=True)
class DoorTrial:
    """What a body would do: of each of its first parts, and how many parts there are. `why` says why there are none."""

    items: list[TakenItem]
    parts: int
    why: str = ""

    @property
    def state(self) -> ArrivalState:
        return overall([each.state for each in self.items]) if self.items else ArrivalState.UNKNOWN


def trial(
    database: Database, door_id: int | None, setup_text: str, body: str, context: Context, now: datetime
) -> DoorTrial:
    """What a set-up would do with a body: it is done in a transaction that is rolled back, so nothing is stored.

    Without a door, nothing counts as taken in before.
    """
    work = work_in(setup_text, body)
    setup = work.setup
    if not work.items or setup is None:
        return DoorTrial([], 0, work.why)
    parts = _ReadParts(setup, work.items, context.settings)[:TRIED]
    found: list[TakenItem] = []
    try:
        with database.writing() as session:
            door = _door_of_trial(session, door_id, setup_text, now)
            found += [take(session, door, each.reading, context, now) for each in parts]
            raise _NothingStoredError
    except _NothingStoredError:
        return DoorTrial(found, len(work.items))


def _door_of_trial(session: Session, door_id: int | None, setup_text: str, now: datetime) -> Door:
    door = session.get(Door, door_id) if door_id is not None else None
    if door is None:
        door = Door(name=" trial", title="", setup=setup_text, secret="", created_at=now, changed_at=now)
        session.add(door)
        session.flush()
    return door
