"""The log of a door: what came, what it did, and how long it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ScalarSelect, Select, func, insert, select, update
from sqlalchemy import delete as sql_delete
from sqlalchemy.orm import Session, defer

from feedback.core.lifecycle import ARRIVAL_KEPT, ArrivalState
from feedback.errors import Conflict, NotFound
from feedback.services import audit
from feedback.services.doors import bodies
from feedback.services.doors.setting_up import SUBJECT, find
from feedback.store.models import Door, DoorArrival, DoorMention, DoorSeen
from feedback.store.portions import Portions

KEPT_FOR = timedelta(days=30)
"""How long a body is kept that was taken in or ignored."""
KEPT_UNDONE_FOR = timedelta(days=90)
"""How long a body is kept with which nothing could be done, and how long an event is known as taken in."""
MOST_UNDONE = 20_000
"""Bodies of a door that may wait for somebody. Beyond that it asks the other system to send them again later."""
PAGE = 50


@dataclass(frozen=True, slots=True)
class ReceivedBody:
    """A body as it is kept, its bytes, and the digests by which an erasure finds it."""

    text: str
    size: int
    mentions: frozenset[str]


def received(raw: bytes, region: str) -> ReceivedBody:
    """A body that came, before a transaction begins: to look for addresses in a large one takes a while."""
    text = bodies.text_of(raw)
    return ReceivedBody(text, len(raw), frozenset(bodies.mentions(text, region)))


def store(session: Session, door_id: int, body: ReceivedBody, now: datetime) -> DoorArrival:
    """Keep a body, before anything is done with it. Raises NotFound if the door has just been deleted."""
    door = session.scalar(select(Door).where(Door.id == door_id).with_for_update())
    if door is None:
        raise NotFound("There is no such door.")
    arrival = DoorArrival(
        door_id=door_id,
        received_at=now,
        body=body.text,
        size=body.size,
        state=ArrivalState.WAITING,
        outcome={},
    )
    door.last_arrival_at, door.refused_calls, door.refused_at, door.refused_for = now, 0, None, None
    session.add(arrival)
    session.flush()
    add_mentions(session, arrival.id, body.mentions)
    return arrival


def add_mentions(session: Session, arrival_id: int, digests: Set[str]) -> None:
    """Note by which digests an erasure finds the body."""
    known = set(session.scalars(select(DoorMention.digest).where(DoorMention.arrival_id == arrival_id)))
    rows = [{"digest": each, "arrival_id": arrival_id} for each in sorted(digests - known)]
    if rows:
        session.execute(insert(DoorMention), rows)


def is_full(session: Session, door_id: int) -> bool:
    """Whether so many bodies wait for somebody that no more are kept."""
    undone = select(DoorArrival.id).where(
        DoorArrival.door_id == door_id, DoorArrival.state.in_([*ARRIVAL_KEPT, ArrivalState.WAITING])
    )
    return session.scalar(undone.limit(1).offset(MOST_UNDONE - 1)) is not None


def page(
    session: Session,
    door_id: int,
    *,
    state: str | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Sequence[DoorArrival]:
    """What came by a door, without bodies, the latest first; `before` is the last id of the page before."""
    wanted = select(DoorArrival).where(DoorArrival.door_id == door_id).options(defer(DoorArrival.body))
    if state:
        wanted = wanted.where(DoorArrival.state == ArrivalState(state))
    if before is not None:
        wanted = wanted.where(DoorArrival.id < before)
    return session.scalars(wanted.order_by(DoorArrival.id.desc()).limit(limit)).all()


def one(session: Session, door_id: int, arrival_id: int, *, lock: bool = False) -> DoorArrival:
    """What came, with its body. Raises NotFound."""
    wanted = select(DoorArrival).where(DoorArrival.id == arrival_id, DoorArrival.door_id == door_id)
    found = session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFound("This is not in the log any more. It is kept for 30 days.")
    return found


def again(session: Session, door_id: int, arrival_id: int, *, by: int | None, now: datetime) -> DoorArrival:
    """Process a body again, for example after the mapping was fixed. What was taken in before stays as it is.

    Raises NotFound, and Conflict if its body was emptied.
    """
    arrival = one(session, door_id, arrival_id, lock=True)
    if arrival.body is None:
        raise Conflict("The body was emptied, because a person in it was erased.")
    arrival.state, arrival.outcome, arrival.processed_at = ArrivalState.WAITING, {}, None
    session.flush()
    audit.record(session, "processed_again", SUBJECT, door_id, by=by, now=now, arrival=arrival_id)
    return arrival


def all_again(portions: Portions, door_id: int, *, by: int | None, now: datetime) -> int:
    """Let everything that could not be taken in wait for the worker, in portions. Returns the number of bodies."""
    with portions.database.reading() as session:
        find(session, door_id)

    def some(session: Session, limit: int) -> int:
        wanted = select(DoorArrival.id).where(
            DoorArrival.door_id == door_id,
            DoorArrival.state.in_(list(ARRIVAL_KEPT)),
            DoorArrival.body.is_not(None),
        )
        ids = session.scalars(wanted.order_by(DoorArrival.id).limit(limit)).all()
        session.execute(
            update(DoorArrival)
            .where(DoorArrival.id.in_(ids))
            .values(state=ArrivalState.WAITING, outcome={}, processed_at=None)
        )
        return len(ids)

    number = portions.repeat(some)
    with portions.database.writing() as session:
        audit.record(session, "processed_again", SUBJECT, door_id, by=by, now=now, arrivals=number)
    return number


def delete(session: Session, door_id: int, arrival_id: int, *, by: int | None, now: datetime) -> None:
    """Delete one entry of the log. Raises NotFound."""
    session.delete(one(session, door_id, arrival_id, lock=True))
    audit.record(session, "deleted_arrival", SUBJECT, door_id, by=by, now=now, arrival=arrival_id)


def purge(session: Session, now: datetime, limit: int) -> int:
    """Delete at most `limit` bodies and known events that are past their time. Returns their number."""
    stale = (DoorArrival.received_at < now - KEPT_UNDONE_FOR) | (
        (DoorArrival.received_at < now - KEPT_FOR)
        & DoorArrival.state.in_([ArrivalState.DONE, ArrivalState.IGNORED])
    )
    old = select(DoorArrival.id).where(DoorArrival.received_at < now - KEPT_FOR, stale)
    ids = session.scalars(old.order_by(DoorArrival.received_at).limit(limit)).all()
    session.execute(sql_delete(DoorArrival).where(DoorArrival.id.in_(ids)))
    forgotten = select(DoorSeen.door_id, DoorSeen.uid).where(DoorSeen.at < now - KEPT_UNDONE_FOR)
    keys = session.execute(forgotten.order_by(DoorSeen.at).limit(limit - len(ids))).all()
    for door_id, uid in keys:
        session.execute(sql_delete(DoorSeen).where(DoorSeen.door_id == door_id, DoorSeen.uid == uid))
    return len(ids) + len(keys)


# --- Status --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DoorBacklog:
    """How many kept bodies wait, fit no rule, and were refused."""

    waiting: int = 0
    unknown: int = 0
    refused: int = 0

    @property
    def for_somebody(self) -> int:
        return self.unknown + self.refused


def backlogs(session: Session) -> Mapping[int, DoorBacklog]:
    """Door id -> its backlog, from an index."""
    return {door_id: DoorBacklog(*counts) for door_id, *counts in session.execute(_backlogs())}


def _backlogs() -> Select[int, int, int, int]:
    def number(state: ArrivalState) -> ScalarSelect[int]:
        there = DoorArrival.door_id == Door.id, DoorArrival.state == state
        return select(func.count()).where(*there).correlate(Door).scalar_subquery()

    return select(
        Door.id, number(ArrivalState.WAITING), number(ArrivalState.UNKNOWN), number(ArrivalState.REFUSED)
    ).order_by(Door.id)
