"""Whether the items of a score belong together: alpha and its interval, from the newest responses of a period."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.analysis.reliability import Reliability, reliability
from feedback.core.metrics.display import SHOWN_FROM
from feedback.core.time.period import Period
from feedback.services.reports.series import Series
from feedback.store.database import zone_of
from feedback.store.models import AnswerRow, Score

MOST_PEOPLE = 1_000
"""The newest responses that are read. A page can afford it, and the interval of alpha is narrow by then."""


def score_reliability(session: Session, series: Series, period: Period) -> Reliability | None:
    """Of a score over several questions, over everybody who has it; None for other series, under SHOWN_FROM people, or
    if all have the same score.

    Items that an earlier version of the questionnaire asked in another way do not count.
    """
    composite = series.composite
    if composite is None:
        return None
    first, after = period.moments(zone_of(session))
    newest = (
        select(Score.response_id)
        .where(Score.trend == series.trend, Score.metric == series.metric_key)
        .where(Score.question == series.question, Score.at >= first, Score.at < after)
        .order_by(Score.at.desc(), Score.id.desc())
        .limit(MOST_PEOPLE)
    )
    responses = list(session.scalars(newest))
    if len(responses) < SHOWN_FROM:
        return None
    answers: dict[int, dict[str, object]] = {each: {} for each in responses}
    rows = session.execute(
        select(AnswerRow.response_id, AnswerRow.question, AnswerRow.value).where(
            AnswerRow.response_id.in_(responses),
            AnswerRow.question.in_({each.question.key for each in composite.items}),
        )
    )
    for response, question, value in rows:
        answers[response][question] = value
    people = [
        [each.points(given.get(each.question.key)) for each in composite.items] for given in answers.values()
    ]
    whole = [[point for point in points if point is not None] for points in people if None not in points]
    return reliability(whole) if len(whole) >= SHOWN_FROM else None
