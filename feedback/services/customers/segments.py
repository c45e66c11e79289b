"""Segments: named filters of contacts, for the list of customers and for every page that works with a group of them.

A segment is data, and `condition` makes it a condition in SQL: `select(Contact).where(condition(...))`. Who fits is
looked up each time, so a segment needs no upkeep. Use it together with what the viewer may see (`services.access`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.services.access import Viewer
from feedback.services.customers import filters, listing
from feedback.services.customers.filters import ContactFilter
from feedback.store.models import SavedSegment

LONGEST_NAME = 80
MOST = 200
"""Segments of an installation: a menu with more of them is of no use."""


def every(session: Session) -> Sequence[SavedSegment]:
    """All segments, in the order of their names."""
    return session.scalars(
        select(SavedSegment).order_by(func.lower(SavedSegment.name), SavedSegment.id)
    ).all()


def find(session: Session, segment_id: int, *, lock: bool = False) -> SavedSegment:
    """The segment, with `lock` for a change. Raises NotFound."""
    found = session.get(SavedSegment, segment_id, with_for_update=lock or None)
    if found is None:
        raise NotFound("Segment not found.")
    return found


def condition(segment: SavedSegment, now: datetime, zone: tzinfo) -> ColumnElement[bool]:
    """A condition on Contact: who fits the segment at this moment. `zone` is that of the days."""
    return filters.condition(filters.from_json(segment.query), now, zone)


def count(session: Session, viewer: Viewer, segment: SavedSegment, now: datetime, zone: tzinfo) -> int:
    """How many contacts fit and can be seen by the viewer, as `listing.count`."""
    return listing.count(session, viewer, condition(segment, now, zone))


def add(session: Session, name: str, wanted: ContactFilter, *, by: int | None, now: datetime) -> SavedSegment:
    """Save a filter under a name. Its search words are left out: they look for a person, not for a group.

    Raises Rejected for a filter without conditions or a name that cannot be used, Conflict for one that is taken.
    """
    if (session.scalar(select(func.count()).select_from(SavedSegment)) or 0) >= MOST:
        raise Rejected("Delete a segment first: there are as many as this page can show.")
    query = _query(wanted)
    segment = SavedSegment(
        name=_free_name(session, name), query=query, user_id=by, created_at=now, changed_at=now
    )
    session.add(segment)
    session.flush()
    audit.record(session, "added", "segment", segment.id, by=by, now=now)
    return segment


def change(
    session: Session,
    segment_id: int,
    name: str,
    wanted: ContactFilter,
    *,
    edit: int,
    by: int | None,
    now: datetime,
) -> SavedSegment:
    """Give a segment another name and filter. Raises NotFound, and Conflict if it was changed since `edit`."""
    segment = find(session, segment_id, lock=True)
    if segment.edit != edit:
        raise Conflict("Somebody else has changed this segment. Look at it again before you change it.")
    segment.name, segment.query = _free_name(session, name, segment.id), _query(wanted)
    segment.edit, segment.changed_at = segment.edit + 1, now
    audit.record(session, "changed", "segment", segment.id, by=by, now=now)
    return segment


def remove(session: Session, segment_id: int, *, by: int | None, now: datetime) -> None:
    """Raises NotFound."""
    session.delete(find(session, segment_id))
    audit.record(session, "deleted", "segment", segment_id, by=by, now=now)


def _query(wanted: ContactFilter) -> dict[str, object]:
    filters.check(wanted)
    query = filters.as_json(replace(wanted, words=""))
    if not query:
        raise Rejected("Choose at least one filter; a search alone is not a segment.")
    return query


def _free_name(session: Session, written: str, own: int | None = None) -> str:
    name = " ".join(written.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Rejected("Give the segment a name of at most 80 characters.")
    taken = session.scalars(select(SavedSegment).where(func.lower(SavedSegment.name) == name.lower()))
    if any(each.id != own for each in taken):
        raise Conflict("A segment with this name exists. Choose another name.")
    return name
