"""The stages by which customers are asked: those of the journey in force, and one for each campaign."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.campaign import CampaignPlan, as_stage, campaign_of, stage_key
from feedback.core.journey import Journey, Stage
from feedback.library import Library
from feedback.services.messaging import campaign_pauses
from feedback.store.models import Campaign


def find(session: Session, library: Library, keys: Collection[str]) -> dict[str, Stage]:
    """The stages with these keys, as far as they exist."""
    found = {key: stage for key in keys if (stage := library.journey.stage(key))}
    missing = {number for key in keys if key not in found and (number := campaign_of(key))}
    return found | {each.key: each for each in _campaigns(session, missing)}


def find_one(session: Session, library: Library, key: str) -> Stage | None:
    """The stage with this key; None if there is none."""
    return find(session, library, {key}).get(key)


def with_campaigns(session: Session, journey: Journey) -> Journey:
    """The journey with a stage for each campaign, for pages that name stages."""
    campaigns = _campaigns(session, None)
    return journey.model_copy(update={"stages": (*journey.stages, *campaigns)}) if campaigns else journey


def titles(session: Session, library: Library, language: str) -> Mapping[str, str]:
    """Key -> title in a language, of the journey's stages and of campaigns."""
    return {each.key: each.title.to(language) for each in with_campaigns(session, library.journey).stages}


def on_hold(session: Session) -> list[str]:
    """The keys of the stages for which nothing is sent at the moment, because somebody paused or cancelled them."""
    return [stage_key(each) for each in campaign_pauses.on_hold(session)]


def _campaigns(session: Session, ids: Collection[int] | None) -> list[Stage]:
    """The stages of these campaigns; None is all."""
    if ids is not None and not ids:
        return []
    wanted = select(Campaign.id, Campaign.name, Campaign.plan).order_by(Campaign.id)
    rows = session.execute(wanted if ids is None else wanted.where(Campaign.id.in_(ids)))
    return [as_stage(number, name, CampaignPlan.model_validate(plan)) for number, name, plan in rows]
