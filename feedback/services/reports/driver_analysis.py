"""Computes what moves each score, in the worker, and stores it for the pages (`drivers`).

A result is renewed when the counts of its survey have changed: at most once a day, or as soon as it has a twentieth
more answers. A node claims a result before it computes it, so that two do not do the same work. If they do it all the
same, they store the same: what is drawn at random follows from the counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import correlation, mean
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from feedback.core.analysis.drivers import MOST_DRIVERS, RatedAnswer, rank_drivers
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Period
from feedback.library import Library
from feedback.services.reports.drivers import (
    LEAST_ANSWERS,
    LEAST_CLUSTERS,
    LEAST_RATED,
    LEAST_RATED_SHARE,
    MOST_ANSWERS,
    SPAN,
    Aspect,
    AspectResult,
    DriverReport,
    DriverState,
    DriverSubject,
    LeftOut,
    driver_subjects,
    needed_answers,
    stored,
)
from feedback.services.reports.results import answer_counts
from feedback.services.reports.scores import counts
from feedback.services.reports.series import Series, all_series
from feedback.store.database import Database, add_once
from feedback.store.models import AnswerRow, DriverAnalysis, Response, Score
from feedback.store.portions import never

VERSION = 1
"""Part of the fingerprint: raise it if the method changes."""
RENEWED_AFTER = timedelta(days=1)
GROWN_BY = 0.05
LEASE = timedelta(minutes=15)
AT_ONCE = 500
"""Responses whose answers are read in one statement."""


@dataclass(frozen=True, slots=True)
class DueAnalysis:
    """A series whose result is missing or old, with the fingerprint of its counts."""

    subject: DriverSubject
    fingerprint: str
    days: Period


def renew_drivers(database: Database, library: Library, now: datetime, stopped: Any = never) -> int:
    """Compute every result that is due; returns how many."""
    today, renewed = day_of(now, database.zone), 0
    with database.reading() as session:
        due = list(due_analyses(session, library, today, now))
    for each in due:
        if stopped():
            break
        renewed += _renew(database, each, now)
    return renewed


def due_analyses(session: Session, library: Library, today: date, now: datetime) -> Iterator[DueAnalysis]:
    """The series whose counts are not those of their result, if it is old or much smaller."""
    days = Period(today - SPAN + timedelta(days=1), today)
    known = all_series(session, library)
    for subject in driver_subjects(session, library):
        series = subject.series
        scored = counts(session, series, days)
        row = session.get(DriverAnalysis, (series.trend, series.question, series.metric_key))
        if row is None and not scored:
            continue
        if row is not None and row.claimed_until is not None and row.claimed_until > now:
            continue
        fingerprint = _fingerprint(
            session, subject, [each for each in known if each.trend == series.trend], days
        )
        if row is None or row.computed_at is None:
            yield DueAnalysis(subject, fingerprint, days)
        elif row.fingerprint != fingerprint:
            grown = sum(scored.values()) > (1 + GROWN_BY) * row.result["scores"]
            if grown or row.computed_at <= now - RENEWED_AFTER:
                yield DueAnalysis(subject, fingerprint, days)


def _fingerprint(session: Session, subject: DriverSubject, series: Sequence[Series], days: Period) -> str:
    """Of everything that was answered to the survey in these days, and of how it is asked."""
    asked = [(each.key, each.minimum, each.maximum, each.high_is_bad) for each in subject.aspects]
    scores = [
        (each.question, each.metric_key, sorted(counts(session, each, days).items())) for each in series
    ]
    answered = sorted(answer_counts(session, subject.series.trend, days))
    content = json.dumps([VERSION, subject.series.question, asked, scores, answered])
    return hashlib.sha256(content.encode()).hexdigest()


def _renew(database: Database, due: DueAnalysis, now: datetime) -> bool:
    """Claim, compute, store. False if another node computes it."""
    with database.writing() as session:
        if not _claim(session, due.subject.series, now):
            return False
    people, scores = _people(database, due)
    report = analysed(due.subject, people, due.fingerprint, sampled=scores > MOST_ANSWERS)
    result = {**stored(report), "scores": scores}
    with database.writing() as session:
        row = session.get_one(DriverAnalysis, _key(due.subject.series))
        row.result, row.fingerprint, row.computed_at, row.claimed_until = result, due.fingerprint, now, None
    return True


def _claim(session: Session, series: Series, now: datetime) -> bool:
    trend, question, metric = _key(series)
    if session.get(DriverAnalysis, (trend, question, metric)) is None:
        add_once(session, DriverAnalysis(trend=trend, question=question, metric=metric))
    free = or_(DriverAnalysis.claimed_until.is_(None), DriverAnalysis.claimed_until <= now)
    claimed = session.execute(
        update(DriverAnalysis)
        .where(
            DriverAnalysis.trend == trend,
            DriverAnalysis.question == question,
            DriverAnalysis.metric == metric,
            free,
        )
        .values(claimed_until=now + LEASE)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(claimed, "rowcount", 0))


def _key(series: Series) -> tuple[str, str, str]:
    return series.trend, series.question, series.metric_key


# --- The answers -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RatedResponse:
    """One response; `ratings` has a place for each aspect of the subject."""

    score: int
    ratings: tuple[int | None, ...]
    cluster: tuple[str, int]
    day: date


def _people(database: Database, due: DueAnalysis) -> tuple[list[RatedResponse], int]:
    """The newest responses with a score, in short reading transactions; and how many scores there are in all."""
    series = due.subject.series
    first, after = due.days.moments(database.zone)
    wanted = (
        select(Score.response_id, Score.value, Score.at, Response.account_id, Response.contact_id)
        .join(Response, Response.id == Score.response_id)
        .where(Score.trend == series.trend, Score.metric == series.metric_key)
        .where(Score.question == series.question, Score.at >= first, Score.at < after)
        .order_by(Score.at.desc(), Score.id.desc())
        .limit(MOST_ANSWERS)
    )
    with database.reading() as session:
        rows = session.execute(wanted).all()
        scores = sum(counts(session, series, due.days).values())
    people = []
    for start in range(0, len(rows), AT_ONCE):
        portion = rows[start : start + AT_ONCE]
        with database.reading() as session:
            given = _answers(session, [row.response_id for row in portion], due.subject.aspects)
        for row in portion:
            ratings = tuple(
                _rating(each, given.get((row.response_id, each.question.key))) for each in due.subject.aspects
            )
            score = series.metric.goodness(row.value) * (series.metric.maximum - series.metric.minimum)
            people.append(RatedResponse(round(score), ratings, _cluster(row), day_of(row.at, database.zone)))
    return people, max(scores, len(rows))


def _answers(
    session: Session, responses: Sequence[int], aspects: Sequence[Aspect]
) -> dict[tuple[int, str], Any]:
    """(response, question) -> what was answered."""
    questions = {each.question.key for each in aspects}
    rows = session.execute(
        select(AnswerRow.response_id, AnswerRow.question, AnswerRow.value).where(
            AnswerRow.response_id.in_(responses), AnswerRow.question.in_(questions)
        )
    )
    return {(response, question): value for response, question, value in rows}


def _rating(aspect: Aspect, value: Any) -> int | None:
    if aspect.row:
        value = value.get(aspect.row) if isinstance(value, dict) else None
    return aspect.goodness(value)


def _cluster(row: Any) -> tuple[str, int]:
    """Answers of one account belong together; without one, those of one person."""
    if row.account_id is not None:
        return ("account", row.account_id)
    return ("response", row.response_id) if row.contact_id is None else ("contact", row.contact_id)


# --- The result --------------------------------------------------------------------------------------


def analysed(
    subject: DriverSubject, people: Sequence[RatedResponse], seed: str, *, sampled: bool = False
) -> DriverReport:
    """Rank the aspects of a series. Everybody who rated at least one of those that are ranked counts."""
    reasons = _left_out(subject, people)
    chosen = [place for place, reason in enumerate(reasons) if reason is None]
    rated = [each for each in people if any(each.ratings[place] is not None for place in chosen)]
    needed = needed_answers(min(max(len(chosen), 2), MOST_DRIVERS))
    clusters = len({each.cluster for each in rated})
    ranking = None
    if len(people) < LEAST_ANSWERS or (len(rated) < needed and len(chosen) > 1):
        state = DriverState.FEW
    elif clusters < LEAST_CLUSTERS:
        state = DriverState.ACCOUNTS
    else:
        answers = [
            RatedAnswer(each.score, tuple(each.ratings[place] for place in chosen), each.cluster)
            for each in rated
        ]
        ranking = rank_drivers(answers, seed) if len(chosen) > 1 else None
        state = DriverState.EQUAL if ranking is None else DriverState.RANKED
    drivers = dict(zip(chosen, ranking.drivers, strict=True)) if ranking else {}
    aspects = []
    for place, aspect in enumerate(subject.aspects):
        given = [rating for each in people if (rating := each.ratings[place]) is not None]
        enough = len(given) >= LEAST_RATED
        middle = mean(given) / (aspect.maximum - aspect.minimum) if enough else None
        aspects.append(AspectResult(aspect, len(given), middle, drivers.get(place), reasons[place]))
    return DriverReport(
        subject.series,
        state,
        len(rated),
        clusters,
        needed,
        ranking.explained if ranking else None,
        aspects,
        since=min(each.day for each in rated).isoformat() if rated else "",
        sampled=sampled,
    )


def _left_out(subject: DriverSubject, people: Sequence[RatedResponse]) -> list[LeftOut | None]:
    """Why each aspect is not ranked; None for those that are.

    Of more than MOST_DRIVERS, those with the highest correlation with the score are ranked.
    """
    if len(people) < LEAST_ANSWERS:  # nothing is ranked, for another reason
        return [None] * len(subject.aspects)
    least = max(LEAST_RATED, LEAST_RATED_SHARE * len(people))
    reasons: list[LeftOut | None] = []
    strength: dict[int, float] = {}
    for place in range(len(subject.aspects)):
        pairs = [(rating, each.score) for each in people if (rating := each.ratings[place]) is not None]
        ratings, scores = ({each[side] for each in pairs} for side in (0, 1))
        if len(pairs) < least:
            reasons.append(LeftOut.FEW)
        elif len(ratings) < 2:
            reasons.append(LeftOut.EQUAL)
        else:
            reasons.append(None)
            varies = len(scores) > 1
            strength[place] = correlation(*zip(*pairs, strict=True)) ** 2 if varies else 0.0
    for place in sorted(strength, key=lambda each: -strength[each])[MOST_DRIVERS:]:
        reasons[place] = LeftOut.MANY
    return reasons
