"""Whom a campaign asks, as a condition in SQL, and in which order its contacts are taken.

The order is that of the ring of turns (`core.contact.policy.RING`): each contact has a fixed place on it that follows
from a hash of its external id. A campaign begins at a place of its own. So the first n contacts are a random draw of n,
a draw can be continued wherever it was interrupted, and the next wave draws other people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from feedback.core.campaign import CampaignPlan, place_after
from feedback.core.contact.policy import RING, place_on_ring
from feedback.services.customers import filters
from feedback.settings import Settings
from feedback.store.database import zone_of
from feedback.store.models import Campaign, CampaignMember, Contact

MEASURED, MOST_MEASURED = 5_000, 15_000
"""Contacts of the base among which an audience is counted; the second number if it has few of them. A base that is not
larger is counted as a whole."""


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


@dataclass(frozen=True, slots=True)
class AudienceLook:
    """How large an audience is, and its first contacts in the order of the draw, at most as many as were wanted."""

    size: AudienceSize
    drawn: Sequence[Drawn]


def look(session: Session, which: ColumnElement[bool], draw: int, most: int) -> AudienceLook:
    """Look at an audience within a request: everybody if they are at most `most`, otherwise a random sample.

    The sample are those who fit on an arc of the ring with at least about `MEASURED` contacts of the base, which is
    random because places follow from a hash. If n fit on an arc of the share s, the audience is estimated as n / s with
    n ~ Binomial(N, s), so its 95 % interval is (n +/- 1.96 sqrt(n (1 - s))) / s (Cochran 1977, section 3.2).
    """
    place = (Contact.turn, Contact.id)
    few = session.execute(select(*place).where(which).limit(most + 1)).all()
    if len(few) <= most:
        everybody = sorted(Drawn(place_after(turn, draw), number) for turn, number in few)
        return AudienceLook(AudienceSize(len(few), len(few), len(few)), everybody)
    whole = session.scalar(select(func.max(Contact.id))) or 1
    share = min(1.0, MEASURED / whole)
    found = _on_arc(session, which, draw, share)
    if len(found) < most and share < 1:
        wanted = min(MOST_MEASURED, MEASURED * 1.2 * most / max(1, len(found)))
        share = min(1.0, wanted / whole)
        found = _on_arc(session, which, draw, share)
    error = 1.96 * (len(found) * (1 - share)) ** 0.5
    low, high = (max(most + 1, round((len(found) + each) / share)) for each in (-error, error))
    number = max(most + 1, round(len(found) / share))
    return AudienceLook(AudienceSize(number, min(low, number), high), found[:most])


def _on_arc(session: Session, which: ColumnElement[bool], draw: int, share: float) -> list[Drawn]:
    """Those who fit on such a share of the ring, in the order of the draw."""
    rows = session.execute(select(Contact.turn, Contact.id).where(which, _arc(draw, int(RING * share))))
    return sorted(Drawn(place_after(turn, draw), number) for turn, number in rows)


def _arc(draw: int, length: int) -> ColumnElement[bool]:
    """A condition on Contact: it is on the part of the ring that begins at `draw`."""
    last = draw + length - 1
    if last < RING:
        return Contact.turn.between(draw, last)
    return or_(Contact.turn >= draw, Contact.turn <= last - RING)
