"""What people do to a campaign: start, pause, resume and cancel it. A worker carries it out (`upkeep`)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from feedback.core.campaign import CampaignPlan, CampaignState
from feedback.errors import Conflict
from feedback.library import Library
from feedback.services import audit
from feedback.services.campaigns import audience, definition, progress
from feedback.store.models import Campaign, CampaignWave


def start(
    session: Session, campaign_id: int, library: Library, *, edit: int | None, by: int | None, now: datetime
) -> Campaign:
    """Start a draft now, or let it wait for its time. Raises Conflict if it has started, was changed since `edit`, or
    its questionnaire cannot be sent."""
    campaign = definition.locked(session, campaign_id, edit)
    if campaign.state != CampaignState.DRAFT:
        raise Conflict("This campaign has started already.")
    if CampaignPlan.model_validate(campaign.plan).questionnaire not in library.questionnaires:
        raise Conflict("The questionnaire of this campaign cannot be sent at the moment. Choose another one.")
    campaign.starts_at = max(campaign.starts_at, now)
    campaign.began_at = now
    wave = CampaignWave(number=1, starts_at=campaign.starts_at, draw=audience.beginning(campaign.id))
    campaign.waves.append(wave)
    _become(session, campaign, CampaignState.RUNNING, "started", by, now)
    return campaign


def pause(session: Session, campaign_id: int, *, by: int | None, now: datetime) -> Campaign:
    """Send nothing more of a campaign until it is resumed. Raises Conflict if it is not running."""
    campaign = definition.locked(session, campaign_id)
    if campaign.state != CampaignState.RUNNING:
        raise Conflict("Only a running campaign can be paused.")
    _become(session, campaign, CampaignState.PAUSED, "paused", by, now)
    return campaign


def stop_by_itself(session: Session, campaign_id: int, reason: str, *, now: datetime) -> None:
    """Pause a campaign that has passed a limit (`core.campaign.passed_limit`), as far as it still runs."""
    campaign = definition.locked(session, campaign_id)
    if campaign.state == CampaignState.RUNNING:
        campaign.state_reason = reason
        _become(session, campaign, CampaignState.PAUSED, "stopped", None, now, reason=reason)


def resume(session: Session, campaign_id: int, *, by: int | None, now: datetime) -> Campaign:
    """Go on sending. What has gone wrong so far is not counted again. Raises Conflict if it is not paused."""
    campaign = definition.locked(session, campaign_id)
    if campaign.state != CampaignState.PAUSED:
        raise Conflict("Only a paused campaign can be resumed.")
    trouble = progress.trouble(session, campaign)
    campaign.tolerated = {
        "wave": trouble.wave, "tried": trouble.tried, "failed": trouble.failed, "complaints": trouble.complaints
    }  # fmt: skip
    campaign.state_reason = None
    _become(session, campaign, CampaignState.RUNNING, "resumed", by, now)
    return campaign


def cancel(session: Session, campaign_id: int, *, by: int | None, now: datetime) -> Campaign:
    """Take back everything that has not been sent. Who has an invitation can still answer, and is not reminded.

    Raises Conflict if it is neither running nor paused.
    """
    campaign = definition.locked(session, campaign_id)
    if campaign.state not in (CampaignState.RUNNING, CampaignState.PAUSED):
        raise Conflict("Only a running or paused campaign can be cancelled.")
    _become(session, campaign, CampaignState.CANCELLING, "cancelled", by, now)
    return campaign


def _become(
    session: Session,
    campaign: Campaign,
    state: CampaignState,
    action: str,
    by: int | None,
    now: datetime,
    reason: str | None = None,
) -> None:
    campaign.state, campaign.edit, campaign.changed_at = state, campaign.edit + 1, now
    detail = {} if reason is None else {"reason": reason}
    audit.record(session, action, "campaign", campaign.id, by=by, now=now, **detail)
