"""The sample helper: how many contacts to ask, so that a score is known precisely enough.

Worked example. NPS to +/- 10 points, with the 50 % promoters and 20 % detractors of earlier answers: the variance is
0.5 + 0.2 - 0.3^2 = 0.61, so 1.96^2 * 0.61 / 0.1^2 - 3 = 231.3, that is 232 answers (`intervals.sample_size`). At a
response rate of 31 % they come from 232 / 0.31 = 748.4, that is 749 invitations.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from feedback.core.lifecycle import INVITATION_NOT_CONTACTED
from feedback.core.metrics import METRICS, Metric, planning
from feedback.core.metrics.intervals import Interval, wilson
from feedback.core.metrics.planning import Expected
from feedback.core.questionnaire import Questionnaire
from feedback.store.models import Contact, Invitation, Response, Score

LATEST = 5_000
"""Invitations from which a response rate is taken: the latest ones of all customers, or those of the audience among
them. More would take longer than somebody waits for a page."""
FEWEST = 100
"""With fewer invitations than that, a rate of 30 % is known to no better than +/- 9 percentage points."""
SETTLED = timedelta(days=7)
"""Younger invitations do not count yet: most answers come within a week."""
LONG_AGO = timedelta(days=730)
FEWEST_ANSWERS = 50
"""Earlier answers from which the shares of good and bad are taken; with fewer, the worst case is assumed."""
GUESSES = (0.10, 0.20, 0.30)
MARGINS = (3, 5, 8, 10, 15)


@dataclass(frozen=True, slots=True)
class PastRate:
    """`answered` of `invited` earlier invitations. `of_audience`: of the campaign's own audience, else of all."""

    answered: int
    invited: int
    of_audience: bool

    @property
    def share(self) -> float:
        return self.answered / self.invited if self.invited else 0.0

    @property
    def interval(self) -> Interval:
        return wilson(self.answered, self.invited)

    @property
    def is_known(self) -> bool:
        """Whether it says enough to plan with."""
        return self.invited >= FEWEST and self.answered > 0


@dataclass(frozen=True, slots=True)
class SampleAdvice:
    """How many `answers` are needed, and how many contacts to ask for them.

    `ask` goes with the past rate, `cautious` with the lower end of its interval; both are None without one, and then
    `guesses` has an answer for other rates (rate -> contacts). `eligible` can be asked. `margin` is what all of the
    eligible would give, in points, if that is worse than what was wanted.
    """

    metric: Metric
    wanted: float
    answers: int
    rate: PastRate
    ask: int | None
    cautious: int | None
    guesses: Mapping[float, int]
    eligible: int
    assumed: Expected
    earlier_answers: int
    margin: float | None = None

    @property
    def is_enough(self) -> bool:
        return self.ask is not None and self.ask <= self.eligible


def advise(
    session: Session,
    questionnaire: Questionnaire | None,
    which: ColumnElement[bool],
    eligible: int,
    margin: float,
    now: datetime,
) -> SampleAdvice | None:
    """The advice for +/- `margin` points (percentage points); None for a questionnaire without a score, and for a mean,
    whose margin depends on how much answers differ."""
    question = questionnaire.scored if questionnaire else None
    metric = METRICS.get(question.metric or "") if question else None
    if question is None or metric is None or metric.unit == "mean" or eligible < 1 or questionnaire is None:
        return None
    rate = response_rate(session, which, now)
    expected, earlier = expected_shares(session, questionnaire.series, question.key, metric, now)
    plan = planning.plan(metric, margin, expected, population=eligible)
    low = rate.interval.low if rate.is_known else 0.0
    ask = _asked_for(plan.answers, rate.share) if rate.is_known else None
    return SampleAdvice(
        metric=metric,
        wanted=margin,
        answers=plan.answers,
        rate=rate,
        ask=ask,
        cautious=_asked_for(plan.answers, low) if low > 0 else None,
        guesses={} if rate.is_known else {each: _asked_for(plan.answers, each) for each in GUESSES},
        eligible=eligible,
        assumed=expected,
        earlier_answers=earlier,
        margin=_margin(metric, expected, eligible, round(eligible * rate.share))
        if ask is not None and ask > eligible
        else None,
    )


def _asked_for(answers: int, rate: float) -> int:
    return math.ceil(round(answers / rate, 9))


def _margin(metric: Metric, expected: Expected, population: int, answers: int) -> float | None:
    """The margin that so many answers give: the smallest one for which they suffice, in whole points."""
    for margin in range(1, 101):
        if planning.plan(metric, margin, expected, population=population).answers <= answers:
            return float(margin)
    return None


def response_rate(session: Session, which: ColumnElement[bool], now: datetime) -> PastRate:
    """The rate of the audience's latest invitations, or of everybody's if they are too few."""
    own = _rate(session, now, which)
    if own.is_known:
        return own
    everybody = _rate(session, now, None)
    return everybody if everybody.invited > own.invited else own


def _rate(session: Session, now: datetime, which: ColumnElement[bool] | None) -> PastRate:
    past = aliased(Invitation)  # the condition may ask for invitations itself
    latest = (
        select(past.contact_id, past.answered_at)
        .where(past.sent_at.between(now - LONG_AGO, now - SETTLED))
        .where(past.state.not_in(INVITATION_NOT_CONTACTED))
        .order_by(past.sent_at.desc())
        .limit(LATEST)
        .subquery()
    )
    counted = select(func.count(), func.count(latest.c.answered_at)).select_from(latest)
    if which is not None:
        counted = counted.join(Contact, Contact.id == latest.c.contact_id).where(which)
    invited, answered = session.execute(counted).one()
    return PastRate(answered, invited, of_audience=which is not None)


def expected_shares(
    session: Session, series: str, question: str, metric: Metric, now: datetime
) -> tuple[Expected, int]:
    """(the shares of good and bad among the last two years' answers, their number); the worst case if they are few."""
    rows = session.execute(
        select(Score.value, func.count())
        .join(Response, Response.id == Score.response_id)
        .where(Score.trend == series, Score.metric == metric.key, Score.question == question)
        .where(Score.at >= now - LONG_AGO, Response.provisional.is_(False))
        .group_by(Score.value)
    )
    counts = {row[0]: row[1] for row in rows}
    total = sum(counts.values())
    if total < FEWEST_ANSWERS:
        return planning.WORST_CASE, total
    bands = metric.aggregate(counts).band_counts
    good, bad = bands[metric.bands[-1]] / total, bands[metric.bands[0]] / total
    if metric.unit != "points":
        good = (metric.aggregate(counts).value or 0.0) / 100
    return Expected(good, min(bad, 1 - good)), total
