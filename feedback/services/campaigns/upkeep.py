"""What a worker does for campaigns that have started: waves, pauses, cancelling, limits, the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import Row, Select, select, update
from sqlalchemy.orm import Session

from feedback.core.campaign import (
    STARTED,
    CampaignPlan,
    CampaignState,
    next_wave,
    passed_limit,
)
from feedback.core.contact.policy import RING
from feedback.core.lifecycle import MESSAGE_WAITING, EnrolmentState, InvitationState
from feedback.services import audit, changes
from feedback.services.campaigns import control, definition, enrolling, progress
from feedback.services.changes import ReportedChange
from feedback.services.context import Context
from feedback.services.journey import invitations
from feedback.services.messaging import campaign_pauses
from feedback.store.database import add_once
from feedback.store.models import Campaign, CampaignWave, Enrolment, Invitation, Message
from feedback.store.portions import Portions

log = structlog.get_logger()

BLOCK = 2_000
CANCELLED = "campaign_cancelled"


def work(portions: Portions, context: Context, now: datetime) -> None:
    """Do what people have decided about campaigns, and enrol their contacts. Most ticks find none that has started."""
    rows = _started(portions)
    running = [row.id for row in rows if row.state == CampaignState.RUNNING]
    if len(running) < len(rows):
        _park(portions, now)
    for campaign_id in running:
        _release(portions, campaign_id, now)
        _begin_wave(portions, campaign_id, now)
    if running:
        enrolling.enrol_all_waves(portions, context, now)
    for row in rows:
        if row.state == CampaignState.CANCELLING:
            _take_back(portions, row.id, now)


def watch(portions: Portions, context: Context, now: datetime) -> None:
    """Stop campaigns that have passed a limit, and end those that are over. It counts whole waves, so it is done less
    often than `work`."""
    for row in _started(portions):
        if row.state == CampaignState.RUNNING:
            _check_limits(portions, row.id, context, now)
            _finish(portions, row.id, now)


def _started(portions: Portions) -> Sequence[Row[int, CampaignState]]:
    with portions.database.reading() as session:
        wanted = select(Campaign.id, Campaign.state).where(Campaign.state.in_(STARTED))
        return session.execute(wanted.order_by(Campaign.id)).all()


def _begin_wave(portions: Portions, campaign_id: int, now: datetime) -> None:
    """Add the wave whose time has come. The number of a wave is unique, so two workers add it once."""
    with portions.database.reading() as session:
        if _next_wave(definition.find(session, campaign_id), now) is None:
            return
    with portions.database.writing() as session:
        campaign = definition.locked(session, campaign_id)
        wave = _next_wave(campaign, now) if campaign.state == CampaignState.RUNNING else None
        if wave is not None and add_once(session, wave):
            audit.record(session, "began", "campaign", campaign_id, by=None, now=now, wave=wave.number)


def _next_wave(campaign: Campaign, now: datetime) -> CampaignWave | None:
    """The next wave, if its time has come and the one before is complete. A draw goes on where the last one ended, so
    that other people are asked; waves whose time has passed meanwhile are left out."""
    plan, last = CampaignPlan.model_validate(campaign.plan), campaign.waves[-1]
    if last.enrolled_at is None:
        return None
    starts_at = _latest_turn(campaign.waves[0].starts_at, now, plan)
    if starts_at is None or starts_at <= last.starts_at:
        return None
    draw = last.draw
    if plan.sample and last.place is not None:
        draw = (last.draw + last.place + 1) % RING
    return CampaignWave(campaign_id=campaign.id, number=last.number + 1, starts_at=starts_at, draw=draw)


def _latest_turn(first: datetime, now: datetime, plan: CampaignPlan) -> datetime | None:
    """The last time until `now` at which a wave of a campaign that began at `first` is due; None before the first."""
    found, number = None, 1
    while (at := next_wave(first, number, plan.repeats)) is not None and at <= now:
        found, number = at, number + 1
    return found


def _park(portions: Portions, now: datetime) -> None:
    while True:
        with portions.database.reading() as session:
            waiting = campaign_pauses.to_park(session, now, BLOCK)
        if not waiting or not portions.each(waiting, campaign_pauses.park, least=20):
            return


def _release(portions: Portions, campaign_id: int, now: datetime) -> None:
    with portions.database.reading() as session:
        if not definition.find(session, campaign_id).tolerated:  # nobody has resumed it yet
            return
    while True:
        with portions.database.reading() as session:
            waiting = campaign_pauses.parked(session, campaign_id, BLOCK)
        if not waiting:
            return
        if not portions.each(
            waiting, lambda session, some: campaign_pauses.release(session, some, now), least=20
        ):
            return


def _check_limits(portions: Portions, campaign_id: int, context: Context, now: datetime) -> None:
    """Pause a campaign that fails or annoys too often."""
    limits = context.settings.campaigns
    with portions.database.reading() as session:
        campaign = definition.find(session, campaign_id)
        found = progress.trouble(session, campaign).since(campaign.tolerated)
    reason = passed_limit(
        found.tried, found.failed, found.complaints, (limits.max_failures, limits.max_complaints)
    )
    if reason is not None:
        with portions.database.writing() as session:
            control.stop_by_itself(session, campaign_id, reason, now=now)
        log.warning("campaign.stopped", campaign=campaign_id, reason=reason)


def _take_back(portions: Portions, campaign_id: int, now: datetime) -> None:
    """Cancel what has not been sent; the campaign is cancelled once nothing is left. A call that is being made is
    waited for: the next tick finds whether the message was sent, or is queued again."""
    for query, take in (
        (_scheduled(campaign_id), _cancel_enrolments),
        (_queued(campaign_id), _withdraw),
        (_to_remind(campaign_id), _forget_reminders),
    ):
        with portions.database.reading() as session:
            ids = session.scalars(query).all()
        if not portions.each(ids, lambda session, some, take=take: take(session, some, now)):  # type: ignore[misc]
            return
    with portions.database.reading() as session:
        left = session.scalar(_scheduled(campaign_id).union(_queued(campaign_id)).limit(1))
    if left is None:
        _end(portions, campaign_id, CampaignState.CANCELLED, now)


def _waves(campaign_id: int) -> Select[int]:
    return select(CampaignWave.id).where(CampaignWave.campaign_id == campaign_id)


def _scheduled(campaign_id: int) -> Select[int]:
    """Ids of the enrolments of a campaign for which there is no invitation yet."""
    return select(Enrolment.id).where(
        Enrolment.wave_id.in_(_waves(campaign_id)), Enrolment.state == EnrolmentState.SCHEDULED
    )


def _issued(campaign_id: int) -> Select[int]:
    return (
        select(Invitation.id)
        .join(Enrolment, Enrolment.id == Invitation.enrolment_id)
        .where(Enrolment.wave_id.in_(_waves(campaign_id)), Enrolment.state == EnrolmentState.ISSUED)
    )


def _queued(campaign_id: int) -> Select[int]:
    """Ids of the invitations that nobody has yet, and that a provider is not in doubt about."""
    waiting = select(Message.id).where(
        Message.invitation_id == Invitation.id, Message.state.in_(MESSAGE_WAITING)
    )
    return _issued(campaign_id).where(Invitation.state == InvitationState.QUEUED, waiting.exists())


def _to_remind(campaign_id: int) -> Select[int]:
    return _issued(campaign_id).where(Invitation.remind_at.is_not(None))


def _cancel_enrolments(session: Session, ids: Sequence[int], now: datetime) -> None:
    session.execute(
        update(Enrolment)
        .where(Enrolment.id.in_(ids), Enrolment.state == EnrolmentState.SCHEDULED)
        .values(state=EnrolmentState.CANCELLED, reason=CANCELLED, decided_at=now)
    )


def _withdraw(session: Session, ids: Sequence[int], now: datetime) -> None:
    for each in ids:
        invitations.withdraw_unsent(session, each, now)


def _forget_reminders(session: Session, ids: Sequence[int], _: datetime) -> None:
    session.execute(update(Invitation).where(Invitation.id.in_(ids)).values(remind_at=None))


def _finish(portions: Portions, campaign_id: int, now: datetime) -> None:
    """End a campaign that does not repeat, once nobody can answer any more."""
    with portions.database.reading() as session:
        campaign = definition.find(session, campaign_id)
        if campaign.state != CampaignState.RUNNING or not _is_over(session, campaign, now):
            return
    _end(portions, campaign_id, CampaignState.DONE, now)


def _is_over(session: Session, campaign: Campaign, now: datetime) -> bool:
    plan, last = CampaignPlan.model_validate(campaign.plan), campaign.waves[-1]
    if plan.repeats or last.enrolled_at is None:
        return False
    if session.scalar(_scheduled(campaign.id).limit(1)) is not None:
        return False
    return session.scalar(_issued(campaign.id).where(Invitation.expires_at > now).limit(1)) is None


def _end(portions: Portions, campaign_id: int, state: CampaignState, now: datetime) -> None:
    with portions.database.writing() as session:
        campaign = definition.locked(session, campaign_id)
        if campaign.state in STARTED:
            campaign.state, campaign.ended_at, campaign.changed_at = state, now, now
            campaign.edit += 1
            audit.record(session, "ended", "campaign", campaign_id, by=None, now=now)
            if state == CampaignState.DONE:
                changes.report(session, [ReportedChange("campaign.finished", "campaign", campaign_id)], now)
