"""Enrols the contacts of waves that have begun, in portions.

The place of the last contact is stored with each portion. A worker that is killed loses its portion only, and the next
one goes on from there. Two workers take turns, because a portion locks its wave. Contact, stage and wave are a unique
key of enrolments, so nobody is asked twice even if a place were lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from feedback.core.campaign import (
    CampaignPlan,
    CampaignState,
    as_stage,
    day_of_spread,
    occasion_key,
)
from feedback.core.contact.policy import Skip
from feedback.core.journey import Stage
from feedback.core.lifecycle import EnrolmentState
from feedback.services.campaigns import audience
from feedback.services.campaigns.audience import Drawn
from feedback.services.context import Context
from feedback.services.journey import enrolments
from feedback.services.journey.enrolments import Occasion, StageEntry
from feedback.settings import Settings
from feedback.store.models import Campaign, CampaignWave, Enrolment
from feedback.store.portions import TOGETHER, Portions

BLOCK = 2_000
"""Contacts whose ids are read at once, without a lock."""
BUSY = "in_other_campaign"


@dataclass(frozen=True, slots=True)
class _Task:
    """A wave whose contacts are to be enrolled, as it was read."""

    wave_id: int
    stage: Stage
    plan: CampaignPlan
    which: ColumnElement[bool]
    draw: int
    after: Drawn | None


def enrol_all_waves(portions: Portions, context: Context, now: datetime) -> None:
    """Enrol everybody of all waves that have begun, as far as their campaigns run."""
    with portions.database.reading() as session:
        open_waves = session.scalars(
            _open().where(CampaignWave.starts_at <= now).with_only_columns(CampaignWave.id)
        ).all()
    for wave_id in open_waves:
        _enrol_wave(portions, wave_id, context, now)


def _open() -> Select[CampaignWave]:
    """The waves of campaigns that run, as far as their contacts are not all enrolled."""
    return (
        select(CampaignWave)
        .join(CampaignWave.campaign)
        .where(Campaign.state == CampaignState.RUNNING, CampaignWave.enrolled_at.is_(None))
        .order_by(CampaignWave.id)
    )


def _enrol_wave(portions: Portions, wave_id: int, context: Context, now: datetime) -> None:
    while not portions.stopped():
        with portions.database.reading() as session:
            wave = session.scalar(_open().where(CampaignWave.id == wave_id))
            if wave is None:
                return
            task = _task(session, wave, context, now)
            expected = wave.expected or _expected(session, task)
            block = audience.candidates(session, task.which, task.draw, task.after, BLOCK)
        if not wave.expected:
            _note_expected(portions, wave_id, expected)
        enrol = partial(_portion, task=task, settings=context.settings, now=now)
        if not block:
            _note_end(portions, wave_id, now)
        elif not portions.each(block, enrol, least=TOGETHER):
            return


def _task(session: Session, wave: CampaignWave, context: Context, now: datetime) -> _Task:
    campaign = wave.campaign
    plan = CampaignPlan.model_validate(campaign.plan)
    return _Task(
        wave_id=wave.id,
        stage=as_stage(campaign.id, campaign.name, plan),
        plan=plan,
        which=audience.condition(session, campaign, context.settings, now),
        draw=wave.draw,
        after=None if wave.place is None or wave.place_id is None else Drawn(wave.place, wave.place_id),
    )


def _expected(session: Session, task: _Task) -> int:
    everybody = audience.count(session, task.which)
    return min(everybody, task.plan.sample) if task.plan.sample else everybody


def _note_expected(portions: Portions, wave_id: int, expected: int) -> None:
    with portions.database.writing() as session:
        wave = _lock(session, wave_id)
        if wave is not None:
            wave.expected = wave.expected or max(1, expected)


def _note_end(portions: Portions, wave_id: int, now: datetime) -> None:
    with portions.database.writing() as session:
        wave = _lock(session, wave_id)
        if wave is not None:
            wave.enrolled_at = now


def _lock(session: Session, wave_id: int) -> CampaignWave | None:
    """The wave, locked; None if it is complete, or its campaign does not run any more."""
    wanted = _open().where(CampaignWave.id == wave_id).with_for_update(of=CampaignWave)
    return session.scalar(wanted.execution_options(populate_existing=True))


def _portion(session: Session, some: Sequence[Drawn], task: _Task, settings: Settings, now: datetime) -> None:
    """Enrol these contacts, as far as nobody else has, and the campaign still runs."""
    wave = _lock(session, task.wave_id)
    if wave is None:
        return
    if wave.place is not None and wave.place_id is not None:
        some = [each for each in some if each > (wave.place, wave.place_id)]
    if task.plan.sample is not None:
        room = task.plan.sample - wave.asked
        if room <= 0:
            wave.enrolled_at = now
            return
        some = some[:room]  # each of them is at most one who is asked
    if not some:
        return
    entries = [_entry(task, wave, number, each, now) for number, each in enumerate(some)]
    busy = dict.fromkeys(_busy(session, [each.id for each in some], task.stage.key), Skip(BUSY))
    new = enrolments.enrol_each(session, entries, settings, now, busy)
    wave.seen += len(new)
    wave.asked += sum(each["state"] == EnrolmentState.SCHEDULED for each in new)
    wave.place, wave.place_id = some[-1]


def _entry(task: _Task, wave: CampaignWave, number: int, drawn: Drawn, now: datetime) -> StageEntry:
    done = (wave.asked if task.plan.sample else wave.seen) + number
    day = day_of_spread(done, wave.expected, task.plan.spread_days)
    due_at = max(now, wave.starts_at + timedelta(days=day))
    return StageEntry(drawn.id, task.stage, Occasion(occasion_key(wave.number), due_at, wave_id=wave.id))


def _busy(session: Session, contact_ids: Sequence[int], stage: str) -> Sequence[int]:
    """Those of these contacts for whom another campaign has a survey to send."""
    session.flush()
    return session.scalars(
        select(Enrolment.contact_id)
        .join(CampaignWave, CampaignWave.id == Enrolment.wave_id)
        .join(CampaignWave.campaign)
        .where(Enrolment.contact_id.in_(contact_ids), Enrolment.state == EnrolmentState.SCHEDULED)
        .where(Enrolment.stage != stage, Campaign.state.in_((CampaignState.RUNNING, CampaignState.PAUSED)))
        .distinct()
    ).all()
