"""How a campaign is getting on: who of a wave was asked, has it, has answered or opted out; and its scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from feedback.core.campaign import CampaignPlan, occasion_key, stage_key
from feedback.core.lifecycle import MESSAGE_HANDED_OVER, EnrolmentState, InvitationState
from feedback.core.metrics import METRICS, Aggregate, Comparison
from feedback.library import Library
from feedback.providers import terms_of
from feedback.services.contact.suppression import SAID
from feedback.settings import Settings
from feedback.store.models import (
    Campaign,
    CampaignWave,
    Enrolment,
    Invitation,
    Message,
    Response,
    Score,
    Suppression,
)

COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True)
class WaveProgress:
    """A wave in numbers of contacts. `skipped` says why those are not asked: reason -> number.

    `waiting` are decided and not sent, `sent` have it from a provider, `delivered` for certain, and `failed` did not
    get it on any channel. `opted_out` and `complained` did so after it was sent.
    """

    waiting: int = 0
    sent: int = 0
    delivered: int = 0
    answered: int = 0
    failed: int = 0
    opted_out: int = 0
    complained: int = 0
    cancelled: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)

    @property
    def decided(self) -> int:
        return self.waiting + self.sent + self.failed + self.cancelled + sum(self.skipped.values())


@dataclass(frozen=True, slots=True)
class WaveTrouble:
    """What went wrong in the last wave: of `tried` invitations so many failed, or led to a complaint."""

    wave: int = 0
    tried: int = 0
    failed: int = 0
    complaints: int = 0

    def since(self, tolerated: Mapping[str, int]) -> WaveTrouble:
        """Without what a person has seen and tolerated in the same wave."""
        if tolerated.get("wave") != self.wave:
            return self
        counts = (getattr(self, name) - tolerated.get(name, 0) for name in ("tried", "failed", "complaints"))
        return WaveTrouble(self.wave, *(max(0, each) for each in counts))


@dataclass(frozen=True, slots=True)
class WaveScore:
    """The score of a wave, and its difference to the wave before it; None for the first one."""

    metric: str
    score: Aggregate
    change: Comparison | None = None


def of_wave(session: Session, wave: CampaignWave) -> WaveProgress:
    """The wave in numbers, by three statements along indexes."""
    states: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    rows = session.execute(
        select(Enrolment.state, Enrolment.reason, func.count())
        .where(Enrolment.wave_id == wave.id)
        .group_by(Enrolment.state, Enrolment.reason)
    )
    for state, reason, number in rows:
        states[state] += number
        if state == EnrolmentState.SKIPPED:
            skipped[reason or "unknown"] += number
    gone = (InvitationState.WITHDRAWN, InvitationState.SKIPPED)
    failed, taken_back, sent, delivered, answered = session.execute(
        select(
            func.count(case((Invitation.state == InvitationState.FAILED, 1))),
            func.count(case((Invitation.state.in_(gone) & Invitation.sent_at.is_(None), 1))),
            func.count(case((Invitation.state != InvitationState.FAILED, Invitation.sent_at))),
            func.count(case((Invitation.state != InvitationState.FAILED, Invitation.delivered_at))),
            func.count(Invitation.answered_at),
        )
        .select_from(Enrolment)
        .join(Invitation, Invitation.enrolment_id == Enrolment.id)
        .where(Enrolment.wave_id == wave.id, Enrolment.state == EnrolmentState.ISSUED)
    ).one()
    objections = _objections(session, wave)
    return WaveProgress(
        waiting=states[EnrolmentState.SCHEDULED] + states[EnrolmentState.ISSUED] - sent - failed - taken_back,
        sent=sent,
        delivered=delivered,
        answered=answered,
        failed=failed,
        opted_out=sum(number for reason, number in objections.items() if reason != COMPLAINT),
        complained=objections.get(COMPLAINT, 0),
        cancelled=states[EnrolmentState.CANCELLED] + taken_back,
        skipped=dict(skipped.most_common()),
    )


def _objections(session: Session, wave: CampaignWave) -> dict[str, int]:
    """Reason -> contacts of the wave who objected after they were asked. From the new entries of the list, which are
    few, to the enrolment of each."""
    key, occasion = stage_key(wave.campaign_id), occasion_key(wave.number)
    rows = session.execute(
        select(Suppression.reason, func.count(Suppression.contact_id.distinct()))
        .join(Enrolment, Enrolment.contact_id == Suppression.contact_id)
        .join(Invitation, Invitation.enrolment_id == Enrolment.id)
        .where(Suppression.reason.in_(SAID), Suppression.created_at >= wave.starts_at)
        .where(Enrolment.stage == key, Enrolment.occurrence == occasion)
        .where(Suppression.created_at >= Invitation.sent_at)
        .group_by(Suppression.reason)
    )
    return {row[0]: row[1] for row in rows}


def trouble(session: Session, campaign: Campaign) -> WaveTrouble:
    """What went wrong in the campaign's last wave."""
    if not campaign.waves:
        return WaveTrouble()
    wave = campaign.waves[-1]
    found = of_wave(session, wave)
    return WaveTrouble(wave.number, found.sent + found.failed, found.failed, found.complained)


def cost(session: Session, campaign: Campaign, settings: Settings) -> float:
    """What the text messages of a campaign have cost so far, in the organisation's currency."""
    rows = session.execute(
        select(Message.provider, func.sum(Message.segments))
        .join(Invitation, Invitation.id == Message.invitation_id)
        .join(Enrolment, Enrolment.id == Invitation.enrolment_id)
        .where(Enrolment.wave_id.in_([each.id for each in campaign.waves]))
        .where(Message.channel == "sms", Message.state.in_(MESSAGE_HANDED_OVER))
        .group_by(Message.provider)
    )
    return sum(int(parts or 0) * terms_of(provider, settings).cost_per_segment for provider, parts in rows)


def scores(session: Session, campaign: Campaign, library: Library) -> dict[int, WaveScore]:
    """Number of a wave -> its score, for the first scored question of the campaign's questionnaire."""
    plan = CampaignPlan.model_validate(campaign.plan)
    questionnaire = library.questionnaires.get(plan.questionnaire)
    question = questionnaire.scored if questionnaire else None
    if question is None:
        return {}
    found: dict[int, WaveScore] = {}
    before: Mapping[int, int] | None = None
    counts = _counts(session, campaign.waves, question.key)
    for wave in campaign.waves:
        metric_key, own = counts.get(wave.number, ("", {}))
        if metric_key not in METRICS:
            continue
        metric = METRICS[metric_key]
        change = metric.compare(own, before) if before else None
        found[wave.number] = WaveScore(metric_key, metric.aggregate(own), change)
        before = own
    return found


def _counts(
    session: Session, waves: Sequence[CampaignWave], question: str
) -> dict[int, tuple[str, dict[int, int]]]:
    """Number of a wave -> (metric, value -> answers). A machine's answers do not count."""
    numbers = {each.id: each.number for each in waves}
    rows = session.execute(
        select(Enrolment.wave_id, Score.metric, Score.value, func.count())
        .join(Invitation, Invitation.enrolment_id == Enrolment.id)
        .join(Response, Response.invitation_id == Invitation.id)
        .join(Score, Score.response_id == Response.id)
        .where(Enrolment.wave_id.in_(list(numbers)), Score.question == question)
        .where(Response.provisional.is_(False))
        .group_by(Enrolment.wave_id, Score.metric, Score.value)
    )
    found: dict[int, tuple[str, dict[int, int]]] = {}
    for wave_id, metric, value, number in rows:
        found.setdefault(numbers[wave_id or 0], (metric, {}))[1][value] = number
    return found


def last_change(session: Session, campaign: Campaign) -> datetime | None:
    """When the last answer of a campaign came."""
    return session.scalar(
        select(func.max(Invitation.answered_at))
        .join(Enrolment, Enrolment.id == Invitation.enrolment_id)
        .where(Enrolment.wave_id.in_([each.id for each in campaign.waves]))
    )
