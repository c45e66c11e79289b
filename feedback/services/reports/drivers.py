"""Which asked aspects go together with a score: the stored result of each series, as pages and programs read it.

`driver_analysis` computes it in the worker, because a page cannot wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from feedback.core.analysis.drivers import MOST_DRIVERS, Driver
from feedback.core.questions import MatrixQuestion, Question, ScaleQuestion
from feedback.core.text.localized import Text
from feedback.library import Library
from feedback.services.reports.results import Survey, surveys
from feedback.services.reports.series import Series, all_series
from feedback.store.models import DriverAnalysis

SPAN = timedelta(days=365)
"""The answers of so many days, today included, count."""
MOST_ANSWERS = 10_000
"""The newest answers that are read; more would hardly make the ranks more certain."""
LEAST_ANSWERS, ANSWERS_PER_ASPECT = 100, 15
CERTAIN_FROM = 400
"""With fewer, the order is uncertain: the first of six correlated drivers comes first in 70 % of samples of 100."""
LEAST_CLUSTERS = 30
"""Accounts from which answers have to come: with fewer, drawing them again says little about chance."""
LEAST_RATED = 30
"""People who have to have rated an aspect, and LEAST_RATED_SHARE of all."""
LEAST_RATED_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Aspect:
    """A rated question, or one row of a matrix. `key` is `question` or `question.row`."""

    key: str
    question: Question
    row: str
    title: Text
    minimum: int
    maximum: int
    high_is_bad: bool

    def goodness(self, value: object) -> int | None:
        """The points above the worst one; None for what is no point of the scale (an opt-out, an older scale)."""
        if not isinstance(value, int) or not self.minimum <= value <= self.maximum:
            return None
        return self.maximum - value if self.high_is_bad else value - self.minimum


class DriverState(StrEnum):
    """Whether there is a ranking. few: too few answers; accounts: from too few accounts; equal: nothing to explain, or
    fewer than two aspects that can be compared; waiting: not computed yet."""

    WAITING = "waiting"
    FEW = "few"
    ACCOUNTS = "accounts"
    EQUAL = "equal"
    RANKED = "ranked"


class LeftOut(StrEnum):
    """Why an aspect is not ranked: too few rated it, all rated it alike, or others go together more with the score."""

    FEW = "few"
    EQUAL = "equal"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class AspectResult:
    """How one aspect is rated, and what it has to do with the score.

    `rating` is the mean from 0 (the worst point) to 1 (the best), None if fewer than LEAST_RATED people rated it.
    `driver` is None if it is not ranked; `left_out` says why, unless nothing is ranked.
    """

    aspect: Aspect
    rated: int
    rating: float | None
    driver: Driver | None
    left_out: LeftOut | None


@dataclass(frozen=True, slots=True)
class DriverReport:
    """The result of one series. `needed` is the number of answers (and LEAST_CLUSTERS accounts) from which on there is
    a ranking. `explained` is the part of the differences between the scores that the ratings explain, from 0 to 1.

    `sampled`: there were more answers than are read, so the newest ones count. `since` is the first day of the answers.
    """

    series: Series
    state: DriverState
    n: int = 0
    clusters: int = 0
    needed: int = LEAST_ANSWERS
    explained: float | None = None
    aspects: Sequence[AspectResult] = ()
    computed_at: datetime | None = None
    since: str = ""
    sampled: bool = False

    @property
    def is_uncertain(self) -> bool:
        return self.n < CERTAIN_FROM

    @property
    def ranked(self) -> list[tuple[AspectResult, Driver]]:
        """The ranked aspects, the most important first."""
        found = [(each, each.driver) for each in self.aspects if each.driver is not None]
        return sorted(found, key=lambda pair: (pair[1].rank, pair[0].aspect.key))

    @property
    def unranked(self) -> list[AspectResult]:
        return [each for each in self.aspects if each.driver is None]


@dataclass(frozen=True, slots=True)
class DriverSubject:
    """A series whose survey also asks for ratings."""

    series: Series
    aspects: tuple[Aspect, ...]


def needed_answers(aspects: int) -> int:
    """The number of answers from which on this many aspects are ranked."""
    return max(LEAST_ANSWERS, ANSWERS_PER_ASPECT * aspects)


def driver_subjects(session: Session, library: Library) -> list[DriverSubject]:
    """Every series whose survey has at least two other ratings."""
    known = {each.trend: each for each in surveys(session, library)}
    found = [
        DriverSubject(each, aspects_of(known[each.trend], each))
        for each in all_series(session, library)
        if each.trend in known
    ]
    return [each for each in found if len(each.aspects) > 1]


def aspects_of(survey: Survey, series: Series) -> tuple[Aspect, ...]:
    """The ratings of a survey, in its order, without the question of the score or the items that it is made of."""
    items = series.composite.items if series.composite else ()
    left_out = {series.question, *(each.key for each in items)}
    return tuple(each for each in _ratings(survey) if each.key not in left_out)


def _ratings(survey: Survey) -> list[Aspect]:
    found: list[Aspect] = []
    for question in (each.question for each in survey.questions):
        if isinstance(question, ScaleQuestion):
            ends = (question.minimum, question.maximum, question.high_is_bad)
            found.append(Aspect(question.key, question, "", question.text, *ends))
        elif isinstance(question, MatrixQuestion):
            scale = question.scale
            found += (
                Aspect(
                    f"{question.key}.{row.key}",
                    question,
                    row.key,
                    row.text,
                    scale.min,
                    scale.max,
                    scale.high_is_bad,
                )
                for row in question.rows
            )
    return found


def driver_report(session: Session, subject: DriverSubject) -> DriverReport:
    """The stored result of a series."""
    series = subject.series
    row = session.get(DriverAnalysis, (series.trend, series.question, series.metric_key))
    if row is None or row.computed_at is None:
        return DriverReport(series, DriverState.WAITING, needed=needed_answers(_ranked_at_most(subject)))
    return _from_stored(subject, row.result, row.computed_at)


def stored(report: DriverReport) -> dict[str, Any]:
    """A result as JSON; `driver_report` reads it."""
    return {
        "state": report.state,
        "n": report.n,
        "clusters": report.clusters,
        "needed": report.needed,
        "explained": report.explained,
        "since": report.since,
        "sampled": report.sampled,
        "aspects": [
            {
                "key": each.aspect.key,
                "rated": each.rated,
                "rating": each.rating,
                "driver": asdict(each.driver) if each.driver else None,
                "left_out": each.left_out,
            }
            for each in report.aspects
        ],
    }


def _from_stored(subject: DriverSubject, found: Mapping[str, Any], computed_at: datetime) -> DriverReport:
    """Aspects that are not asked any more are left out."""
    known = {each.key: each for each in subject.aspects}
    return DriverReport(
        subject.series,
        DriverState(found["state"]),
        found["n"],
        found["clusters"],
        found["needed"],
        found["explained"],
        [
            AspectResult(
                known[each["key"]],
                each["rated"],
                each["rating"],
                Driver(**each["driver"]) if each["driver"] else None,
                LeftOut(each["left_out"]) if each["left_out"] else None,
            )
            for each in found["aspects"]
            if each["key"] in known
        ],
        computed_at,
        found["since"],
        found["sampled"],
    )


def _ranked_at_most(subject: DriverSubject) -> int:
    return min(len(subject.aspects), MOST_DRIVERS)
