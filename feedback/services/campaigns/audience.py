"""Whom a campaign asks, as a condition in SQL, and in which order its contacts are taken.

The order is that of the ring of turns (`core.contact.policy.RING`): each contact has a fixed place on it that follows
from a hash of its external id. A campaign begins at a place of its own. So the first n contacts are a random draw of n,
a draw can be continued wherever it was interrupted, and the next wave draws other people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.orm import Session

from feedback.core.campaign import CampaignPlan, place_after
from feedback.core.contact.policy import RING, place_on_ring
from feedback.services.customers import filters
from feedback.settings import Settings
from feedback.store.database import zone_of
from feedback.store.models import Campaign, CampaignMember, Contact

COUNTED = 200_000
"""Contacts in the database up to which an audience is counted exactly; with more of them it is estimated."""
MEASURED = 20_000
"""Contacts of the base among which an audience is counted for an estimate."""


class Drawn(NamedTuple):
    """A contact, and how far its place is behind the beginning of the draw."""

    place: int
    id: int


@dataclass(frozen=True, slots=True)
class AudienceSize:
    """How many contacts an audience has. An estimate lies between `low` and `high` with 95 % confidence."""

    number: int
    low: int
    high: int

    @property
    def is_exact(self) -> bool:
        return self.low == self.high


def beginning(campaign_id: int) -> int:
    """The place on the ring where a campaign's first wave begins."""
    return place_on_ring(f"campaign:{campaign_id}")


def condition(session: Session, campaign: Campaign, settings: Settings, now: datetime) -> ColumnElement[bool]:
    """A condition on Contact: whom the campaign is for, before consent and rest are looked at."""
    plan = CampaignPlan.model_validate(campaign.plan)
    if campaign.query is None:
        listed = select(CampaignMember.contact_id).where(CampaignMember.campaign_id == campaign.id)
        among: ColumnElement[bool] = and_(Contact.erased_at.is_(None), Contact.id.in_(listed))
    else:
        among = filters.condition(filters.from_json(campaign.query), now, zone_of(session))
    if not plan.languages:
        return among
    spoken = func.coalesce(Contact.language, settings.organisation.default_language)
    return and_(among, spoken.in_(plan.languages))


def candidates(
    session: Session, which: ColumnElement[bool], draw: int, after: Drawn | None, limit: int
) -> list[Drawn]:
    """The next contacts that fit, in the order of the draw: at most `limit`, behind `after`."""
    found: list[Drawn] = []
    for is_first in (
        True,
        False,
    ):  # from the beginning of the draw to the end of the ring, and the rest of it
        arc = Contact.turn >= draw if is_first else Contact.turn < draw
        query = select(Contact.turn, Contact.id).where(which, arc).order_by(Contact.turn, Contact.id)
        if after is not None:
            if (after.place < RING - draw) == is_first:
                turn = (draw + after.place) % RING
                query = query.where(Contact.turn >= turn, tuple_(Contact.turn, Contact.id) > (turn, after.id))
            elif is_first:
                continue
        rows = session.execute(query.limit(limit - len(found)))
        found += [Drawn(place_after(turn, draw), contact_id) for turn, contact_id in rows]
        if len(found) >= limit:
            break
    return found


def count(session: Session, which: ColumnElement[bool]) -> int:
    """How many contacts fit: all of them are read."""
    return session.scalar(select(func.count()).select_from(Contact).where(which)) or 0


def size(session: Session, which: ColumnElement[bool], draw: int) -> AudienceSize:
    """How many contacts fit. In a large base they are counted on a part of the ring and projected to all of it.

    The part is a random sample of the base, because places follow from a hash. The interval is that of a binomial
    share, `p +/- 1.96 sqrt(p (1 - p) / n)`, of `MEASURED` contacts (Cochran 1977, section 3.2).
    """
    largest = session.scalar(select(func.max(Contact.id))) or 0
    if largest <= COUNTED:
        number = count(session, which)
        return AudienceSize(number, number, number)
    whole = session.scalar(select(func.count()).select_from(Contact)) or 0
    span = max(1, RING * MEASURED // max(MEASURED, whole))
    last = draw + span
    arcs: Sequence[Any] = (Contact.turn.between(draw, last - 1),) if last <= RING else ()
    part = and_(*arcs) if arcs else (Contact.turn >= draw) | (Contact.turn < last - RING)
    base = session.scalar(select(func.count()).select_from(Contact).where(part)) or 1
    share = count(session, and_(which, part)) / base
    error = 1.96 * (share * (1 - share) / base) ** 0.5
    low, high = max(0.0, share - error), min(1.0, share + error)
    return AudienceSize(round(share * whole), round(low * whole), round(high * whole))
