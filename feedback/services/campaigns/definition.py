"""Drafts of campaigns: somebody plans, changes and deletes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from feedback.core.campaign import CampaignPlan, CampaignState
from feedback.core.questionnaire import Questionnaire
from feedback.errors import Conflict, NotFound, Rejected
from feedback.library import Library
from feedback.services import audit
from feedback.services.customers import segments
from feedback.store.models import Campaign, CampaignMember

LONGEST_NAME = 80
FURTHEST = timedelta(days=365)
PORTION = 1_000
EVERYBODY: Mapping[str, object] = {}
"""The query of a campaign for all customers: a filter that leaves nobody out."""
SHOWN = 200
"""Campaigns on a page."""


@dataclass(frozen=True, slots=True)
class CampaignWish:
    """What somebody plans. `segment` is the id of a saved one; without it, `members` are the ids of contacts; None
    keeps those that the campaign has. `everybody` asks all customers instead."""

    name: str
    plan: CampaignPlan
    starts_at: datetime | None
    segment: int | None = None
    members: Sequence[int] | None = None
    everybody: bool = False

    @property
    def keeps_audience(self) -> bool:
        return self.segment is None and self.members is None and not self.everybody


def find(session: Session, campaign_id: int) -> Campaign:
    """Raises NotFound."""
    found = session.get(Campaign, campaign_id)
    if found is None:
        raise NotFound("Campaign not found.")
    return found


def locked(session: Session, campaign_id: int, edit: int | None = None) -> Campaign:
    """The campaign, for a change. Raises NotFound, and Conflict if somebody else changed it since `edit`."""
    found = session.get(Campaign, campaign_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("Campaign not found.")
    if edit is not None and found.edit != edit:
        raise Conflict("Somebody else has changed this campaign. Look at it again before you decide.")
    return found


def asks_everybody(campaign: Campaign) -> bool:
    """Whether it is for all customers, and not for a segment (perhaps deleted since) or a list."""
    return campaign.segment_id is None and campaign.query == EVERYBODY


def latest(session: Session) -> Sequence[Campaign]:
    """The newest campaigns first, at most `SHOWN`."""
    return session.scalars(select(Campaign).order_by(Campaign.id.desc()).limit(SHOWN)).all()


def add(session: Session, wish: CampaignWish, library: Library, *, by: int | None, now: datetime) -> Campaign:
    """Store a draft. Raises Rejected for one that could not be sent, NotFound for an unknown segment."""
    _check(wish, library, now)
    if wish.keeps_audience or (wish.members is not None and not wish.members):
        raise Rejected("Choose a segment, or give a list of contacts.")
    campaign = Campaign(
        name=_name(wish.name),
        state=CampaignState.DRAFT,
        plan=wish.plan.stored(),
        starts_at=wish.starts_at or now,
        user_id=by,
        created_at=now,
        changed_at=now,
    )
    session.add(campaign)
    session.flush()
    _give_audience(session, campaign, wish)
    audit.record(session, "added", "campaign", campaign.id, by=by, now=now)
    return campaign


def change(
    session: Session,
    campaign_id: int,
    wish: CampaignWish,
    library: Library,
    *,
    edit: int,
    by: int,
    now: datetime,
) -> Campaign:
    """Change a draft. Raises Rejected, NotFound, and Conflict for one that has started or that somebody else
    changed."""
    campaign = locked(session, campaign_id, edit)
    _check_draft(campaign)
    _check(wish, library, now)
    if wish.keeps_audience and campaign.query is not None:
        raise Rejected("Choose a segment, or give a list of contacts.")
    campaign.name, campaign.plan, campaign.starts_at = (
        _name(wish.name),
        wish.plan.stored(),
        wish.starts_at or now,
    )
    campaign.edit, campaign.changed_at = campaign.edit + 1, now
    _give_audience(session, campaign, wish)
    audit.record(session, "changed", "campaign", campaign.id, by=by, now=now)
    return campaign


def draw(
    session: Session, campaign_id: int, sample: int | None, *, edit: int, by: int, now: datetime
) -> None:
    """Let a draft ask so many contacts, drawn at random; None is everybody. Raises Conflict as `change`."""
    campaign = locked(session, campaign_id, edit)
    _check_draft(campaign)
    plan = CampaignPlan.model_validate({**campaign.plan, "sample": sample})
    campaign.plan, campaign.edit, campaign.changed_at = plan.stored(), campaign.edit + 1, now
    audit.record(session, "changed", "campaign", campaign.id, by=by, now=now, sample=sample)


def remove(session: Session, campaign_id: int, *, by: int, now: datetime) -> None:
    """Delete a draft. Raises Conflict for a campaign that has started: its waves belong to surveys."""
    campaign = locked(session, campaign_id)
    _check_draft(campaign)
    session.delete(campaign)
    audit.record(session, "deleted", "campaign", campaign_id, by=by, now=now)


def segments_in_use(session: Session) -> Mapping[int, str]:
    """Id -> name of the saved segments, for a menu."""
    return {each.id: each.name for each in segments.every(session)}


def can_ask(questionnaire: Questionnaire) -> bool:
    """Whether a campaign can ask it: not one that asks about an event."""
    return not any(each.startswith("event.") for each in questionnaire.facts)


def _check_draft(campaign: Campaign) -> None:
    if campaign.state != CampaignState.DRAFT:
        raise Conflict("This campaign has started and cannot be changed.")


def _check(wish: CampaignWish, library: Library, now: datetime) -> None:
    questionnaire = library.questionnaires.get(wish.plan.questionnaire)
    if questionnaire is None:
        raise Rejected("Choose a questionnaire from the list.")
    if not can_ask(questionnaire):
        raise Rejected("Choose another questionnaire: this one asks about an event, and a campaign has none.")
    if wish.starts_at is not None and not now - timedelta(minutes=5) <= wish.starts_at <= now + FURTHEST:
        raise Rejected("Choose a time in the next 365 days.")


def _give_audience(session: Session, campaign: Campaign, wish: CampaignWish) -> None:
    if wish.keeps_audience:
        return
    if wish.segment is not None:
        segment = segments.find(session, wish.segment)
        campaign.segment_id, campaign.query = segment.id, dict(segment.query)
    else:
        campaign.segment_id, campaign.query = None, dict(EVERYBODY) if wish.everybody else None
    session.execute(delete(CampaignMember).where(CampaignMember.campaign_id == campaign.id))
    for some in _portions(list(dict.fromkeys(wish.members or ()))):
        rows = [{"campaign_id": campaign.id, "contact_id": each} for each in some]
        session.execute(insert(CampaignMember), rows)


def _portions(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + PORTION] for start in range(0, len(ids), PORTION))


def _name(written: str) -> str:
    name = " ".join(written.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Rejected("Give the campaign a name of at most 80 characters.")
    return name
