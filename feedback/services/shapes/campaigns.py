"""Campaigns as they leave: for the API and for webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.campaign import CampaignPlan
from feedback.store.models import Campaign, SavedSegment


class CampaignOut(BaseModel):
    """`segment` is null for a list of contacts, and if it asks `everybody`.

    `stopped_for` is `failures` or `complaints` if it paused by itself."""

    id: int
    name: str
    state: str
    stopped_for: str | None
    questionnaire: str
    segment: str | None
    everybody: bool
    channels: list[str]
    languages: list[str]
    starts_at: AwareDatetime
    spread_days: int
    sample: int | None
    repeats: str
    created_at: AwareDatetime
    changed_at: AwareDatetime


def campaign_shapes(session: Session, rows: Sequence[Campaign]) -> Iterator[CampaignOut]:
    """The shapes of these campaigns, in their order."""
    used = [row.segment_id for row in rows if row.segment_id is not None]
    named = session.scalars(select(SavedSegment).where(SavedSegment.id.in_(used)))
    names = {segment.id: segment.name for segment in named}
    for row in rows:
        plan = CampaignPlan.model_validate(row.plan)
        yield CampaignOut(
            id=row.id,
            name=row.name,
            state=row.state,
            stopped_for=row.state_reason,
            questionnaire=plan.questionnaire,
            segment=names.get(row.segment_id or 0),
            everybody=row.query == {},
            channels=list(plan.channels),
            languages=list(plan.languages),
            starts_at=row.starts_at,
            spread_days=plan.spread_days,
            sample=plan.sample,
            repeats=plan.repeats,
            created_at=row.created_at,
            changed_at=row.changed_at,
        )
